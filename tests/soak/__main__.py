"""Runs the service under all kinds of load, killed and restarted in turn: `python -m tests.soak --minutes 30`.

Half of the time on SQLite, then as two processes on a PostgreSQL of its own. Prints a row for each: what was sent,
acknowledged, stored, doubled and lost, how long requests took, and the memory over time.
"""

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session

from app.db import open_database, snapshot
from app.models import Feedback
from app.scores import rollup
from tests.conftest import _other, start_postgres
from tests.reliability.server import Server
from tests.soak.load import Load, Told

TURN_S = 20.0  # between a kill and a restart
HEAD = (
    "| database | sent | acknowledged | stored | doubled | lost | drift | refused | cut | odd | restarts | p50 | p99 | "
    "memory (MB) |"
)


async def soak(server: Server, url: str, seconds: float) -> tuple[Told, list[float], int]:
    """Serve and send for so long: what was told, the memory each turn, and how often it was killed or restarted."""
    server.start()
    await server.ready()
    load, memory, turns, end = Load(server.port), [server.memory_mb()], 0, time.monotonic() + seconds
    await load.prepare()
    load.start()
    while (left := end - time.monotonic()) > 0:
        await asyncio.sleep(min(TURN_S, left))
        memory.append(server.memory_mb())
        if left > TURN_S:
            await asyncio.to_thread(server.stop if turns % 2 else server.kill)
            turns += 1
            server.start()
            await server.ready()
    await load.stop()
    await asyncio.to_thread(server.stop)
    return load.told, memory, turns


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


def row(name: str, told: Told, names: Counter[str], drift: int, memory: list[float], turns: int) -> str:
    """What came of it as a row of the table."""
    doubled = sum(count - 1 for count in names.values()) + len(names.keys() - told.sent)
    lost = len(told.acknowledged - names.keys())
    marks = statistics.quantiles(told.seconds, n=100)
    over_time = " ".join(f"{each:.0f}" for each in memory)
    found = (len(told.sent), len(told.acknowledged), names.total(), doubled, lost, drift, told.refused, told.cut)
    shown = [f"{each:,}" for each in (*found, len(told.odd), turns)]
    return f"| {' | '.join((name, *shown, f'{marks[49] * 1000:.0f} ms', f'{marks[98] * 1000:.0f} ms', over_time))} |"


async def run(name: str, url: str, folder: Path, seconds: float, workers: int) -> None:
    server = Server(url, folder / "log", workers=workers, as_command=True, ASK_EVERY_DAYS="0")
    try:
        told, memory, turns = await soak(server, url, seconds)
        names, drift = await held(url)
        print(row(name, told, names, drift, memory, turns), flush=True)
        print(*told.odd[:5], sep="\n", end="")
    finally:
        server.kill()


def main() -> None:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    seconds = parser.parse_args().minutes * 30
    print(HEAD, "|" + "---|" * 14, sep="\n", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="touchstone"))
    postgres = start_postgres(Path(tempfile.mkdtemp(prefix="touchstone")))
    try:
        asyncio.run(run("SQLite", f"sqlite+aiosqlite:///{folder}/soak.db", folder, seconds, 1))
        postgres.psql("CREATE DATABASE soak")
        url = _other(str(postgres.get_uri()), "soak")
        from app import migrate

        migrate.upgrade(url)
        asyncio.run(run("PostgreSQL, 2 processes", url, folder, seconds, 2))
    finally:
        postgres.cleanup()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
