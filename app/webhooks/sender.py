"""Sends in a thread with an event loop of its own: whatever receivers do to it, answers are taken beside it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.background_loop import BackgroundLoop

if TYPE_CHECKING:
    from app.webhooks.address import Networks
    from app.webhooks.outgoing import Message, Reply


class Sender:
    """As `outgoing.post`, which it runs in the other loop."""

    def __init__(self, allowed: "Networks") -> None:
        self._allowed = allowed
        self._loop = BackgroundLoop("webhooks")

    async def post(self, url: str, messages: Sequence["Message"]) -> list["Reply"]:
        return await self._loop.run(lambda: self._post(url, messages))

    async def _post(self, url: str, messages: Sequence["Message"]) -> list["Reply"]:
        from app.webhooks import outgoing  # brings an HTTP client: 70 ms, which no answer waits for here

        return await outgoing.post(url, messages, self._allowed)

    def close(self) -> None:
        self._loop.close()
