"""An imported answer is what it says, not what else stands in its row; on both databases."""

import csv
from hashlib import sha1
from pathlib import Path
from uuid import UUID

from app.importer.answers import Columns
from app.importer.numbering import NAMESPACE
from app.importer.run import Wish
from app.ingest.channels import IMPORT
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn
from app.ingest.store import erase, store
from app.models import now
from app.settings import Settings
from app.touchpoints import registry
from app.touchpoints.schemas import TouchpointIn
from tests.conftest import ADMIN_KEY, running
from tests.test_import import feedback, run, written

DATED = Columns(touchpoint="shop", rating="stars", comment="text", time="at")
MAY = [
    {"stars": "5", "text": "", "at": "2026-05-01 10:00"},
    {"stars": "5", "text": "", "at": "2026-05-01 10:00"},
    {"stars": "2", "text": "slow, and\nrude", "at": "2026-05-02 11:30"},
]
JUNE = [
    *MAY,
    {"stars": "4", "text": "", "at": "2026-06-01 09:00"},
    {"stars": "5", "text": "", "at": "2026-05-01 10:00"},
]


def table(path: Path, rows: list[dict[str, str]], columns: str, delimiter: str = ",") -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns.split(), restval="x", extrasaction="ignore", delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


async def test_the_same_export_with_one_more_column_or_in_another_order_adds_only_what_is_new(database_url, tmp_path):
    first = await run(database_url, table(tmp_path / "may.csv", MAY, "stars text at"), DATED)
    assert (first.created, first.refused) == (3, 0)
    more = await run(database_url, table(tmp_path / "june.csv", JUNE, "agent at stars question text"), DATED)
    assert (more.created, more.same) == (2, 3)
    german = [{**row, "at": f"{row['at'][8:10]}.{row['at'][5:7]}.{row['at'][:4]} {row['at'][11:]}"} for row in JUNE]
    other = await run(database_url, table(tmp_path / "de.csv", german, "text at stars", ";"), DATED)
    assert (other.created, other.same) == (0, 5)
    assert len(await feedback(database_url)) == 5


async def test_another_comment_rating_or_time_is_another_answer(sqlite_url, tmp_path):
    rows = [MAY[2], {**MAY[2], "text": "slow"}, {**MAY[2], "stars": "3"}, {**MAY[2], "at": "2026-05-02 11:31"}]
    await run(sqlite_url, table(tmp_path / "one.csv", rows[:1], "stars text at"), DATED)
    assert (await run(sqlite_url, table(tmp_path / "all.csv", rows, "stars text at"), DATED)).created == 3


def former(*cells: str, before: int = 0) -> UUID:
    """The id that a row got when its whole content was its identity."""
    name = "\x1f".join(("shop", *cells)) + (f"\x1e{before}" if before else "")
    return UUID(bytes=sha1(NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16], version=5)


async def test_what_an_older_version_imported_is_known_again(database_url, tmp_path):
    cells = [("5", "a", "2026-05-01 10:00"), ("5", "a", "2026-05-01 10:00"), ("1", "b", "2026-05-02 10:00")]
    ids = [former(*cells[0]), former(*cells[1], before=1), former(*cells[2])]
    async with running(Settings(database_url=database_url, admin_key=ADMIN_KEY)) as app:
        row = await app.state.db.write(lambda session: registry.create(session, TouchpointIn(key="shop")))
        known = registry.known(row)
        said = [AnswerIn(rating=int(a), comment=b, occurred_at=f"{at}:00Z") for a, b, at in cells]
        answers = [to_answer(known, one, IMPORT, number, now()) for number, one in zip(ids, said, strict=True)]
        await app.state.db.write(lambda session: store(session, answers))
        await app.state.db.write(lambda session: erase(session, known.id, ids[2]))
    lines = [("stars", "text", "at"), *cells, ("4", "", "2026-05-03")]
    path = written(tmp_path, "".join(f"{','.join(line)}\n" for line in lines))
    for created, same in ((1, 2), (0, 3)):
        tally = await run(database_url, path, DATED)
        assert (tally.created, tally.same, tally.erased) == (created, same, 1)


EMPTY = "stars,text,at\n5,,2026-05-01\n1,bad,\n1,bad,\n"


async def test_an_empty_time_is_an_error_unless_asked_for(database_url, tmp_path):
    path = written(tmp_path, EMPTY)
    tally = await run(database_url, path, DATED)
    assert (tally.created, tally.refused) == (1, 2)
    assert tally.errors[0][0] == 3 and "--undated" in tally.errors[0][1]
    skipped = await run(database_url, path, DATED, Wish("stars", undated="skip"))
    assert (skipped.created, skipped.same, skipped.refused, skipped.left_out) == (0, 1, 0, 2)
    for created in (2, 0):
        dated = await run(database_url, path, DATED, Wish("stars", undated="import-day"))
        assert (dated.created, dated.refused) == (created, 0)
    today = [item for item in await feedback(database_url) if item["comment"] == "bad"]
    assert len(today) == 2 and all(item["occurred_at"] == item["received_at"] for item in today)
