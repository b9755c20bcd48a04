"""One migration tree on both databases, with rows in the tables."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlmodel import Session, func

from app import migrate, schema
from app.db import open_database, snapshot
from app.importer.answers import Columns
from app.importer.run import Import, Wish
from app.models import Feedback, Rollup, Touchpoint
from app.scores.rollup import differences, every_touchpoint

FIRST = "2026_11_22_first_tables"
ROOT = Path(__file__).parents[1]


def fill(url: str, tmp_path: Path) -> None:
    """Two touchpoints with answers, counted."""
    path = tmp_path / "answers.csv"
    path.write_text("where,rating,comment\na,5,good\na,4,\nb,1,bad\n")
    columns = Columns(touchpoint_column="where", rating="rating", comment="comment")

    async def run() -> None:
        db = open_database(url)
        await Import(db, columns, Wish("stars", create_touchpoints=True)).run(path, lambda *_: None)
        await db.close()

    asyncio.run(run())


def ask(url: str, work: Callable[[Session], Any]) -> Any:
    async def run() -> Any:
        db = open_database(url)
        try:
            return await db.read(work)
        finally:
            await db.close()

    return asyncio.run(run())


def held(session: Session) -> tuple[list[str], list[tuple[UUID, int, str | None]], int]:
    """What must survive: touchpoints, answers, and the number of cells of the rollup, which must equal the answers."""
    with snapshot(session):
        assert [cell for row in every_touchpoint(session) for cell in differences(session, row)] == []
    answers = select(Feedback.id, Feedback.rating, Feedback.comment).order_by(Feedback.id)  # type: ignore[call-overload]
    rows = [tuple(row) for row in session.execute(answers)]
    keys = list(session.execute(select(Touchpoint.key).order_by(Touchpoint.key)).scalars())  # type: ignore[call-overload]
    return keys, rows, session.execute(select(func.count()).select_from(Rollup)).scalar_one()


def test_the_tables_equal_the_models_after_every_migration(empty_url):
    migrate.upgrade(empty_url)
    migrate.check(empty_url)


def test_rows_survive_all_the_way_back_to_the_first_tables_and_forward_again(empty_url, tmp_path):
    migrate.upgrade(empty_url)
    fill(empty_url, tmp_path)
    before = ask(empty_url, held)
    assert len(before[1]) == 3
    migrate.downgrade(empty_url, FIRST)
    migrate.upgrade(empty_url)
    migrate.check(empty_url)
    assert ask(empty_url, held) == before


def test_the_days_of_a_repeated_answer_move_and_nobody_has_asked_for_a_review(empty_url, tmp_path):
    migrate.upgrade(empty_url)
    fill(empty_url, tmp_path)
    migrate.downgrade(empty_url, "2026_11_25_words")
    days = text("UPDATE touchpoint SET review_interval_days = 30")

    async def as_it_was() -> None:
        db = open_database(empty_url)
        await db.write(lambda session: session.execute(days))
        await db.close()

    asyncio.run(as_it_was())
    migrate.upgrade(empty_url)
    rows = ask(empty_url, lambda session: session.execute(select(Touchpoint)).scalars().all())
    assert {(row.repeat_days, row.review_interval_days) for row in rows} == {(30, None)}


def test_everything_can_be_taken_back(empty_url):
    migrate.upgrade(empty_url)
    migrate.downgrade(empty_url, "base")
    migrate.upgrade(empty_url)
    migrate.check(empty_url)


def test_rebuilding_a_parent_table_keeps_its_children(empty_url, tmp_path):
    """SQLite changes a table by rebuilding it; with foreign keys on, dropping the old one deletes its children."""
    migrate.upgrade(empty_url)
    fill(empty_url, tmp_path)
    before = ask(empty_url, held)
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "migrations" / "versions" / "rebuild.py").write_text(
        f"""
import sqlalchemy as sa
from alembic import op

revision = "rebuild"
down_revision = {schema.head()!r}
branch_labels = depends_on = None


def upgrade():
    with op.batch_alter_table("touchpoint", recreate="auto") as table:
        table.alter_column("owner", type_=sa.String(400), existing_type=sa.String(200))


def downgrade():
    with op.batch_alter_table("touchpoint", recreate="auto") as table:
        table.alter_column("owner", type_=sa.String(200), existing_type=sa.String(400))
"""
    )
    config = migrate.alembic_config(empty_url)
    config.set_main_option("script_location", str(tmp_path / "migrations"))
    command.upgrade(config, "head")
    assert ask(empty_url, held) == before
    command.downgrade(config, "-1")
    assert ask(empty_url, held) == before
    migrate.check(empty_url)


def test_the_newest_revision_is_found_as_alembic_finds_it():
    assert schema.head() == ScriptDirectory.from_config(migrate.alembic_config("")).get_current_head()


def test_the_revision_is_the_newest_after_the_last_migration_only(empty_url):
    assert migrate.revision(empty_url) is None
    migrate.upgrade(empty_url)
    assert migrate.revision(empty_url) == schema.head()
    migrate.downgrade(empty_url, "-1")
    assert migrate.revision(empty_url) == schema.revisions()[-2]


def test_a_copy_that_keeps_no_log_beside_it_is_as_good_as_any(sqlite_url):
    """As `VACUUM INTO` makes it: its journal mode is another one."""
    connection = sqlite3.connect(sqlite_url.partition("///")[2])
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    assert migrate.revision(sqlite_url) == schema.head()


def test_two_that_migrate_at_once_both_succeed(empty_url):
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": empty_url}
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "migrate"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [(process.communicate()[1], process.returncode) for process in both]
    assert [code for _, code in said] == [0, 0], said
    migrate.check(empty_url)


async def test_the_release_before_counts_anew_what_waits_to_be_counted_by_segment(client, make, app, database_url):
    await make("shop", segments=["store"])
    items = [{"touchpoint": "shop", "rating": 1 + n % 5, "context": {"store": f"s{n % 7}"}} for n in range(40)]
    await client.post("/v1/feedback/batch", json={"items": items})
    await asyncio.to_thread(migrate.downgrade, database_url, "2026_11_26_search_row")
    asked = text("SELECT upto IS NOT NULL, counted FROM split")
    found = await app.state.db.read(lambda session: session.connection().execute(asked).one())
    await asyncio.to_thread(migrate.upgrade, database_url)
    assert (bool(found[0]), found[1]) == (True, 0)
