"""Receivers that mean harm, in a process of their own: python -m tests.reliability.receivers

The path says what one does. Prints the port it listens on.
"""

import asyncio
import contextlib
from collections.abc import Iterator

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def said(kind: str) -> Iterator[bytes]:
    """What is answered to a request for /`kind`, part by part, each sent at once."""
    if kind == "hints":  # announces for ever, and never answers
        while True:
            yield b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000
    if kind == "chunks":  # a body without an end, in parts of one byte
        yield CHUNKED
        while True:
            yield b"1\r\nx\r\n" * 5000
    if kind == "ok":
        yield b"HTTP/1.1 204 No Content\r\n\r\n"


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
        kind = head.split()[1].strip("/")
        for part in said(kind):
            writer.write(part)
            await writer.drain()
        if kind == "hangs":
            await reader.read()
    writer.transport.abort() if kind != "ok" else writer.close()


async def main() -> None:
    server = await asyncio.start_server(take, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
