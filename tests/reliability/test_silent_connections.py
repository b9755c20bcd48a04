"""A firewall on the way to PostgreSQL drops what it has forgotten, and tells neither end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app import postgres
from app.ingest import writer
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

pytestmark = pytest.mark.postgres
GIVEN_UP_S = 1.0  # instead of writer.STORE_S, so that the test is short


class Firewall:
    """Carries connections to a server until it has forgotten them; then what comes is dropped."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._last: dict[int, float] = {}  # when a connection last said something
        self._forgotten: set[int] = set()
        self._open: list[asyncio.StreamWriter] = []

    def forget(self, idle_s: float = 0.0) -> None:
        """Forget the connections that have said nothing for so long."""
        self._forgotten |= {number for number, at in self._last.items() if time.monotonic() - at >= idle_s}

    @asynccontextmanager
    async def listening(self, url: str) -> AsyncIterator[str]:
        """The URL of the same database through it."""
        server = await asyncio.start_server(self._connected, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        yield str(make_url(url).set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False))
        server.close()
        for each in self._open:
            each.transport.abort()
        await asyncio.sleep(0.05)  # until they have heard of it

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self._last)
        self._last[number] = time.monotonic()
        backend, to_backend = await asyncio.open_unix_connection(self._socket)
        self._open += [writer, to_backend]
        await asyncio.gather(self._carry(number, reader, to_backend), self._carry(number, backend, writer))

    async def _carry(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self._last[number] = time.monotonic()
                if number not in self._forgotten:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def served(url: str):
    """A client of the application over this database, with a touchpoint."""
    settings = Settings(database_url=url, admin_key=ADMIN_KEY, rate_limit="off")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        assert (await client.post("/v1/touchpoints", json={"key": "shop"})).status_code == 201
        yield client


async def answer(client) -> tuple[int, float]:
    """The status, and how many seconds it took."""
    started = time.monotonic()
    status = (await client.post("/v1/touchpoints/shop/feedback", json={"rating": 4})).status_code
    return status, time.monotonic() - started


async def test_connections_that_went_silent_are_given_up_and_answers_flow_on_new_ones(own_postgres, monkeypatch):
    monkeypatch.setattr(writer, "STORE_S", GIVEN_UP_S)
    firewall = Firewall(own_postgres.directory / ".s.PGSQL.5432")
    async with firewall.listening(own_postgres.fresh("silent")) as url, served(url) as client:
        assert (await answer(client))[0] == 201
        firewall.forget()
        refused, seconds = await answer(client)
        assert refused == 503 and seconds < GIVEN_UP_S + 1
        stored, seconds = await answer(client)
        assert stored == 201 and seconds < GIVEN_UP_S, "one that went silent says that the others did"
        assert (await client.get("/v1/touchpoints/shop/score")).json()["count"] == 2


@pytest.mark.parametrize("looked_after", [True, False])
async def test_a_connection_that_was_idle_is_not_used_again(own_postgres, monkeypatch, looked_after):
    """Without looking how long it was idle, the first answer after a quiet night would be refused."""
    monkeypatch.setattr(writer, "STORE_S", GIVEN_UP_S)
    monkeypatch.setattr(postgres, "IDLE_S", 0.5 if looked_after else 60)
    firewall = Firewall(own_postgres.directory / ".s.PGSQL.5432")
    async with firewall.listening(own_postgres.fresh(f"idle_{looked_after}".lower())) as url, served(url) as client:
        assert (await answer(client))[0] == 201
        await asyncio.sleep(0.7)
        firewall.forget(idle_s=0.0 if not looked_after else 0.5)
        assert (await answer(client))[0] == (201 if looked_after else 503)
