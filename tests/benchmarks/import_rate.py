"""`python -m tests.benchmarks.import_rate`: an import against bare `sqlite3.executemany` of the same rows, in one run.

The bare way gets the finished rows of `feedback` and `rollup` as tuples, in transactions of the same size with the same
pragmas; the import reads them out of a gzipped CSV, checks them, makes their ids and counts them.
"""

import asyncio
import csv
import gzip
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

from app import migrate
from app.db import open_database
from app.importer.answers import Columns
from app.importer.rows import CHUNK
from app.importer.run import Import, Wish

ROUNDS = 5
REAL = Path(__file__).parents[3] / "shared" / "data" / "insteval.csv.gz"
COLUMNS = Columns(touchpoint_column="department", touchpoint_prefix="dept-", rating="rating")


def made_up(path: Path, rows: int = 73_421) -> Path:
    """A file like the real one (lecture ratings of 14 departments), for where that is not at hand."""
    dice = random.Random(1)
    with gzip.open(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", "lecturer", "study_age", "lecture_age", "service", "department", "rating"])
        for _ in range(rows):
            row = [dice.randint(1, 2972), dice.randint(1, 2160), dice.choice((2, 4, 6, 8)), dice.randint(1, 6)]
            writer.writerow([*row, dice.randint(0, 1), dice.randint(1, 14), dice.randint(1, 5)])
    return path


def imported(file: Path, database: Path) -> int:
    """Import `file`; returns the number of rows stored."""

    async def run() -> int:
        db = open_database(f"sqlite+aiosqlite:///{database}")
        tally = await Import(db, COLUMNS, Wish("stars", create_touchpoints=True)).run(file, lambda *_: None)
        await db.close()
        return tally.created

    return asyncio.run(run())


def rows_of(database: Path, table: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
    connection.close()
    return rows


def bare(database: Path, tables: dict[str, list[tuple[object, ...]]]) -> None:
    """Write the rows of each table, and nothing else."""
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    for table, rows in tables.items():
        places, left = ",".join("?" * len(rows[0])), iter(rows)
        while chunk := list(islice(left, CHUNK)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", chunk)
            connection.execute("COMMIT")
    connection.close()


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Alternate both ways and print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        file = REAL if REAL.exists() else made_up(here / "made-up.csv.gz")
        slow, fast, stored = [], [], 0
        for number in range(ROUNDS):
            ours, theirs = here / f"ours-{number}.db", here / f"theirs-{number}.db"
            for path in (ours, theirs):
                migrate.upgrade(f"sqlite+aiosqlite:///{path}")
            slow.append(measure(lambda path=ours: imported(file, path)))
            tables = {name: rows_of(ours, name) for name in ("touchpoint", "feedback", "rollup")}
            stored = len(tables["feedback"])
            fast.append(measure(lambda path=theirs, tables=tables: bare(path, tables)))
            ours.unlink()
            theirs.unlink()
        for name, times in (("import", slow), ("executemany", fast)):
            wall, cpu = (median(each) for each in zip(*times, strict=True))
            print(f"{name:<12}{stored / wall:>10,.0f} rows/s{wall:>8.2f} s by the clock{cpu:>8.2f} s of the processor")
        ratios = [median(f[i] / s[i] for f, s in zip(fast, slow, strict=True)) for i in (0, 1)]
        print(f"ratio of the rates, {stored:,} rows: {ratios[0]:.2f} by the clock, {ratios[1]:.2f} by processor time")


if __name__ == "__main__":
    main()
