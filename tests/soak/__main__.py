"""Runs the service under all kinds of load: `python -m tests.soak --minutes 30`.

For the first 40 percent it is killed (-9) and stopped in turn and started again, every 20 seconds; then it is left to
itself, where memory and file descriptors show whether they grow. That is done on SQLite, then as two processes on a
PostgreSQL of its own, half of the minutes each. Prints a row for each: what was sent, acknowledged, stored, doubled
and lost, cells of the rollup that are wrong, and how long the requests took that were answered.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session

from app.db import open_database, snapshot
from app.models import Feedback
from app.scores import rollup
from tests.conftest import _other, start_postgres
from tests.reliability.server import Server
from tests.soak.load import Load, Told

TURN_S = 20.0  # between a kill and a restart, and between two looks at the memory
DISTURBED = 0.4  # of the time; a process that ends every 20 seconds would hide that its memory grows
HEAD = (
    "| database | sent | acknowledged | stored | doubled | lost | drift | refused | cut | odd | restarts | p50 | p99 | "
    "memory left to itself (MB) | descriptors |"
)


async def soak(server: Server, seconds: float, rate: float) -> tuple[Told, list[float], list[int], int]:
    """Serve and send for so long.

    Returns what was told, the memory in MB and the file descriptors of each look while left to itself, and how often
    it was killed or restarted.
    """
    server.start()
    await server.ready()
    load, memory, opened, turns = Load(server.port, rate), [], [], 0
    await load.prepare()
    load.start()
    started = time.monotonic()
    while (left := seconds - (time.monotonic() - started)) > 0:
        await asyncio.sleep(min(TURN_S, left))
        if time.monotonic() - started < seconds * DISTURBED:
            await asyncio.to_thread(server.stop if turns % 2 else server.kill)
            turns += 1
            server.start()
            await server.ready()
        else:
            memory.append(server.memory_mb())
            opened.append(server.descriptors())
    await load.stop()
    await asyncio.to_thread(server.stop)
    return load.told, memory, opened, turns


async def held(url: str) -> tuple[Counter[str], int]:
    """The answers by what their senders know them by, and how many cells of the rollup are wrong."""

    def work(session: Session) -> tuple[Counter[str], int]:
        with snapshot(session):
            rows = session.execute(select(Feedback.id, Feedback.respondent, Feedback.source))  # type: ignore[call-overload]
            names = Counter(row.respondent if row.source == "email" else str(row.id) for row in rows)
            drift = sum(1 for row in rollup.every_touchpoint(session) for _ in rollup.differences(session, row))
            return names, drift

    db = open_database(url)
    try:
        return await db.read(work)
    finally:
        await db.close()


def row(name: str, told: Told, names: Counter[str], drift: int, turns: int) -> list[str]:
    """What came of it as the first cells of its row."""
    doubled = sum(count - 1 for count in names.values()) + len(names.keys() - told.sent)
    lost = len(told.acknowledged - names.keys())
    marks = statistics.quantiles(told.seconds, n=100)
    found = (len(told.sent), len(told.acknowledged), names.total(), doubled, lost, drift, told.refused, told.cut)
    numbers = [f"{each:,}" for each in (*found, len(told.odd), turns)]
    return [name, *numbers, f"{marks[49] * 1000:.0f} ms", f"{marks[98] * 1000:.0f} ms"]


def over_time(looks: Sequence[float]) -> str:
    """About ten of them, the first and the last among these."""
    step = max(1, len(looks) // 10)
    return " ".join(f"{each:.0f}" for each in reversed(looks[::-1][::step]))


async def run(name: str, url: str, folder: Path, seconds: float, workers: int, rate: float) -> None:
    server = Server(url, folder / "log", workers=workers, as_command=True, ASK_EVERY_DAYS="0")
    try:
        told, memory, opened, turns = await soak(server, seconds, rate)
        names, drift = await held(url)
        cells = [*row(name, told, names, drift, turns), over_time(memory), over_time(opened)]
        print(f"| {' | '.join(cells)} |", *told.odd[:5], sep="\n", flush=True)
    finally:
        server.kill()


def main() -> None:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=10.0, help="how often each of ten senders begins in a second")
    chosen = parser.parse_args()
    seconds = chosen.minutes * 30
    print(HEAD, "|" + "---|" * HEAD.count(" | ") + "---|", sep="\n", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="touchstone"))
    postgres = start_postgres(Path(tempfile.mkdtemp(prefix="touchstone")))
    try:
        asyncio.run(run("SQLite", f"sqlite+aiosqlite:///{folder}/soak.db", folder, seconds, 1, chosen.rate))
        postgres.psql("CREATE DATABASE soak")
        url = _other(str(postgres.get_uri()), "soak")
        from app import migrate

        migrate.upgrade(url)
        asyncio.run(run("PostgreSQL, 2 processes", url, folder, seconds, 2, chosen.rate))
    finally:
        postgres.cleanup()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
