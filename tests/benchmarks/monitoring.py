"""How long a look at 10,000 touchpoints takes: the first one, and those after each hour.

python -m tests.benchmarks.monitoring [TOUCHPOINTS] [ANSWERS_A_DAY]
"""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import migrate
from app.db import open_database
from app.monitoring import watch
from app.monitoring.memory import Memory

DAYS, HOURS = 160, (9, 11, 13, 16, 19)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
CHANGED = 0.2  # share of the touchpoints that get answers within an hour


def _rows(touchpoints: int, a_day: float) -> Iterator[tuple[int, int, int, int, int, int, int, int]]:
    dice, start = random.Random(1), int((NOW - timedelta(days=DAYS)).timestamp()) // 86_400 * 86_400
    for number in range(1, touchpoints + 1):
        for day in range(DAYS):
            for hour in HOURS:
                n = sum(dice.random() < a_day / len(HOURS) / 4 for _ in range(4))
                if n:
                    given = dice.choices(range(5), (5, 5, 10, 30, 50), k=n)
                    counts = [given.count(place) for place in range(5)]
                    yield number, start + day * 86_400 + hour * 3600, n, *counts


TEXTS = {"phase": "purchase", "contact": "direct", "channel": "website", "scale": "stars", "timezone": "Europe/Berlin"}
EMPTY = {"name": "{}", "question": "{}", "comment_prompt": "{}", "reasons": "[]", "tags": "[]", "origins": "[]"}
EMPTY |= {"frame_origins": "[]", "open": "[]", "segments": "[]"}
NUMBERS = {"importance": 3, "public": 0}
TIMES = dict.fromkeys(("created_at", "updated_at"), "2026-01-01 00:00:00.000000")
COUNTS = ("n", *(f"n{rating}" for rating in range(1, 6)))
NONE = ("comments", "n0", *(f"n{rating}" for rating in range(6, 11)))


def fill(path: Path, touchpoints: int, a_day: float) -> int:
    """Touchpoints on five stars with their counts by hour; returns how many cells there are."""
    row = TEXTS | EMPTY | NUMBERS | TIMES
    key = f"INSERT INTO touchpoint (key, {', '.join(row)}) VALUES (?{', ?' * len(row)})"
    cell = (
        f"INSERT INTO rollup (touchpoint_id, grain, bucket, source, slice, {', '.join((*COUNTS, *NONE))}) "
        f"VALUES (?, 'hour', ?, 'web', 'counted'{', ?' * len(COUNTS)}{', 0' * len(NONE)})"
    )
    with sqlite3.connect(path) as connection:
        keys = ((f"t-{number}", *row.values()) for number in range(1, touchpoints + 1))
        connection.executemany(key, keys)
        done = connection.executemany(cell, _rows(touchpoints, a_day)).rowcount
        connection.execute("INSERT INTO revision SELECT id, 1 FROM touchpoint")
    connection.close()
    return done


async def run(touchpoints: int, a_day: float) -> None:
    """Print the seconds of a first look, of one after nothing came, and of one after an hour's answers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        url = f"sqlite+aiosqlite:///{path}"
        await asyncio.to_thread(migrate.upgrade, url)
        cells = fill(path, touchpoints, a_day)
        db, memory = open_database(url), Memory()
        for said, changed in (("first look", 0.0), ("after an hour without answers", 0.0), ("after an hour", CHANGED)):
            with sqlite3.connect(path) as connection:
                connection.execute(
                    "UPDATE revision SET revision = revision + 1 WHERE touchpoint_id % 100 < ?", (100 * changed,)
                )
            connection.close()
            started, cpu = time.perf_counter(), time.process_time()
            report = await watch.once(db, NOW, memory)
            took, busy = time.perf_counter() - started, time.process_time() - cpu
            print(
                f"{touchpoints} touchpoints, {cells} cells, {said}: {took:.2f} s ({busy:.2f} s busy) {report.summary()}"
            )
        await db.close()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if sys.argv[1:] else 10_000, float(sys.argv[2]) if sys.argv[2:] else 1))
