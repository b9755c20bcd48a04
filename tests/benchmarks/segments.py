"""What three declared keys cost an answer, and whether the score of a segment grows with the answers."""

import asyncio
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import asyncpg
import httpx
import psutil

from app.scores.buckets import DAY, MONTH, TOTAL
from app.scores.segment_folding import EACH_S
from tests.benchmarks.answers import connected, request, touchstone
from tests.benchmarks.load import HEADERS, Server
from tests.benchmarks.scores import BUCKETS, YEARS

KEYS = {"store": 20, "plan": 3, "till": 6}  # with how many values each
PLAIN, SPLIT = "bench", "split"


def intake(url: str, per_request: int, senders: int, answers: int, rounds: int) -> tuple[float, float, float]:
    """Microseconds of processor time of an answer, the database's included: nothing declared, three keys; the ratio.

    The same answers go to two touchpoints of one service in turns, `per_request` in each request; medians of rounds,
    that of the ratio too: the machine may be slower in one than in another. A clock would measure what else it does.
    """
    took: dict[str, list[float]] = {PLAIN: [], SPLIT: []}
    with touchstone(f"{url}/intake{per_request}.db" if url.startswith("sqlite") else url) as running:
        made = httpx.post(f"{running.url}/v1/touchpoints", json={"key": SPLIT, "segments": [*KEYS]}, headers=HEADERS)
        assert made.status_code in (201, 409), made.text
        used = asyncio.run(_meter(running, url))
        for number in range(rounds + 1):
            for key in (PLAIN, SPLIT) if number % 2 else (SPLIT, PLAIN):
                requests = iter(list(_requests(key, per_request, answers)))
                before = used()
                asyncio.run(_sent(running.url, requests, senders))
                time.sleep(1.2 * EACH_S)  # what waits is folded meanwhile, and belongs to this turn
                took[key].append((used() - before) / answers * 1e6)
    none, three = took[PLAIN][1:], took[SPLIT][1:]  # the first round warms up
    ratio = statistics.median(one / other for one, other in zip(none, three, strict=True))
    return statistics.median(none), statistics.median(three), ratio


def _requests(key: str, per_request: int, answers: int) -> Iterator[bytes]:
    items = [
        {
            "touchpoint": key,
            "rating": 1 + number * 7 % 5,
            "context": {name: f"{name} {number * 31 % most}" for name, most in KEYS.items()},
        }
        for number in range(per_request * KEYS["store"])
    ]
    for start in range(0, answers, per_request):
        first = start % len(items)
        some = items[first : first + per_request]
        if per_request > 1:
            yield request("/v1/feedback/batch", json.dumps({"items": some}).encode())
        else:
            said = {name: value for name, value in some[0].items() if name != "touchpoint"}
            yield request(f"/v1/touchpoints/{key}/feedback", json.dumps(said).encode())


async def _sent(url: str, said: Iterator[bytes], senders: int) -> None:
    async def sender() -> None:
        async with connected(url) as ask:
            for one in said:
                answer = await ask(one)
                assert answer.startswith(b"HTTP/1.1 201") or b'"rejected":0' in answer, answer

    await asyncio.gather(*(sender() for _ in range(senders)))


async def _meter(running: Server, url: str) -> Callable[[], float]:
    """Tells the seconds of processor time that the service and its database have used."""
    families = [running.process]
    if url.startswith("postgresql"):
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        backend = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()"))
        families.append(backend.parent() or backend)  # as long as the backend is there
        await connection.close()
    return lambda: sum(_seconds(one) for family in families for one in (family, *family.children(recursive=True)))


def _seconds(process: psutil.Process) -> float:
    """Its clock of the processor (Linux), which /proc shows in hundredths only; a thread that has ended is in it."""
    try:
        return time.clock_gettime(~process.pid << 3 | 2)
    except OSError:  # a worker of PostgreSQL that has ended since it was listed
        return 0.0


STORES = 20
_SAID = f"'store ' || (feedback.rowid % {STORES})"


def count_by_store(path: str) -> tuple[float, float]:
    """Count the answers that `scores.fill` made by 20 stores, by SQL alone; rows and MB of counts for each year.

    The answers themselves say no store: a score does not read them.
    """
    ratings = ", ".join(f"SUM(rating = {rating})" for rating in range(11))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = _pages(connection)
        connection.execute("BEGIN")
        connection.execute("""UPDATE touchpoint SET segments = '["store"]' WHERE id = 1""")
        connection.execute(
            "INSERT INTO split (id, touchpoint_id, key, counted, most, closed) VALUES (1, 1, 'store', 0, 200, 0)"
        )
        connection.execute(
            f"INSERT INTO segment (touchpoint_id, split_id, value) SELECT DISTINCT 1, 1, {_SAID} FROM feedback"
        )
        for grain in (TOTAL, MONTH, DAY):
            connection.execute(
                f"INSERT INTO segment_rollup SELECT 1, segment.id, '{grain}', {BUCKETS[grain]} AS bucket, source,"
                f" 'counted', COUNT(*), 0, {ratings} FROM feedback JOIN segment ON value = {_SAID}"
                " GROUP BY segment.id, bucket, source"
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((rows,),) = connection.execute("SELECT count(*) FROM segment_rollup")
        return rows / YEARS, (_pages(connection) - before) * 4096 / 1e6 / YEARS


def _pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT * FROM pragma_page_count()").fetchone()[0])
