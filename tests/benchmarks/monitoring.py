"""How long a look at 10,000 touchpoints takes, and what customers who answer meanwhile notice of it.

Everything is set as in a process that serves. The longest stretch between two turns of the event loop is printed, how
much processor time the process had in it at most, and how much of it the garbage collector took, for which every thread
waits. On a machine with much else to do the processor time is what can be compared.

python -m tests.benchmarks.monitoring [TOUCHPOINTS] [ANSWERS_A_DAY]
"""

import asyncio
import gc
import itertools
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlmodel import Session

from app import migrate
from app.cli.loading import loading
from app.cli.server import SWITCH_S
from app.main import create_app
from app.monitoring import watch
from app.monitoring.memory import Memory
from app.settings import Settings

DAYS, HOURS = 160, (9, 11, 13, 16, 19)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LOOKS = (  # what it is, the share of the touchpoints with new answers, and when
    ("first look", 0.0, timedelta()),
    ("an hour without answers", 0.0, timedelta()),
    ("an hour in which 20 % got answers", 0.2, timedelta()),
    ("an hour in which all got answers", 1.0, timedelta()),
    ("the first hour of a day in which 20 % got answers", 0.2, timedelta(days=1)),
)
TICK_S = 0.001
ADMIN_KEY = "x" * 40
KEY = {"Authorization": f"Bearer {ADMIN_KEY}"}


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
EMPTY |= {"frame_origins": "[]", "open": '["key"]', "segments": "[]"}
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


@dataclass
class Beside:
    """What the loop and a customer who answers notice meanwhile: pauses and waits, in milliseconds."""

    pauses: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    collected: list[float] = field(default_factory=lambda: [0.0])
    began: float = 0.0
    over: bool = False

    def collects(self, phase: str, _: dict[str, int]) -> None:
        """Called by the garbage collector as it starts and stops."""
        at = time.perf_counter()
        if phase == "stop":
            self.collected.append(1000 * (at - self.began))
        self.began = at

    async def tick(self) -> None:
        while not self.over:
            started, cpu = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK_S)
            self.pauses.append(1000 * (time.perf_counter() - started - TICK_S))
            self.busy.append(1000 * (time.process_time() - cpu))

    async def answer(self, app: FastAPI) -> None:
        """50 answers a second at touchpoints in turn."""
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://bench", headers=KEY
        ) as client:
            for number in itertools.takewhile(lambda _: not self.over, itertools.count()):
                started = time.perf_counter()
                given = {"rating": 5}
                answer = await client.post(f"/v1/touchpoints/t-{number % 100 + 1}/feedback", json=given)
                assert answer.status_code in (201, 202), answer.text
                self.waits.append(1000 * (time.perf_counter() - started))
                await asyncio.sleep(0.02)

    def said(self) -> str:
        waits, pauses = sorted(self.waits), sorted(self.pauses)
        usual, late = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
        return (
            f"loop held {pauses[-1]:.0f} ms at most (p99.9 {pauses[len(pauses) * 999 // 1000]:.0f}, of the processor "
            f"{max(self.busy):.0f}, the collector {max(self.collected):.0f}), "
            f"answers took {usual:.1f} ms, p99 {late:.1f} ms"
        )


@asynccontextmanager
async def beside(app: FastAPI) -> AsyncIterator[Beside]:
    seen = Beside()
    gc.callbacks.append(seen.collects)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(seen.tick())
        tasks.create_task(seen.answer(app))
        yield seen
        gc.callbacks.remove(seen.collects)
        seen.over = True  # an answer that is cancelled on its way is answered with 503


async def run(touchpoints: int, a_day: float) -> None:
    """Print the seconds of a first look and of those after, with answers coming in beside them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        url = f"sqlite+aiosqlite:///{path}"
        await asyncio.to_thread(migrate.upgrade, url)
        cells = fill(path, touchpoints, a_day)
        print(f"{touchpoints} touchpoints, {cells} cells")
        sys.setswitchinterval(SWITCH_S)
        with loading():
            app = create_app(Settings(database_url=url, admin_key=ADMIN_KEY, rate_limit="off"))
        async with app.router.lifespan_context(app):
            async with beside(app) as seen:
                await asyncio.sleep(3)
            print(f"no look: {seen.said()}")
            memory = Memory()
            for said, changed, at in LOOKS:
                await app.state.db.write(partial(_answered, changed=changed))
                async with beside(app) as seen:
                    started, cpu = time.perf_counter(), time.process_time()
                    report = await watch.once(app.state.db, NOW + at, memory)
                    took, busy = time.perf_counter() - started, time.process_time() - cpu
                print(f"{said}: {took:.2f} s ({busy:.2f} s busy), {report.states['watched']} watched; {seen.said()}")


def _answered(session: Session, changed: float) -> None:
    raised = text("UPDATE revision SET revision = revision + 1 WHERE touchpoint_id % 100 < :changed")
    session.execute(raised, {"changed": 100 * changed})


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if sys.argv[1:] else 10_000, float(sys.argv[2]) if sys.argv[2:] else 1))
