"""The real server in a process of its own, to be killed.

A fork server has the imports done, so that being killed twenty times costs seconds and not minutes.
"""

import asyncio
import multiprocessing
import os
import socket
from pathlib import Path

import httpx

from app.cli.server import serve
from tests.conftest import ADMIN_KEY

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["app.main", "tests.devices.server", "uvicorn.protocols.http.httptools_impl"])


def _serve(environment: dict[str, str], port: int) -> None:
    os.environ.update(environment)
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        serve(port=port)


class Server:
    """`touchstone serve` over the SQLite file `database`, always on the same port."""

    def __init__(self, database: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port: int = held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "TOUCHSTONE_DATABASE_URL": f"sqlite+aiosqlite:///{database}",
            "TOUCHSTONE_ADMIN_KEY": ADMIN_KEY,
            "TOUCHSTONE_RATE_LIMIT": "off",
            "TOUCHSTONE_LOG_LEVEL": "error",
        }
        self.process: multiprocessing.process.BaseProcess | None = None

    async def start(self) -> None:
        """Start, and return when it answers."""
        self.process = _PROCESSES.Process(target=_serve, args=(self.environment, self.port))
        self.process.start()
        async with httpx.AsyncClient(base_url=self.url) as client:
            while self.process.is_alive():
                try:
                    (await client.get("/healthz")).raise_for_status()
                    return
                except httpx.HTTPError:
                    await asyncio.sleep(0.02)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """kill -9: nothing is told, nothing is flushed."""
        if self.process:
            self.process.kill()
            self.process.join()
