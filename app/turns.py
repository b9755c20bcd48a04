"""Work that is done again and again in the background, and goes on when it fails."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from app.logs import log


async def wait_at_most(most_s: float, wake: asyncio.Event) -> None:
    """Wait until `wake` is set, and no longer than so many seconds.

    Before Python 3.12 wait_for swallows a cancellation now and then: who stops would wait for ever.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(most_s):
            await wake.wait()


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
