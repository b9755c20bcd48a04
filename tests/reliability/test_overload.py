"""Too much, too slow, full, read-only, gone: 503 with Retry-After, red readiness, bounded memory, and recovery.

Each disturbance meets the service, and as a control a broken one, which the same check must find out.
"""

import asyncio
import contextlib
import resource
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest

from app.ids import uuid7
from tests.reliability.load import ACKNOWLEDGED, KEY, Connection, Told, clients, register, tell
from tests.reliability.report import report_all
from tests.reliability.server import Server, colour, status
from tests.reliability.truth import Truth, truth
from tests.tools import program

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # thousands of cut sockets
MEMORY_MB = 250
ROOM = 500  # answers that may wait, in the rush of 3,000
# What a broken service fails at: without a bound nobody is refused, and what is acknowledged early may never be stored.
BREAKS = {"unbounded": "refuses", "hasty": "keeps", "": ""}
bounded = pytest.mark.parametrize("broken", ["", "unbounded"])
stored_first = pytest.mark.parametrize("broken", ["", "hasty"])


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


def wrong(found: Truth, told: Told) -> int:
    """Answers that are lost, doubled or counted wrongly."""
    return found.missing(told) + found.doubled(told) + found.drift


async def judge(name: str, server: Server, told: Told, red: int | None, broken: str = "") -> None:
    """After a disturbance: everybody was told 503, nothing acknowledged is missing, and it works again."""
    green = await colour(server, 200)
    before = len(told.acknowledged)
    await loaded(server, told, 0.5)
    lost, memory = wrong(await truth(server.url), told), server.memory_mb()
    figure = (
        f"{told.statuses[503]} x 503 ({', '.join(sorted(told.codes))}), {len(told.odd)} other errors, "
        f"{lost} lost or doubled, readiness {red} then {green}, {memory:.0f} MB"
    )
    holds = {
        "keeps": not lost,
        "refuses": told.statuses[503] > 0 and not told.odd,
        "says so": (red, green) == (503, 200),
        "recovers": len(told.acknowledged) > before,
        "stays small": memory < MEMORY_MB,
    }
    limit = f"only 503, 0 lost, 503 then 200, {MEMORY_MB} MB"
    report_all(name, figure, limit, holds=holds, broken=broken, breaks=BREAKS[broken])


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Another process writes to the file and does not come to an end, as a backup tool or a disk that hangs."""
    holder = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


@bounded
async def test_a_locked_file_is_waited_for_and_then_refused(serve, sqlite_url, broken):
    server = await started(serve(sqlite_url, broken=broken, QUEUE_SIZE="10"))
    told = Told()
    with locked(sqlite_url):
        load = asyncio.create_task(loaded(server, told, 4))
        red = await colour(server, 503)
        await asyncio.sleep(3)
    await load
    await judge("SQLite locked by another process", server, told, red, broken)


@contextlib.contextmanager
def slow_disk(pid: int, delay_ms: int) -> Iterator[None]:
    """Every fdatasync of a process takes `delay_ms` longer."""
    slow = ("-e", "trace=fdatasync", "-e", f"inject=fdatasync:delay_enter={delay_ms * 1000}")
    strace = subprocess.Popen((program("strace"), "-f", "-qq", "-o", "/dev/null", *slow, "-p", str(pid)))
    try:
        yield
    finally:
        strace.terminate()  # it lets go of the process, which goes on
        strace.wait(10)


@bounded
async def test_a_slow_disk_is_waited_for_and_what_is_too_much_refused(serve, sqlite_url, broken):
    server = await started(serve(sqlite_url, broken=broken, QUEUE_SIZE="10"))
    told = Told()
    with slow_disk(server.pid, 700):
        load = asyncio.create_task(loaded(server, told, 5))
        red = await colour(server, 503, 5)
        await load
    assert told.acknowledged, "a slow disk still stores"
    await judge("a sync of the disk takes 0.7 s, SQLite", server, told, red, broken)


@stored_first
async def test_a_full_disk_is_refused_and_survived(serve, sqlite_url, broken):
    server = await started(serve(sqlite_url, broken=broken))
    no_limit = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1000, no_limit[1]))  # no file of it takes any more
    told = Told()
    await loaded(server, told, 2)
    red = await colour(server, 503, 5)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, no_limit)
    await judge("disk full, SQLite", server, told, red, broken)


@pytest.mark.postgres
@stored_first
async def test_a_database_that_is_gone_is_refused_and_found_again(serve, own_postgres, request, broken):
    seconds = 30 if request.config.getoption("--long") else 4
    url = own_postgres.fresh(f"gone{broken}")
    server = await started(serve(url, broken=broken))
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
    await judge(f"PostgreSQL gone for {seconds} s", server, told, red, broken)


@pytest.mark.postgres
@stored_first
async def test_a_read_only_database_is_refused_and_read_from(serve, own_postgres, broken):
    url = own_postgres.fresh(f"readonly{broken}")
    server = await started(serve(url, broken=broken))
    told = Told()
    own_postgres.read_only(f"readonly{broken}", on=True)
    await loaded(server, told, 1.5)
    red = await colour(server, 503, 5)
    connection = Connection(server.port)
    read, _, _ = await connection.ask("GET", f"/v1/touchpoints/{KEY}/score")
    connection.close()
    own_postgres.read_only(f"readonly{broken}", on=False)
    assert read == 200
    await judge("read-only database, PostgreSQL", server, told, red, broken)


class Crowd:
    """Customers with a connection each, which stays open."""

    def __init__(self, port: int, number: int) -> None:
        self.told = Told()
        self.waiting: list[tuple[Connection, UUID]] = []  # what each has to say and nobody has acknowledged
        self._connections = [Connection(port) for _ in range(number)]

    async def answer(self, *, at_once: int) -> None:
        """Each says something new."""
        self.waiting = [(connection, uuid7()) for connection in self._connections]
        self.told.sent |= {number: 5 for _, number in self.waiting}
        await self.send(at_once=at_once)

    async def send(self, *, at_once: int) -> None:
        """Each sends, once, what waits."""
        door = asyncio.Semaphore(at_once)

        async def one(connection: Connection, number: UUID) -> bool:
            async with door:
                for _ in range(3):  # the server may close what was idle for five seconds, just when more comes
                    if (status := await tell(connection, self.told, number, 5)) is not None:
                        return status in ACKNOWLEDGED
                return False

        done = await asyncio.gather(*(one(*waiting) for waiting in self.waiting))
        self.waiting = [waiting for waiting, taken in zip(self.waiting, done, strict=True) if not taken]

    async def send_again(self) -> None:
        """Until all are acknowledged, a hundred at a time, or it seems that they never will be."""
        for _ in range(20):
            if self.waiting:
                await asyncio.sleep(0.2)
                await self.send(at_once=100)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


async def rush(crowd: Crowd, server: Server, number: int) -> tuple[int | None, float]:
    """All say something at once while nothing can be stored: the status of readiness then, and the memory."""
    with locked(server.url):
        rushing = asyncio.create_task(crowd.answer(at_once=number))
        red = await colour(server, 503)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(6):
                while crowd.told.statuses[503] < number - ROOM:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        memory = server.memory_mb()
    await rushing
    return red, memory


@bounded
async def test_three_thousand_at_once_are_stored_or_refused_and_then_let_in(serve, sqlite_url, broken):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    number = min(3000, hard - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000), hard))
    server = await started(serve(sqlite_url, broken=broken, as_command=True, QUEUE_SIZE=str(ROOM)))
    crowd = Crowd(server.port, number)
    told = crowd.told
    await crowd.answer(at_once=100)  # not all: a flood of SYNs would be lost
    await crowd.send_again()
    before = told.statuses[503]
    red, memory = await rush(crowd, server, number)
    refused, green = told.statuses[503] - before, await colour(server, 200)
    await crowd.send_again()
    crowd.close()
    found = await truth(sqlite_url)
    lost = wrong(found, told)
    figure = (
        f"{len(found.rows)} of {2 * number} stored, {refused} x 503 for {ROOM} places, {len(told.odd)} other, "
        f"{lost} lost or doubled, readiness {red} then {green}, {memory:.0f} MB"
    )
    holds = {
        "keeps": not lost,
        "refuses": refused >= number - ROOM and not told.odd,
        "says so": (red, green) == (503, 200),
        "recovers": found.rows.keys() == told.acknowledged == told.sent.keys(),
        "stays small": memory < MEMORY_MB,
    }
    limit = f"all stored once, 503 beyond {ROOM}, 503 then 200, {MEMORY_MB} MB"
    report_all(f"{number} connections", figure, limit, holds=holds, broken=broken, breaks=BREAKS[broken])
