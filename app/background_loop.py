"""A thread with an event loop of its own: whatever happens in it, answers are taken beside it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
CLOSE_S = 1.0


class BackgroundLoop:
    """The thread begins with the first work: many services never have any."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` in the other loop and wait for it in this one."""

        async def there() -> T:
            return await work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(there(), self._loop or self._start()))

    def _start(self) -> asyncio.AbstractEventLoop:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = self._loop = runner.get_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(runner,), name=self._name, daemon=True)
        self._thread.start()
        return loop

    def _run(self, runner: asyncio.Runner) -> None:
        with runner:  # what is still on its way in the end is cancelled and hung up on
            runner.run(self._over.wait())

    def close(self) -> None:
        """Stop; what a hanging look-up holds is left to the end of the process."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(CLOSE_S)
