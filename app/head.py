"""HEAD wherever GET is: monitors, link checkers and chat previews ask so."""

import asyncio

from starlette.types import Message, Receive, Scope, Send


def as_get(scope: Scope, send: Send) -> tuple[Scope, Receive, Send]:
    """A HEAD as the GET that it asks about, of which the body is dropped and a stream is ended."""
    ended = asyncio.Event()
    asked = False

    async def receiving() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await ended.wait()
        return {"type": "http.disconnect"}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b""})
            ended.set()

    return {**scope, "method": "GET"}, receiving, sending
