"""Prints the table of figures and writes it into the README: `python -m tests.benchmarks [--quick] [--large]`.

Everything runs on this machine, the client included, so only the ratios travel. `--large` takes ten million answers
instead of one (some minutes and 4 GB).
"""

import argparse
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import answers, scores, segments, told
from tests.benchmarks.load import KEY, command, free_port, post, wait_for, wrk

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


class Line(NamedTuple):
    """One figure: what was measured, what came out, what is promised."""

    what: str
    figure: str
    promise: str = ""


def of_answers(kind: str, promise: str, seconds: int, rounds: int) -> Iterator[Line]:
    """Single answers and batches on one kind of database."""
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[kind]
    with answers.databases(kind) as url:
        found = answers.single(url, seconds, rounds)
        rate = found["touchstone"]
        against = f"{rate / found['nothing']:.2f} x ({rate:,.0f}/s against {found['nothing']:,.0f}/s)"
        yield Line(f"{name}: one durable answer, against FastAPI storing nothing", against, promise)
        plain = f"{rate / found['plain']:.1f} x ({found['plain']:,.0f}/s)"
        yield Line(f"{name}: the same, against a session and commit per request", plain, "15 x")
        served, bare = answers.batches(url, seconds / 2, rounds)
        ratio = f"{served / bare:.2f} x ({served:,.0f} answers/s against {bare:,.0f})"
        yield Line(f"{name}: batches of 500 from four senders, against bare multi-row inserts", ratio, "0.6 x")
        if kind == "sqlite":
            yield Line(
                "latency at 64 connections, median and 99th percentile", _ms(answers.latency(url, seconds)), "150 ms"
            )
            yield Line(
                "99th percentile at a steady 500/s", f"{answers.constant_rate(url, 500, seconds):.0f} ms", "50 ms"
            )
            yield Line("memory at 256 connections", f"{found['memory']:.0f} MB", "160 MB")
            yield from _memory_under_overload(url, seconds)


def _ms(found: answers.Figures) -> str:
    return f"{found.p50:.0f} ms, {found.p99:.0f} ms"


def _memory_under_overload(url: str, seconds: int) -> Iterator[Line]:
    idle = []
    for _ in range(2):  # the first start migrates
        with answers.touchstone(f"{url}/idle.db") as running:
            time.sleep(1)
            idle.append(f"{running.memory_mb():.0f} MB")
    yield Line("memory idle, on the first start and on later ones", ", ".join(idle), "110 MB")
    with answers.touchstone(f"{url}/full.db", TOUCHSTONE_QUEUE_SIZE="200") as running:
        found = wrk(running.url + answers.PATH, connections=1000, seconds=seconds, script=post(answers.BODY))
        yield Line("memory with the queue full (1,000 connections)", f"{running.memory_mb():.0f} MB", "250 MB")
        yield Line("of these answered with 503", f"{found.failed:,} of {found.rate * seconds:,.0f}")


def of_told(rounds: int) -> Iterator[Line]:
    """What it costs an answer that a subscriber and a chat are there to be told."""
    for kind, database in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        for name, ratios in told.told(kind, 4 * rounds).items():
            what = f"{database}: an answer with a subscriber and a chat on, {name}, against without (processor time)"
            yield Line(what, f"{statistics.median(ratios):.2f} x", told.PROMISED.get(name, ""))


def of_scores(seconds: int, rounds: int) -> Iterator[Line]:
    """Score reads against a constant, and the list of the worst."""
    with answers.databases("sqlite") as url:
        found = scores.against_a_constant(url, seconds, rounds)
        hit, changed = found["hit"] / found["constant"], found["changed"] / found["constant"]
        yield Line("score unchanged (ETag hit), against FastAPI returning a constant", f"{hit:.2f} x", "0.9 x")
        yield Line("score that changed every time, against the same", f"{changed:.2f} x", "0.5 x")
        path = f"{url.removeprefix('sqlite+aiosqlite:///')}/worst.db"
        scores.fill(path, 200_000, touchpoints=1000)
        with answers.touchstone(f"sqlite+aiosqlite:///{path}") as running:
            yield Line("the 200 worst of 1,000 touchpoints", f"{scores.worst_of(running):.0f} ms", "30 ms")


def of_size(small: int, large: int) -> Iterator[Line]:
    """The time of a score, and of a start, at few and at many answers."""
    with answers.databases("sqlite") as url:
        folder = url.removeprefix("sqlite+aiosqlite:///")
        # before the disk is busy with millions of answers
        starts = [(starting(f"{url}/new{n}.db"), starting(f"{url}/plain{n}.db", "plain_way")) for n in range(5)]
        empty, plain = (statistics.median(times) for times in zip(*starts, strict=True))
        for count in (small, large):
            scores.fill(f"{folder}/{count}.db", count)
        with answers.touchstone(f"{url}/{small}.db") as one, answers.touchstone(f"{url}/{large}.db") as other:
            times = scores.read_times(one, other, group_by="source")
        yield from _grown("score", times, small, large)
        filled = statistics.median(starting(f"{url}/{large}.db") for _ in range(5))
        yield Line("start to ready, empty database", f"{empty:.2f} s", "1.5 s")
        against = f"{empty / plain:.2f} x ({plain:.2f} s)"
        yield Line("start to ready, against FastAPI and SQLModel with one route", against)
        yield Line(f"start to ready, {large:,} answers", f"{filled:.2f} s", "2 s")


def _grown(what: str, times: dict[str, list[float]], small: int, large: int) -> Iterator[Line]:
    for name, (few, many) in times.items():
        ratio = f"{many / few:.2f} x ({many:.1f} ms against {few:.1f} ms)"
        yield Line(f"{what} of {name} at {large:,} answers, against {small:,}", ratio, "1.2 x")


def of_segments(small: int, large: int, rounds: int) -> Iterator[Line]:
    """What three declared keys cost an answer, and the score of one of 20 stores at few and at many answers."""
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        with answers.databases(kind) as url:
            for many, senders, what in ((1, 64, "one answer"), (50, 4, "batches of 50"), (500, 4, "batches of 500")):
                each = 2000 if many == 1 else 10_000
                none, three, ratio = segments.intake(url, many, senders, each, 5 * rounds)
                figure = f"{ratio:.2f} x ({three:.0f} us of processor time against {none:.0f})"
                yield Line(f"{name}: {what} with three declared keys, against none", figure, "0.95 x")
    with answers.databases("sqlite") as url:
        folder = url.removeprefix("sqlite+aiosqlite:///")
        for count in (small, large):
            scores.fill(f"{folder}/{count}.db", count)
            rows, size = segments.count_by_store(f"{folder}/{count}.db")
        yield Line(f"counts of {segments.STORES} stores, three sources, for a year", f"{rows:,.0f} rows, {size:.1f} MB")
        with answers.touchstone(f"{url}/{small}.db") as one, answers.touchstone(f"{url}/{large}.db") as other:
            times = scores.read_times(one, other, segment="store:store 7")
        yield from _grown("score of one store", times, small, large)


def starting(url: str, target: str = "touchstone") -> float:
    """Seconds from the command to the first answer."""
    port = free_port()
    urls = dict.fromkeys(("TOUCHSTONE_DATABASE_URL", "BENCH_DATABASE_URL"), url)
    environment = os.environ | urls | {"TOUCHSTONE_ADMIN_KEY": KEY}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed service was compiled when it was installed
    started = time.perf_counter()
    process = subprocess.Popen(command(target, port), env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        return time.perf_counter() - started
    finally:
        process.terminate()
        process.wait(20)


def table(lines: list[Line], before: str) -> str:
    """The figures as Markdown, in the place of those in `before`, a table."""
    held = {row.split(" | ")[0]: row for row in before.splitlines() if row.startswith("| ") and "---" not in row}
    found = {f"| {line.what}": f"| {line.what} | {line.figure} | {line.promise} |" for line in lines}
    rows = [row for name, row in (held | found).items() if name != "| measured"]
    where = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {date.today():%Y-%m-%d}"
    head = ["| measured | figure | to reach |", "| --- | --- | --- |"]
    return "\n".join(
        [*head, *rows, "", f"Client and service on one machine: {where}. Made by `python -m tests.benchmarks`."]
    )


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--large", action="store_true", help="ten million answers instead of one")
    parser.add_argument("--write", action="store_true", help="put the figures into the table of the README")
    parser.add_argument("--only", choices=["sqlite", "postgresql", "told", "scores", "size", "segments"])
    chosen = parser.parse_args()
    seconds, rounds = (2, 1) if chosen.quick else (6, 3)
    large = 10_000_000 if chosen.large else 1_000_000
    os.environ.setdefault("TMPDIR", tempfile.gettempdir())
    parts = {
        "sqlite": of_answers("sqlite", "1.0 x", seconds, rounds),
        "postgresql": of_answers("postgresql", "0.95 x", seconds, rounds),
        "told": of_told(rounds),
        "scores": of_scores(seconds, rounds),
        "size": of_size(10_000, large),
        "segments": of_segments(10_000, large, rounds),
    }
    lines = []
    for name, part in parts.items():
        if chosen.only in (None, name):
            for line in part:
                print(f"{line.what}: {line.figure} (to reach: {line.promise or '-'})", flush=True)
                lines.append(line)
    if chosen.write:
        text = README.read_text(encoding="utf-8")
        before = text.partition(BEGIN)[2].partition(END)[0] if chosen.only else ""
        block = f"{BEGIN}\n{table(lines, before)}\n{END}"
        README.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
