"""Ratings that do not fit, keys of before, counts, refused rows, and an import that is killed halfway."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.importer.answers import Columns
from app.importer.look import look
from app.importer.mapping import Mapping, from_toml, to_toml
from app.importer.ratings import Ratings, lost
from app.importer.refused import keeping
from app.importer.row import FileError, RowError
from app.importer.run import Import, Wish
from app.importer.tally import Tally
from tests.test_import import feedback, run, written

ROOT = Path(__file__).parents[2]


async def test_another_scale_is_halved_only_when_told_and_what_is_lost_is_named(sqlite_url, tmp_path):
    path = written(tmp_path, "Score\n" + "".join(f"{rating}\n" for rating in range(1, 11)))
    columns = Columns(touchpoint="shop", rating="Score")
    tally = await run(sqlite_url, path, columns, Wish("stars", create_touchpoints=True, ratings=Ratings({}, (10, 5))))
    assert tally.created == 10 and tally.of_file["shop"] == {1: 2, 2: 2, 3: 2, 4: 2, 5: 2}
    assert lost((10, 5)) == "1, 2 become 1; 3, 4 become 2; 5, 6 become 3; 7, 8 become 4; 9, 10 become 5"
    assert look(path, Mapping(), name="x").questions, "without being told it asks"


@pytest.mark.parametrize(
    ("cell", "said"),
    [("4.5", "--map 4.5=5 says what it becomes"), ("80 %", "--rescale 100:5"), ("great", '--map "great=5"')],
)
def test_a_rating_that_does_not_fit_is_refused_with_the_way_out(cell, said):
    with pytest.raises(RowError) as refused:
        Ratings().read(cell)
    assert said in str(refused.value)


async def test_of_ten_is_not_taken_as_of_five(sqlite_url, tmp_path):
    path = written(tmp_path, "Score\n4/10\n4/5\n")
    tally = await run(sqlite_url, path, Columns(touchpoint="shop", rating="Score"))
    assert tally.created == 1 and "--rescale 10:5" in tally.errors[0][1]


async def test_a_touchpoint_with_the_key_of_before_is_used_on(sqlite_url, tmp_path):
    path = written(tmp_path, "store,stars\nNürnberg,5\nMünchen,4\n")
    columns = Columns(touchpoint_column="store", rating="stars")
    await run(sqlite_url, written(tmp_path, "stars\n3\n", "old.csv"), Columns(touchpoint="nurnberg", rating="stars"))
    tally = await run(sqlite_url, path, columns)
    assert tally.new_touchpoints == ["muenchen"]
    assert sorted(item["touchpoint"] for item in await feedback(sqlite_url)) == ["muenchen", "nurnberg", "nurnberg"]


async def test_a_row_that_says_nothing_makes_no_touchpoint(sqlite_url, tmp_path):
    path = written(tmp_path, "store,stars,text\nNord,5,\nSum,,\n")
    tally = await run(sqlite_url, path, Columns(touchpoint_column="store", rating="stars", comment="text"))
    assert (tally.new_touchpoints, tally.created, tally.left_out) == (["nord"], 1, 1)


async def test_counts_are_answers_and_counting_again_adds_nothing(database_url, tmp_path):
    path = written(tmp_path, "hour,stars,n\n2026-05-01 10:00,5,3\n2026-05-01 10:00,2,1\n2026-05-01 11:00,5,many\n")
    columns = Columns(touchpoint="shop", rating="stars", time="hour", count="n")
    tally = await run(database_url, path, columns)
    assert (tally.created, tally.refused) == (4, 1) and "no number" in tally.errors[0][1]
    assert (await run(database_url, path, columns)).same == 4
    more = written(tmp_path, "hour,stars,n\n2026-05-01 10:00,5,5\n", "later.csv")
    later = await run(database_url, more, columns)
    assert (later.created, later.same) == (2, 3)


async def test_what_stands_beside_an_answer_is_cut_before_the_answer_is_lost(sqlite_url, tmp_path):
    names = [f"Frage {number}" for number in range(12)]
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["stars", *names], ["5", *["ü" * 900] * 12]])
    tally = await run(sqlite_url, path, Columns(touchpoint="shop", rating="stars", context=tuple(names)))
    assert tally.created == 1
    assert set((await feedback(sqlite_url))[0]["context"]) == set(names)


async def test_refused_rows_are_kept_with_their_cells_and_causes_with_their_first_lines(app, tmp_path):
    path = written(tmp_path, "stars;text\n9;a\n5;b\n8;c\nx;d\n1;e;f\n")
    looked = look(path, Mapping(columns=Columns(touchpoint="shop", rating="stars")), name="x")
    columns = Columns(touchpoint="shop", rating="stars", comment="text")
    bad = tmp_path / "bad.csv"
    with keeping(bad, looked.names, looked.layout) as keep:
        wish = Wish("stars", create_touchpoints=True, layout=looked.layout)
        tally = await Import(app.state.db, columns, wish, Tally(keep=keep)).run(path, lambda *_: None)
    kept = list(csv.DictReader(bad.read_text().splitlines(), delimiter=";"))
    assert [(row["stars"], row["refused: line"]) for row in kept] == [("9", "2"), ("8", "4"), ("x", "5"), ("1", "6")]
    assert sorted((cause.rows, cause.lines) for cause in tally.causes.values()) == [(1, [5]), (1, [6]), (2, [2, 4])]


def test_a_mapping_comes_back_from_toml_as_it_was_and_a_wrong_one_is_told():
    columns = Columns(touchpoint_column='the "Store"', rating="Note", context=("a", "b"), unwanted=("s", ("x", "1")))
    mapping = Mapping(columns, "stars", {"sehr gut": 5, 'a "b"': 1}, "10:5", False, "Europe/Berlin", None, "hashed")
    assert from_toml(to_toml(mapping)) == mapping
    for wrong in ("columns = 1", "[columns]\nnonsense = 1", "[else]\nx = 1", "="):
        with pytest.raises(FileError):
            from_toml(wrong)


def test_killed_halfway_and_repeated_nothing_is_lost_or_doubled(tmp_path):
    path = tmp_path / "big.csv"
    path.write_text("stars,text\n" + "".join(f"{number % 5 + 1},text {number}\n" for number in range(12_000)))
    command = [sys.executable, "-m", "app.cli", "import", str(path), "--yes", "--touchpoint", "shop"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOUCHSTONE_DATABASE_URL": "sqlite+aiosqlite:///x.db"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=-3, stderr=-3) as first:
        until = time.monotonic() + 60
        while not _stored(tmp_path / "x.db") and time.monotonic() < until and first.poll() is None:
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
    assert 0 < _stored(tmp_path / "x.db") < 12_000, "it was killed halfway"
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "there already" in done.stdout, done.stderr
    assert _stored(tmp_path / "x.db") == 12_000


def _stored(path: Path) -> int:
    if not path.exists():
        return 0
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM feedback").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
