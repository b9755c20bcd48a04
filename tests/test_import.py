"""`touchstone import`: history out of files, on both databases."""

import csv
import gzip
import json
import random
from collections import Counter
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from app.db import open_database
from app.importer.answers import Columns
from app.importer.ratings import whole
from app.importer.row import FileError, RowError
from app.importer.run import Import, Wish
from app.importer.slugs import slug
from app.importer.tally import Tally
from app.importer.times import moment
from app.settings import Settings
from tests.benchmarks.import_rate import made_up
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

REAL = Path(__file__).parents[2] / "shared" / "data" / "insteval.csv.gz"
STARS = Wish(scale="stars", create_touchpoints=True)
ONE = Columns(touchpoint="shop", rating="rating", comment="comment")


async def run(url: str, path: Path, columns: Columns = ONE, wish: Wish = STARS) -> Tally:
    db = open_database(url)
    try:
        return await Import(db, columns, wish).run(path, lambda *_: None)
    finally:
        await db.close()


def written(tmp_path: Path, text: str, name: str = "answers.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


async def get(url: str, path: str) -> dict:
    async with running(Settings(database_url=url, admin_key=ADMIN_KEY)) as app, client_of(app, headers=ADMIN) as client:
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def feedback(url: str) -> list[dict]:
    return (await get(url, "/v1/feedback?limit=100"))["items"]


async def test_importing_a_file_again_adds_nothing_and_equal_rows_are_kept_apart(database_url, tmp_path):
    path = written(tmp_path, "rating,comment\n5,\n5,\n5,\n3,slow\n")
    tally = await run(database_url, path)
    assert (tally.created, tally.refused, tally.new_touchpoints) == (4, 0, ["shop"])
    again = await run(database_url, path)
    assert (again.created, again.same, again.new_touchpoints) == (0, 4, [])
    longer = written(tmp_path, "rating,comment\n5,\n5,\n5,\n3,slow\n5,\n1,rude\n", "under another name.csv")
    longer = await run(database_url, longer)
    assert (longer.created, longer.same) == (2, 4)
    score = await get(database_url, "/v1/touchpoints/shop/score")
    assert score["distribution"] == {"1": 1, "2": 0, "3": 1, "4": 0, "5": 4}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_a_spreadsheets_csv_is_understood(sqlite_url, tmp_path, delimiter):
    rows = [
        ["Note", "Text", "Filiale"],
        ["5", 'sagte "gut"; kam, ging', "Köln/Süd"],
        ["4,0", "zwei\nZeilen", "Köln/Süd"],
    ]
    path = tmp_path / "export.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    columns = Columns(touchpoint_column="Filiale", touchpoint_prefix="store-", rating="Note", comment="Text")
    tally = await run(sqlite_url, path, columns)
    assert (tally.created, tally.refused, tally.new_touchpoints) == (2, 0, ["store-koeln-sued"])
    stored = await feedback(sqlite_url)
    assert {(item["rating"], item["comment"]) for item in stored} == {
        (5, 'sagte "gut"; kam, ging'),
        (4, "zwei\nZeilen"),
    }
    assert {item["source"] for item in stored} == {"import"}


async def test_bad_rows_are_named_by_line_and_good_ones_stay(database_url, tmp_path):
    path = written(
        tmp_path,
        'rating,comment\n5.0,fine\n4.5,half\n,\n6,too much\n"3","two\nlines"\n,only words\nx,y,z\n'
        "2,bad \x07 bell\n1,last\n",
    )
    tally = await run(database_url, path)
    assert tally.created == 4 and tally.refused == 4 and tally.left == {"say nothing": 1}
    assert [line for line, _ in tally.errors] == [3, 5, 9, 10]
    reasons = dict(tally.errors)
    assert "not a whole number" in reasons[3]
    assert "scale 1 to 5" in reasons[5]
    assert reasons[9] == "has 3 cells where the header has 2"
    assert "U+0007" in reasons[10]


async def test_bytes_that_are_not_utf8_are_refused_by_row_or_read_with_their_encoding(sqlite_url, tmp_path):
    path = written(tmp_path, "rating,comment\n5,plain\n4,größer\n", encoding="cp1252")
    tally = await run(sqlite_url, path)
    assert tally.created == 1 and [line for line, _ in tally.errors] == [3]
    right = await run(sqlite_url, path, wish=Wish("stars", encoding="cp1252"))
    assert (right.created, right.same, right.refused) == (1, 1, 0)


async def test_ndjson_gzipped_with_ids_times_and_respondents(database_url, tmp_path):
    lines = [
        {"where": "Desk 1", "stars": 5, "at": "2024-05-01T10:00:00Z", "key": "a-1", "who": "r1"},
        {"where": "Desk 1", "stars": 4.0, "at": 1714557600, "key": "a-2"},
        {"where": "Desk 2", "text": "nice", "at": "01.05.2024 12:00", "key": "0192f0c1-2222-7000-8000-000000000001"},
        {"where": "Desk 2", "stars": True, "key": "a-4"},
        {"where": "Desk 2", "stars": 3},
    ]
    path = tmp_path / "answers.ndjson.gz"
    path.write_bytes(gzip.compress("\n".join([*map(json.dumps, lines), "", "[1]", '{"where": "Des']).encode()))
    columns = Columns(touchpoint_column="where", rating="stars", comment="text", time="at", id="key", respondent="who")
    wish = Wish("stars", create_touchpoints=True, zone=ZoneInfo("Europe/Copenhagen"))
    tally = await run(database_url, path, columns, wish)
    assert (tally.created, tally.refused, tally.new_touchpoints) == (3, 4, ["desk-1", "desk-2"])
    assert [line for line, _ in tally.errors] == [4, 5, 7, 8]
    stored = {item["id"]: item for item in await feedback(database_url)}
    assert {item["occurred_at"] for item in stored.values()} == {"2024-05-01T10:00:00Z"}
    assert stored["0192f0c1-2222-7000-8000-000000000001"]["comment"] == "nice"
    again = await run(database_url, path, columns, wish)
    assert (again.created, again.same, again.refused) == (0, 3, 4)


async def test_an_id_that_comes_back_with_another_rating_is_refused(database_url, tmp_path):
    columns = Columns(touchpoint="shop", rating="rating", id="id")
    await run(database_url, written(tmp_path, "id,rating\n1,5\n2,4\n"), columns)
    tally = await run(database_url, written(tmp_path, "id,rating\n1,5\n2,1\n,3\n"), columns)
    assert (tally.created, tally.same, tally.refused) == (0, 1, 2)
    assert sorted(line for line, _ in tally.errors) == [3, 4]


async def test_an_erased_answer_stays_erased(database_url, tmp_path):
    path = written(tmp_path, "rating,comment\n5,call me\n4,fine\n")
    await run(database_url, path)
    number = next(item["id"] for item in await feedback(database_url) if item["comment"] == "call me")
    settings = Settings(database_url=database_url, admin_key=ADMIN_KEY)
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        assert (await client.delete(f"/v1/feedback/{number}")).status_code < 300
    tally = await run(database_url, path)
    assert (tally.created, tally.same, tally.erased, tally.refused) == (0, 1, 1, 0)


async def test_a_dry_run_checks_everything_and_stores_nothing(database_url, tmp_path):
    path = written(tmp_path, "rating,comment\n5,\n9,\n")
    tally = await run(database_url, path, wish=Wish("stars", create_touchpoints=True, dry_run=True))
    assert (tally.created, tally.refused, tally.new_touchpoints) == (1, 1, ["shop"])
    assert (await get(database_url, "/v1/touchpoints"))["items"] == []


async def test_without_leave_to_create_an_unknown_touchpoint_is_refused_by_row(sqlite_url, tmp_path):
    tally = await run(sqlite_url, written(tmp_path, "rating,comment\n5,\n"), wish=Wish("stars"))
    assert tally.created == 0 and "--create-touchpoints" in tally.errors[0][1]


async def test_a_missing_column_ends_the_import_and_lists_the_columns(sqlite_url, tmp_path):
    with pytest.raises(FileError, match=r"no column 'rating'. The columns are: stars, text"):
        await run(sqlite_url, written(tmp_path, "stars;text\n5;\n"))


async def test_a_torn_gzip_keeps_what_could_be_read(sqlite_url, tmp_path):
    dice = random.Random(3)
    text = "rating,comment\n" + "".join(f"{dice.randint(1, 5)},{dice.random()}\n" for _ in range(20_000))
    path = tmp_path / "torn.csv.gz"
    path.write_bytes(gzip.compress(text.encode())[:-4000])
    tally = await run(sqlite_url, path)
    assert tally.created > 10_000 and tally.refused == 1
    assert "cannot be read from here on" in tally.errors[0][1]


async def test_a_column_of_ids_does_not_become_thousands_of_touchpoints(sqlite_url, tmp_path):
    path = written(tmp_path, "rating,customer\n" + "".join(f"5,{number}\n" for number in range(2000)))
    with pytest.raises(FileError, match="is it the right column"):
        await run(sqlite_url, path, Columns(touchpoint_column="customer", rating="rating"))
    assert (await get(sqlite_url, "/v1/touchpoints"))["items"] == []


async def test_every_department_of_the_lecture_ratings_has_its_counts_and_mean(sqlite_url, tmp_path):
    """The real file (R's lme4::InstEval, 73,421 ratings) where it is at hand, else one of the same shape."""
    path = REAL if REAL.exists() else made_up(tmp_path / "made-up.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        truth: dict[str, Counter[int]] = {}
        for row in csv.DictReader(file):
            truth.setdefault(f"dept-{row['department']}", Counter())[int(row["rating"])] += 1
    columns = Columns(touchpoint_column="department", touchpoint_prefix="dept-", rating="rating")
    tally = await run(sqlite_url, path, columns)
    assert tally.created == tally.rows == 73_421 and tally.refused == 0 and len(tally.new_touchpoints) == 14
    for key, counts in truth.items():
        score = await get(sqlite_url, f"/v1/touchpoints/{key}/score")
        assert score["distribution"] == {str(rating): counts[rating] for rating in range(1, 6)}
        shown = score["metrics"]["mean"]
        assert shown["value"] == pytest.approx(mean(counts.elements()), abs=0.01)
        assert shown["low"] < shown["value"] < shown["high"]
    assert (await run(sqlite_url, path, columns)).created == 0


def test_names_become_keys():
    assert slug("store-", "Kasse 2 (København)") == "store-kasse-2-koebenhavn"
    assert slug("", "  Łódź  Główna ") == "lodz-glowna"
    with pytest.raises(RowError):
        slug("dept-", " - ")


@pytest.mark.parametrize(("cell", "rating"), [("5", 5), ("5.0", 5), ("5,00", 5), (" 4 ", 4), ("-1", -1), ("", None)])
def test_ratings_as_spreadsheets_write_them(cell, rating):
    assert whole(cell) == rating


@pytest.mark.parametrize("cell", ["4.5", "five", "1e3", "nan", "5 stars", "9" * 5000])
def test_what_is_not_a_whole_number_is_refused(cell):
    with pytest.raises(RowError):
        whole(cell)


@pytest.mark.parametrize(
    "text",
    [
        "2024-07-01T12:30:00+02:00",
        "2024-07-01 10:30:00Z",
        "2024-07-01 12:30",
        "01.07.2024 12:30",
        "2024/07/01 12:30:00",
        "1719829800",
        "1719829800000",
        "1719829800.0",
    ],
)
def test_one_moment_in_many_spellings(text):
    assert moment(text, ZoneInfo("Europe/Copenhagen")).timestamp() == 1719829800


@pytest.mark.parametrize("text", ["07/01/2024", "yesterday", "1900-01-01", "31.02.2024", "0001-01-01T00:00:00+02:00"])
def test_a_time_that_can_be_misread_is_refused(text):
    with pytest.raises(RowError):
        moment(text, ZoneInfo("UTC"))
