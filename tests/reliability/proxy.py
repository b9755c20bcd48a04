"""A proxy before PostgreSQL that cuts a connection around a COMMIT: nobody can cut there by chance often enough."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import make_url

PROTOCOL_3 = (3 << 16).to_bytes(4, "big")  # what comes before it only asks for encryption
Where = Literal["before", "after"]


class Cutter:
    """Cuts every fourth COMMIT: before the database has it, or after it has committed and before the service hears."""

    def __init__(self, socket: Path, where: Where) -> None:
        self._socket, self._where = socket, where
        self.cutting = False
        self.seen: Counter[str] = Counter()

    @asynccontextmanager
    async def listening(self, url: str) -> AsyncIterator[str]:
        """The URL of the same database through this proxy."""
        server = await asyncio.start_server(self._connected, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        async with server:
            yield str(make_url(url).set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry both ways until one side ends or the cut comes."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            backend, to_backend = await asyncio.open_unix_connection(self._socket)
            back = asyncio.create_task(_carry(backend, writer))
            try:
                await self._forward(reader, to_backend, back)
            finally:
                back.cancel()
                to_backend.close()
                writer.transport.abort()  # the service sees a reset, as when a cable or a machine is gone

    async def _forward(self, reader: asyncio.StreamReader, backend: asyncio.StreamWriter, back: asyncio.Task) -> None:
        started = False
        while True:
            kind = await reader.readexactly(1) if started else b""
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length, "big") - 4)
            started = started or body.startswith(PROTOCOL_3)
            cut = kind == b"Q" and body.startswith(b"COMMIT") and self._is_next()
            if cut and self._where == "before":
                return
            if cut:
                back.cancel()
            backend.write(kind + length + body)
            if cut:
                await asyncio.sleep(0.05)  # the database commits, and its reply is heard by nobody
                return

    def _is_next(self) -> bool:
        self.seen["commits"] += self.cutting
        cut = self.cutting and self.seen["commits"] % 4 == 0
        self.seen["cut"] += cut
        return cut


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
