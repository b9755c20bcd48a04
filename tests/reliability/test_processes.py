"""Several processes on one database: nobody is locked out, and all of them see the same."""

import asyncio
import json
import sqlite3
import time

import pytest

from tests.reliability.conftest import both
from tests.reliability.load import KEY, Connection, Told, clients, register
from tests.reliability.report import report
from tests.reliability.truth import truth

SECONDS = 4


async def count_at(port: int) -> int:
    connection = Connection(port)
    status, _, content = await connection.ask("GET", f"/v1/touchpoints/{KEY}/score")
    connection.close()
    assert status == 200, content
    return int(json.loads(content)["count"])


async def agree(ports: list[int], count: int) -> float:
    """Seconds until every process gives the same count, `count`."""
    started = time.monotonic()
    while {await count_at(port) for port in ports} != {count}:
        assert time.monotonic() - started < 10, "the processes do not agree"
    return time.monotonic() - started


@both
@pytest.mark.parametrize("processes", [2, 4])
async def test_processes_share_a_database(serve, own_url, kind, processes):
    servers = [serve(own_url) for _ in range(processes)]
    for server in servers:  # at once: they also migrate and make the signing key at once
        server.start()
    await asyncio.gather(*(server.ready() for server in servers))
    await register(servers[0].port)
    told, stop = Told(), asyncio.Event()
    load = [asyncio.create_task(clients(server.port, told, stop, number=24 // processes)) for server in servers]
    await asyncio.sleep(SECONDS)
    stop.set()
    await asyncio.gather(*load)
    found = await truth(own_url)
    took = await agree([server.port for server in servers], len(found.rows))
    refused = told.statuses.total() - told.statuses[200] - told.statuses[201]
    log = "".join(server.log.read_text() for server in servers)
    clean = "locked" not in log and "deadlock" not in log.lower() and "batch_not_stored" not in log
    wrong = found.missing(told) + found.doubled(told) + found.drift
    figure = f"{len(told.acknowledged)} stored, {refused} refused, {wrong} wrong, same scores after {took:.2f} s"
    holds = clean and not (refused or wrong) and len(told.acknowledged) > 100
    report(f"{processes} processes, {kind}", figure, "0 refused, 0 wrong", holds=holds)


@both
async def test_workers_share_a_database(serve, own_url, kind):
    server = serve(own_url, workers=2)
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop))
    await asyncio.sleep(SECONDS)
    stop.set()
    await load
    server.stop()
    found = await truth(own_url)
    wrong = found.missing(told) + found.doubled(told) + found.drift
    refused = told.statuses.total() - told.statuses[200] - told.statuses[201]
    figure = f"{len(told.acknowledged)} stored, {refused} refused, {wrong} wrong"
    report(f"serve --workers 2, {kind}", figure, "0 and 0", holds=not wrong and not refused and bool(told.acknowledged))


def test_a_deferred_begin_is_locked_out(sqlite_url):
    """The control: the plain BEGIN that SQLAlchemy's driver would use, read first and then write."""
    path = sqlite_url.removeprefix("sqlite+aiosqlite:///")
    one, other = (sqlite3.connect(path, timeout=5, isolation_level=None) for _ in range(2))
    write = "INSERT INTO secret (name, value) VALUES ('x', 'x') ON CONFLICT (name) DO UPDATE SET value = 'y'"
    for connection in (one, other):
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM secret").fetchall()
    other.execute(write)
    other.execute("COMMIT")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        one.execute(write)
    one.close()
    other.close()
