"""PostgreSQL goes away and comes back in several ways: how long until answers flow again, and what is said of it."""

import asyncio
import contextlib
import json
import time

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.reliability.conftest import Postgres
from tests.reliability.load import Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server, status
from tests.reliability.truth import truth

pytestmark = pytest.mark.postgres


class Watched:
    """A server under load by 16 clients who retry."""

    def __init__(self, server: Server) -> None:
        self.server, self.told = server, Told()
        self._stop = asyncio.Event()
        self.red: set[int | None] = set()

    async def start(self) -> None:
        self.server.start()
        await self.server.ready()
        self._started = len(self.server.log.read_text())  # what a start has to say stands before
        await register(self.server.port)
        self._load = asyncio.create_task(clients(self.server.port, self.told, self._stop, number=16))
        async with asyncio.timeout(20):
            while len(self.told.acknowledged) < 100:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def ready(self) -> int | None:
        return await status(self.server.port, "/readyz")

    async def flows_again(self, within_s: float) -> float:
        """Seconds until another hundred answers are acknowledged."""
        started, before = time.monotonic(), len(self.told.acknowledged)
        while len(self.told.acknowledged) < before + 100:
            assert time.monotonic() - started < within_s, self.server.log.read_text()[-3000:]
            await asyncio.sleep(0.02)
        return time.monotonic() - started

    async def send_no_more(self) -> None:
        self._stop.set()
        await self._load

    async def finish(self, name: str, seconds: float, limit_s: float, *, red: bool = True, url: str = "") -> None:
        """Stop, and report: nothing lost, told by 503 alone, red meanwhile and green after, two lines in the log."""
        await asyncio.sleep(1.5)
        green = await self.ready()
        await asyncio.sleep(0.2)
        await self.send_no_more()
        await asyncio.to_thread(self.server.stop)  # a proxy may run in this loop
        found = await truth(url or self.server.url)
        wrong = found.missing(self.told) + found.doubled(self.told) + found.drift
        events = [
            json.loads(line)["event"]
            for line in self.server.log.read_text()[self._started :].splitlines()
            if line[:1] == "{"
        ]
        lines = [event for event in events if event not in ("webhooks_not_read", "stopping", "stopped")]
        figure = (
            f"answers flow again after {seconds:.1f} s, {self.told.statuses[503]} x 503, {len(self.told.odd)} other, "
            f"{wrong} wrong, readiness {self.red} then {green}, log: {lines}"
        )
        said = lines == (["database_unavailable", "database_available"] if red else [])
        holds = seconds < limit_s and not (wrong or self.told.odd) and green == 200 and said
        report(name, figure, f"{limit_s} s", holds=holds and (not red or 503 in self.red or None in self.red))


async def psql(postgres_: Postgres, statement: str) -> None:
    await asyncio.to_thread(postgres_.psql, statement)


async def test_a_server_that_was_read_only_for_a_moment(serve, own_postgres):
    url = own_postgres.fresh("readonly_for_a_moment")
    watched = Watched(serve(url))
    await watched.start()
    await asyncio.to_thread(own_postgres.read_only, "readonly_for_a_moment", on=True)
    await asyncio.sleep(2)
    watched.red.add(await watched.ready())
    # Nobody is cut off by this.
    await psql(own_postgres, "ALTER DATABASE readonly_for_a_moment SET default_transaction_read_only = off")
    await watched.finish("PostgreSQL read-only for 2 s", await watched.flows_again(30), 3)


async def test_a_row_that_somebody_else_holds(serve, own_postgres):
    url = own_postgres.fresh("held")
    watched = Watched(serve(url))
    await watched.start()
    holder = await asyncpg.connect(url)
    async with holder.transaction():
        await holder.execute("UPDATE revision SET revision = revision")
        await asyncio.sleep(2.5)
        watched.red.add(await watched.ready())
        await asyncio.sleep(3)
        refused = watched.told.statuses[503]
    await holder.close()
    assert refused > 0 and watched.told.slowest < 7, watched.told.slowest
    await watched.finish("a row locked by another session for 5.5 s", await watched.flows_again(30), 2)


async def test_a_server_that_hangs(serve, own_postgres):
    url = own_postgres.fresh("hanging")
    watched = Watched(serve(url))
    await watched.start()
    with own_postgres.hanging():
        await asyncio.sleep(3)
        watched.red.add(await watched.ready())
        await asyncio.sleep(10)
        assert watched.told.statuses[503] > 0 and await status(watched.server.port, "/healthz") == 200
    await watched.finish("PostgreSQL hangs for 13 s (SIGSTOP)", await watched.flows_again(30), 5)


async def test_a_server_that_takes_no_more_connections(serve, own_postgres):
    url, others = own_postgres.fresh("crowded"), []
    watched = Watched(serve(url))
    await watched.start()
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            others.append(await asyncpg.connect(url))
    mine = "FROM pg_stat_activity WHERE datname = 'crowded' AND application_name = 'touchstone'"
    kept = f"SELECT pid {mine} ORDER BY backend_start LIMIT 1"
    await others[0].execute(f"SELECT pg_terminate_backend(pid) {mine} AND pid NOT IN ({kept})")
    with contextlib.suppress(asyncpg.TooManyConnectionsError):
        while True:
            others.append(await asyncpg.connect(url))
    before = watched.told.statuses[503]
    seconds = await watched.flows_again(30)
    refused = watched.told.statuses[503] - before
    await watched.send_no_more()
    for other in others:
        other.terminate()
    figure = f"{len(others)} connections of others, 100 answers in {seconds:.1f} s, {refused} refused"
    report(
        "no connection left but one", figure, "5 s, 0 refused", holds=len(others) > 50 and not refused and seconds < 5
    )


async def test_another_server_becomes_the_primary(serve, own_postgres):
    url = own_postgres.fresh("failover")
    standby = own_postgres.standby()
    plain = make_url(url)
    both = (f"{own_postgres.directory}:5432", f"{standby.directory}:5432")
    watched = Watched(serve(plain.set(host=None, query={"host": both}).render_as_string(hide_password=False)))
    try:
        await watched.start()
        await asyncio.to_thread(own_postgres.control, "-m", "immediate", "stop")
        await asyncio.to_thread(standby.control, "promote")
        seconds = await watched.flows_again(30)
        await watched.send_no_more()
        watched.server.kill()
    finally:
        await asyncio.to_thread(own_postgres.start)
        await asyncio.to_thread(standby.close)
    report("a standby becomes the primary", f"answers flow again after {seconds:.1f} s", "5 s", holds=seconds < 5)
