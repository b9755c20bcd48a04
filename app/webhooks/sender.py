"""Sends in a thread with an event loop of its own: whatever receivers do to it, answers are taken beside it."""

import asyncio
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.webhooks.address import Networks
    from app.webhooks.outgoing import Message, Reply

CLOSE_S = 1.0


class Sender:
    """The thread begins with the first message: many services never send one."""

    def __init__(self, allowed: "Networks") -> None:
        self._allowed = allowed
        self._loop: asyncio.AbstractEventLoop | None = None

    async def post(self, url: str, messages: Sequence["Message"]) -> list["Reply"]:
        """As `outgoing.post`, which it runs in the other loop."""
        future = asyncio.run_coroutine_threadsafe(self._post(url, messages), self._loop or self._start())
        return await asyncio.wrap_future(future)

    async def _post(self, url: str, messages: Sequence["Message"]) -> list["Reply"]:
        from app.webhooks import outgoing  # brings an HTTP client: 70 ms, which no answer waits for here

        return await outgoing.post(url, messages, self._allowed)

    def _start(self) -> asyncio.AbstractEventLoop:
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        loop = self._loop = runner.get_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(runner,), name="webhooks", daemon=True)
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
