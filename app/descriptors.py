"""File descriptors: each connection takes one, and the database, webhooks and files need some too."""

import time

from app.logs import log

WANTED = 65_536
RESERVED = 100  # what connections leave to everything else
LOG_EVERY_S = 10.0


class Connections:
    """How many connections there may be, and how many were refused because there were as many. One for the process."""

    most = 10**9
    refused = 0
    _logged = -LOG_EVERY_S

    def full(self, there: int) -> bool:
        """Whether one more is too many; the log is told every ten seconds."""
        if there <= self.most:
            return False
        self.refused += 1
        if time.monotonic() - self._logged >= LOG_EVERY_S:
            self._logged = time.monotonic()
            log.error("out_of_descriptors", extra={"connections": there, "refused": self.refused})
        return True


def raise_limit() -> None:
    """As many open files as the system lets this process have; connections may use all but a reserve."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft != resource.RLIM_INFINITY:
        connections.most = max(soft - RESERVED, soft // 2)


connections = Connections()
