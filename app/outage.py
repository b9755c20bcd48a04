"""One line in the log when the database fails, one when it works again, however many requests fail in between."""

import time

from app.logs import log, said_by
from app.postgres import sqlstate
from app.unusable import why

QUIET_S = 1.0  # reads may succeed and fail by turns while it comes back: that is one outage


class Outage:
    """What is known of the database's present outage in this process, if there is one."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._last = 0.0
        self._failed = 0
        self.url = ""  # of the database, which the sentence in the log names without its password

    @property
    def is_on(self) -> bool:
        return self._began is not None

    def failed(self, error: BaseException) -> None:
        """Something could not be read or written."""
        self._last, self._failed = time.monotonic(), self._failed + 1
        if self._began is None:
            self._began = self._last
            state, said = sqlstate(error) or None, why(error, self.url) if self.url else None
            log.error("database_unavailable", extra={"error": said_by(error), "sqlstate": state, "why": said})

    def worked(self) -> None:
        """Something was committed."""
        if self._began is not None and time.monotonic() - self._last > QUIET_S:
            seconds = round(self._last - self._began, 1)
            log.warning("database_available", extra={"seconds": seconds, "failed": self._failed})
            self._began, self._failed = None, 0


outage = Outage()
