"""Columns of an imported file as segments: scores split by them equal what the file itself says."""

import asyncio
import csv
import gzip
import os
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from statistics import mean

import pytest

from tests.benchmarks.import_rate import REAL, made_up

ROOT = Path(__file__).parents[2]
ROWS = 12_000
BEFORE, AFTER = ("department", "service", "study_age"), "lecture_age"  # declared before the import, and after it
SCORE = "/v1/touchpoints/lectures/score"


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    """The first ratings of the real file (R's lme4::InstEval) where it is at hand, else of one of the same shape."""
    whole = REAL if REAL.exists() else made_up(tmp_path / "made-up.csv.gz", ROWS)
    path = tmp_path / "piece.csv"
    with gzip.open(whole, "rt", newline="") as file, path.open("w", newline="") as out:
        out.writelines(islice(file, ROWS + 1))
    return path


def imported(path: Path, url: str) -> str:
    """`touchstone import` with a column of context for each key, as an operator runs it; what it says."""
    command = [sys.executable, "-m", "app.cli", "import", str(path), "--touchpoint", "lectures"]
    command += ["--rating-column", "rating", "--yes"]
    command += [part for key in (*BEFORE, AFTER) for part in ("--context-column", key)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOUCHSTONE_DATABASE_URL": url}
    done = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def groups(client, key: str) -> dict[str, dict]:
    """The groups of a score by `key`, by value, when all answers are counted."""
    async with asyncio.timeout(60):
        while (score := (await client.get(SCORE, params={"group_by": key})).json())["counting"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return {group["segment"].partition(":")[2]: group for group in score["groups"]}


async def test_scores_by_columns_of_the_lecture_ratings_equal_the_file(client, make, database_url, piece):
    with piece.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == ROWS
    await make("lectures", scale="stars", segments=[*BEFORE])
    assert f"{ROWS:,} stored" in (await asyncio.to_thread(imported, piece, database_url)).replace("12000", "12,000")
    declared = await client.patch("/v1/touchpoints/lectures", json={"segments": [*BEFORE, AFTER]})
    assert declared.status_code == 200, declared.text
    for key in (*BEFORE, AFTER):
        truth: dict[str, Counter[int]] = {}
        for row in rows:
            truth.setdefault(row[key], Counter())[int(row["rating"])] += 1
        found = await groups(client, key)
        assert {value: group["count"] for value, group in found.items()} == {v: n.total() for v, n in truth.items()}
        assert len(truth) > 1
        for value, counts in truth.items():
            shown = found[value]["metrics"]["mean"]
            assert shown["value"] == pytest.approx(mean(counts.elements()), abs=0.0051), (key, value)
            one = (await client.get(SCORE, params={"segment": f"{key}:{value}"})).json()
            assert one["distribution"] == {str(rating): counts[rating] for rating in range(1, 6)}, (key, value)
