"""Scores: against an endpoint that returns a constant, and at ten thousand against ten million answers."""

import contextlib
import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx

from app import migrate
from tests.benchmarks.answers import touchstone
from tests.benchmarks.load import HEADERS, Server, get, server, wrk

SCORE = "/v1/touchpoints/bench/score"
YEARS = 3
_TOUCHPOINT = (
    "INSERT INTO touchpoint (id, key, phase, contact, channel, scale, name, question, comment_prompt, reasons, tags,"
    " importance, timezone, origins, public, created_at, updated_at) VALUES (?, ?, 'purchase', 'direct', 'store', 'csat',"  # noqa: E501
    " '{}', '{}', '{}', '[]', '[]', 3, 'UTC', '[]', 0, '2023-01-01 00:00:00.000000', '2023-01-01 00:00:00.000000')"
)
_ANSWERS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO feedback (touchpoint_id, id, rating, reasons, source, flags, occurred_at, received_at)
SELECT :id, printf('%012x7000%016x', (:since + i * :span / :count) * 1000, i), 1 + abs(random()) % 5, '',
  CASE i % 3 WHEN 0 THEN 'web' WHEN 1 THEN 'kiosk' ELSE 'api' END, '', at, at
FROM (SELECT i, strftime('%Y-%m-%d %H:%M:%f', :since + i * :span / :count, 'unixepoch') || '000' AS at FROM n)
"""
BUCKETS = {
    "total": "0",
    "month": "CAST(strftime('%s', occurred_at, 'start of month') AS integer)",
    "day": "CAST(strftime('%s', occurred_at, 'start of day') AS integer)",
    "hour": "CAST(strftime('%s', occurred_at) AS integer) / 3600 * 3600",
}


def fill(path: str, answers: int, touchpoints: int = 1) -> None:
    """A migrated SQLite file with `answers` over three years and their rollup, made by SQL alone."""
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    span = YEARS * 365 * 86_400
    since = int(time.time()) - span
    connection.execute("BEGIN")
    for number in range(1, touchpoints + 1):
        connection.execute(_TOUCHPOINT, (number, "bench" if number == 1 else f"bench-{number}"))
        values = {"id": number, "count": answers // touchpoints, "since": since, "span": span}
        connection.execute(_ANSWERS, values)
    ratings = ", ".join(f"SUM(rating = {rating})" for rating in range(11))
    for grain, bucket in BUCKETS.items():
        connection.execute(
            f"INSERT INTO rollup SELECT touchpoint_id, '{grain}', {bucket} AS bucket, source, 'counted', COUNT(*), 0,"
            f" {ratings} FROM feedback GROUP BY touchpoint_id, bucket, source"
        )
    connection.execute("INSERT INTO revision (touchpoint_id, revision) SELECT id, 1 FROM touchpoint")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


MANY = 6000  # at 30,000 a second each is asked five times a second, which is how often all of them change


def against_a_constant(url: str, seconds: int, rounds: int) -> dict[str, float]:
    """Medians of requests per second: a constant of the same size, an ETag hit, and a score that changed every time."""
    rates: dict[str, list[float]] = {"constant": [], "hit": [], "changed": []}
    for number in range(rounds):
        path = f"{url.removeprefix('sqlite+aiosqlite:///')}/score{number}.db"
        fill(path, 50 * MANY, MANY)
        with touchstone(f"sqlite+aiosqlite:///{path}") as running:
            first = httpx.get(running.url + SCORE, headers=HEADERS)
            script = get(**{"If-None-Match": first.headers["etag"].replace('"', '\\"')})
            hit = wrk(running.url + SCORE, connections=64, seconds=seconds, script=script)
            rates["hit"].append(hit.rate)
            wrk(running.url, connections=64, seconds=6, script=_in_turn())  # every touchpoint has been asked for once
            with changing(path):
                rates["changed"].append(wrk(running.url, connections=64, seconds=seconds, script=_in_turn()).rate)
        with server("stores_nothing") as running:
            constant = f"{running.url}/constant/{len(first.content)}"
            rates["constant"].append(wrk(constant, connections=64, seconds=seconds, script=get()).rate)
    return {name: statistics.median(values) for name, values in rates.items()}


@contextlib.contextmanager
def changing(path: str) -> Iterator[None]:
    """Somebody else writes: each revision grows five times a second, so that no score stays the same."""
    stop = threading.Event()

    def change() -> None:
        connection = sqlite3.connect(path, timeout=10)
        while not stop.wait(0.2):
            with connection:
                connection.execute("UPDATE revision SET revision = revision + 1")
        connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _in_turn() -> str:
    """Lua: another touchpoint in every request, so that each is asked again only after it changed."""
    return (
        f"{get()}\nlocal n = 1\nrequest = function()\n  n = n % {MANY - 1} + 1\n"
        '  return wrk.format("GET", "/v1/touchpoints/bench-" .. (n + 1) .. "/score")\nend'
    )


WINDOWS: dict[str, dict[str, float]] = {
    "all time": {},
    "last 7 days": {"days": 7},
    "last 90 days": {"days": 90},
    "last year": {"days": 365},
    "odd 500 days": {"days": 500, "hours": 7},
}


def read_times(*servers: Server, times: int = 300, **asked: str) -> dict[str, list[float]]:
    """Median ms of a score, by window, for each of the servers, computed anew; asked in turns, for fairness.

    `asked` is what else the question says.
    """
    found = {}
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(headers=HEADERS, base_url=each.url)) for each in servers]
        for name, ago in WINDOWS.items():
            took: list[list[float]] = [[] for _ in servers]
            for number in range(times):
                question = _question(ago, number)
                for client, own in zip(clients, took, strict=True):
                    own.append(_seconds(client, question, asked))
            found[name] = [statistics.median(own) * 1000 for own in took]
    return found


def _question(ago: dict[str, float], number: int) -> dict[str, str]:
    """A window whose bounds both move by hours, so that neither is ever the same twice in half a second."""
    if not ago:
        return {}
    since = datetime.now(UTC) - timedelta(**ago) - timedelta(hours=number % 5)
    return {
        "since": since.isoformat(),
        "until": (datetime.now(UTC) - timedelta(hours=random.randrange(100))).isoformat(),
    }


def _seconds(client: httpx.Client, question: dict[str, str], asked: dict[str, str]) -> float:
    if not question:  # a change, so that no earlier answer serves
        client.post("/v1/touchpoints/bench/feedback", json={"rating": 4})
    started = time.perf_counter()
    answer = client.get(SCORE, params=question | asked)
    took = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    return took


def worst_of(running: Server, times: int = 15) -> float:
    """Median ms of the list of the 200 worst touchpoints."""
    took = []
    with httpx.Client(headers=HEADERS, base_url=running.url, timeout=60) as client:
        for _ in range(times):
            started = time.perf_counter()
            answer = client.get("/v1/scores", params={"limit": 200})
            took.append(time.perf_counter() - started)
            assert len(answer.json()["items"]) == 200
    return statistics.median(took) * 1000
