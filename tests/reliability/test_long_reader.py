"""Another program reads in the SQLite file and does not come to an end, as a backup or a BI tool."""

import asyncio
import contextlib
import json
import re
import sqlite3
from pathlib import Path

from tests.reliability.load import Connection, Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server, colour, status
from tests.reliability.truth import truth

ROWS = 400  # answers in a body of the load that makes the log grow


@contextlib.contextmanager
def reading(file: Path):
    """A read that holds the log."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM feedback").fetchone()
        yield


def size(log: Path) -> int:
    return log.stat().st_size


async def gauge(server: Server) -> int:
    connection = Connection(server.port)
    _, _, content = await connection.ask("GET", "/metrics")
    connection.close()
    found = re.search(rb"^touchstone_sqlite_wal_bytes (\S+)", content, re.MULTILINE)
    assert found
    return int(float(found[1]))


async def grow(server: Server, log: Path, to_mb: int) -> int:
    """Send batches until the log is that large or they are refused; how many answers were stored."""
    item = {"touchpoint": "checkout", "rating": 3, "comment": "a word " * 400}
    body, stored = json.dumps({"items": [item] * ROWS}).encode(), 0
    connection = Connection(server.port)
    while size(log) < to_mb * 2**20:
        found, _, _ = await connection.ask("POST", "/v1/feedback/batch", body)
        if found == 503:
            break
        stored += ROWS
    connection.close()
    return stored


async def sized(log: Path, at_most: int, within_s: float) -> int:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while size(log) > at_most:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    return size(log)


async def test_the_log_grows_only_while_another_program_reads_and_is_given_back(serve, sqlite_url):
    file = Path(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    log = file.with_name(file.name + "-wal")
    server = serve(sqlite_url, SQLITE_WAL_LIMIT_MB="180")
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    with reading(file):
        stored = await grow(server, log, 140)
        await asyncio.sleep(1.5)
        largest, shown, before = size(log), await gauge(server), await status(server.port, "/readyz")
        stored += await grow(server, log, 1000)
        at_limit, red = size(log), await status(server.port, "/readyz")
    load = asyncio.create_task(clients(server.port, told, stop, number=8))
    busy = await sized(log, 64 * 2**20, 10)  # under load the commits go on in what is kept
    stop.set()
    await load
    quiet = await sized(log, 0, 5)
    green = await colour(server, 200)  # the last answer may have been refused: it is looked at once more
    found = await truth(sqlite_url)
    lines = server.log.read_text()
    lost = found.missing(told) + max(0, stored + len(told.acknowledged) - len(found.rows))
    figure = (
        f"{largest / 2**20:.0f} MB while it reads ({before}), {at_limit / 2**20:.0f} MB at the limit of 180 ({red}); "
        f"then {busy / 2**20:.0f} MB under load, {quiet} bytes in a quiet second ({green}); {lost} lost"
    )
    holds = (
        shown == largest
        and (before, red, green) == (200, 503, 200)
        and at_limit < 200 * 2**20  # a batch and a commit beside it more
        and busy <= 64 * 2**20
        and not quiet
        and not lost
        and "sqlite_wal_grows" in lines
        and "sqlite_wal_small_again" in lines
        and "TOUCHSTONE_SQLITE_WAL_LIMIT_MB" in lines
    )
    report("SQLite's log while another program reads", figure, "given back, 0 lost", holds=holds)
