"""Work that is done again and again in the background, and goes on when it fails."""

from collections.abc import Awaitable, Callable

from app.logs import log


class Turns:
    """Takes turns at a piece of work. Of failures in a row the first is logged, as `event`."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._failed = False

    async def take(self, turn: Callable[[], Awaitable[object]]) -> None:
        """Do it once; an error ends nothing: the database is away, say, which others tell of, and it comes back."""
        try:
            await turn()
            self._failed = False
        except Exception as error:
            if not self._failed:
                log.error(self._event, extra={"error": type(error).__name__})
            self._failed = True
