"""`python -m tests.benchmarks.import_memory [--large]`: how much memory an import takes, by the length of its file.

Each line is one `touchstone import` in a process of its own: the seconds and the peak of its resident memory. A hundred
thousand and a million rows, all different, are stored; `--large` checks two gigabytes of long comments (`--dry-run`),
as a file and as a stream of gzip.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LARGE = 2 * 2**30  # bytes
COMMENT = "The parcel came late and nobody answered my mails, größer war der Ärger nie. " * 48  # 3,700 characters


def short(rows: int) -> Iterator[str]:
    """Rows that differ in their comments."""
    for number in range(rows):
        yield f"{number % 5 + 1},comment number {number},2026-05-{number % 28 + 1:02} 10:{number % 60:02}:00\n"


def long(size: int) -> Iterator[str]:
    """Rows with long comments, of so many bytes in all."""
    for number in range(size // (len(COMMENT.encode()) + 40)):
        yield f"{number % 5 + 1},{number} {COMMENT},2026-05-{number % 28 + 1:02} 10:00:00\n"


def written(file: IO[bytes], rows: Iterator[str]) -> None:
    file.write(b"stars,text,at\n")
    for row in rows:
        file.write(row.encode())


def imported(path: Path, folder: Path, *options: str) -> str:
    """What the import says in its last line, its seconds and its peak of memory."""
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": f"sqlite+aiosqlite:///{folder / path.name}.db"}
    command = [sys.executable, "-m", "app.cli", "import", str(path), "--yes", "--timezone", "UTC", *options]
    begun = time.monotonic()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        said, wrong = process.stdout.read(), process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said + wrong
    seconds, last = time.monotonic() - begun, said.strip().splitlines()[-1]
    busy, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    return f"{seconds:>7.0f} s by the clock {busy:>7.0f} s of the processor {peak:>7.0f} MB  {last}"


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--large", action="store_true")
    large = asked.parse_args().large
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in (100_000, 1_000_000):
            path = folder / f"{rows}.csv"
            with path.open("wb") as file:
                written(file, short(rows))
            print(f"{rows:>10,} rows   {imported(path, folder)}", flush=True)
            path.unlink()
        if large:
            path = folder / "large.csv"
            with path.open("wb") as file:
                written(file, long(LARGE))
            print(f"   2 GB of CSV   {imported(path, folder, '--dry-run')}", flush=True)
            path.unlink()
            with gzip.open(folder / "large.csv.gz", "wb", compresslevel=1) as packed:
                written(packed, long(LARGE))  # type: ignore[arg-type]
            print(f"   2 GB in gzip  {imported(folder / 'large.csv.gz', folder, '--dry-run')}", flush=True)


if __name__ == "__main__":
    main()
