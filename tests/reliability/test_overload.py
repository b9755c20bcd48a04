"""Too much, too slow, full, read-only, gone: 503 with Retry-After, red readiness, bounded memory, and recovery."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from app.ingest.channels import uuid7
from tests.reliability.load import KEY, Connection, Told, body_of, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server, status
from tests.reliability.truth import truth

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # thousands of cut sockets
REQUIRED = os.environ.get("TOUCHSTONE_TEST_REQUIRE", "").split(",")


async def started(server: Server) -> Server:
    server.start()
    await server.ready()
    await register(server.port)
    return server


async def loaded(server: Server, told: Told, seconds: float, number: int = 24) -> None:
    """Clients that send and retry for a while."""
    stop = asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop, number=number))
    await asyncio.sleep(seconds)
    stop.set()
    await load


async def colour(server: Server, wanted: int, within_s: float = 15) -> int | None:
    """The status of /readyz, as soon as it is the wanted one."""
    found = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while (found := await status(server.port, "/readyz")) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    return found


async def judge(name: str, server: Server, told: Told, red: int | None) -> None:
    """After a disturbance: everybody was told 503, nothing acknowledged is missing, and it works again."""
    green = await colour(server, 200)
    before = len(told.acknowledged)
    await loaded(server, told, 0.5)
    found = await truth(server.url)
    wrong = found.missing(told) + found.doubled(told) + found.drift
    figure = (
        f"{told.statuses[503]} x 503 ({', '.join(sorted(told.codes))}), {len(told.odd)} other errors, "
        f"{wrong} lost or doubled, readiness {red} then {green}, {server.memory_mb():.0f} MB"
    )
    again = len(told.acknowledged) > before
    holds = not wrong and not told.odd and told.statuses[503] > 0 and (red, green) == (503, 200) and again
    report(name, figure, "only 503, 0 lost, 503 then 200, 250 MB", holds=holds and server.memory_mb() < 250)


async def test_a_locked_file_is_waited_for_and_then_refused(serve, sqlite_url):
    server = await started(serve(sqlite_url, QUEUE_SIZE="10"))
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # as a disk that does not come back, or a backup tool
    told = Told()
    load = asyncio.create_task(loaded(server, told, 4))
    red = await colour(server, 503)
    await asyncio.sleep(3)
    holder.execute("ROLLBACK")
    holder.close()
    await load
    await judge("SQLite locked by another process", server, told, red)


@contextlib.contextmanager
def slow_disk(pid: int, delay_ms: int) -> Iterator[None]:
    """Every fdatasync of a process takes `delay_ms` longer."""
    if not shutil.which("strace"):
        assert "strace" not in REQUIRED, "strace is missing"
        pytest.skip("strace is missing")
    slow = ("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={delay_ms * 1000}")
    strace = subprocess.Popen(("strace", "-f", "-qq", "-o", "/dev/null", *slow, "-p", str(pid)))
    try:
        yield
    finally:
        strace.terminate()  # it lets go of the process, which goes on
        strace.wait(10)


async def test_a_slow_disk_is_waited_for_and_what_is_too_much_refused(serve, sqlite_url):
    server = await started(serve(sqlite_url, QUEUE_SIZE="10"))
    told = Told()
    with slow_disk(server.pid, 700):
        load = asyncio.create_task(loaded(server, told, 5))
        red = await colour(server, 503)
        await load
    assert told.acknowledged, "a slow disk still stores"
    await judge("a sync of the disk takes 0.7 s, SQLite", server, told, red)


async def test_a_full_disk_is_refused_and_survived(serve, sqlite_url):
    server = await started(serve(sqlite_url))
    no_limit = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1000, no_limit[1]))  # no file of it takes any more
    told = Told()
    await loaded(server, told, 2)
    red = await colour(server, 503, 5)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, no_limit)
    await judge("disk full, SQLite", server, told, red)


@pytest.mark.postgres
async def test_a_database_that_is_gone_is_refused_and_found_again(serve, own_postgres, request):
    seconds = 30 if request.config.getoption("--long") else 4
    url = own_postgres.fresh("gone")
    server = await started(serve(url))
    told = Told()
    load = asyncio.create_task(loaded(server, told, seconds + 2))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(own_postgres.control, "-m", "immediate", "stop")
    red = await colour(server, 503)
    reads = Counter([await status(server.port, path) for path in ("/v1/catalogue", "/healthz")])
    await asyncio.sleep(seconds)
    await asyncio.to_thread(own_postgres.start)
    await load
    assert reads == {200: 2}, "what needs no database must go on"
    await judge(f"PostgreSQL gone for {seconds} s", server, told, red)


@pytest.mark.postgres
async def test_a_read_only_database_is_refused_and_read_from(serve, own_postgres):
    url = own_postgres.fresh("readonly")
    server = await started(serve(url))
    told = Told()
    own_postgres.read_only("readonly", on=True)
    await loaded(server, told, 1.5)
    red = await colour(server, 503, 5)
    connection = Connection(server.port)
    read, _, _ = await connection.ask("GET", f"/v1/touchpoints/{KEY}/score")
    connection.close()
    own_postgres.read_only("readonly", on=False)
    assert read == 200
    await judge("read-only database, PostgreSQL", server, told, red)


async def test_three_thousand_connections_are_answered(serve, sqlite_url):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    number = min(3000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000), hard))
    server = await started(serve(sqlite_url, QUEUE_SIZE="500"))
    connections = [Connection(server.port) for _ in range(number)]
    door = asyncio.Semaphore(100)  # no flood of SYNs; each connection stays open
    statuses: Counter[int] = Counter()
    odd, sent, acknowledged = [], {}, set()

    async def one(connection: Connection, *, gate: bool) -> None:
        number = uuid7()
        sent[number] = 5
        async with door if gate else contextlib.nullcontext():
            path = f"/v1/touchpoints/{KEY}/feedback/{number}"
            for attempt in range(3):
                try:
                    answer = await connection.ask("PUT", path, body_of(5), timeout_s=60)
                    break
                except OSError:  # kept open without a word for five seconds: the server may close it
                    if attempt == 2:
                        raise
        statuses[answer[0]] += 1
        if answer[0] in (200, 201):
            acknowledged.add(number)
        elif answer[0] != 503 or "retry-after" not in answer[1] or "code" not in json.loads(answer[2]):
            odd.append(answer)

    await asyncio.gather(*(one(connection, gate=True) for connection in connections))
    memory = server.memory_mb()
    await asyncio.gather(*(one(connection, gate=False) for connection in connections))  # all of them at once
    memory = max(memory, server.memory_mb())
    for connection in connections:
        connection.close()
    told = Told(sent=sent, acknowledged=acknowledged)
    found = await truth(sqlite_url)
    wrong = found.missing(told) + found.doubled(told) + found.drift
    stored = statuses[201] + statuses[200]
    figure = f"{stored} stored, {statuses[503]} x 503, {len(odd)} other, {wrong} lost or doubled, {memory:.0f} MB"
    holds = not odd and not wrong and memory < 250 and await colour(server, 200) == 200
    report(f"{number} connections", figure, "0 other, 0 lost, 250 MB", holds=holds and statuses.total() == 2 * number)
