"""The last release beside this version on one database: migrations only add, and both answer during an upgrade."""

import asyncio
import io
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Inspector, String, inspect

from app import migrate, schema
from app.db import core, open_database
from tests.reliability.load import Told, clients, register
from tests.reliability.server import ROOT, Server
from tests.reliability.truth import truth

LAST_RELEASE = "be8db5ddd74551ecfecade17bf7fe176766cb8af"
ITS_SCHEMA = "2026_11_23_webhooks"


def shape(url: str) -> dict[str, dict[str, Any]]:
    """Each table's columns, and what a row must fulfil."""

    async def run() -> dict[str, dict[str, Any]]:
        db = open_database(url)
        try:
            return await db.read(lambda session: _shape(inspect(core(session))))
        finally:
            await db.close()

    return asyncio.run(run())


def _shape(found: Inspector) -> dict[str, dict[str, Any]]:
    def rules(table: str) -> set[str]:
        unique = {str(sorted(one["column_names"])) for one in found.get_unique_constraints(table)}
        unique |= {str(sorted(one["column_names"])) for one in found.get_indexes(table) if one["unique"]}
        return unique | {str(one["constrained_columns"]) for one in found.get_foreign_keys(table)}

    return {
        table: {
            "columns": {column["name"]: column for column in found.get_columns(table)},
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "rules": rules(table),
        }
        for table in found.get_table_names()
    }


def holds(now: Any, was: Any) -> bool:
    """Whether the type takes all that the former one did: the same, or longer text."""
    if isinstance(now, String) and isinstance(was, String):
        return now.length is None or (was.length is not None and now.length >= was.length)
    return str(now) == str(was)


def test_migrations_since_the_last_release_only_add(empty_url):
    """Its code selects and inserts by the names it knows, and leaves out what it does not know."""
    migrate.upgrade(empty_url, ITS_SCHEMA)
    before = shape(empty_url)
    migrate.upgrade(empty_url)
    after = shape(empty_url)
    assert before.keys() <= after.keys(), "a table is gone"
    for table, was in before.items():
        now = after[table]
        for name, column in was["columns"].items():
            assert name in now["columns"], f"{table}.{name} is gone"
            found = now["columns"][name]
            assert found["nullable"] or not column["nullable"], f"{table}.{name} must have a value now"
            assert holds(found["type"], column["type"]), f"{table}.{name} is another type now"
        for name in now["columns"].keys() - was["columns"].keys():
            new = now["columns"][name]
            assert new["nullable"] or new["default"] is not None, f"{table}.{name} has to be given"
        assert now["key"] == was["key"] and now["rules"] <= was["rules"], f"{table} has a new rule"


@pytest.fixture
def last_release(tmp_path: Path) -> Path:
    """Its code, out of the history. A shallow clone does not have it, and then the test above is all that holds."""
    packed = subprocess.run(
        ["git", "archive", LAST_RELEASE, "app", "migrations"], cwd=ROOT, capture_output=True, check=False
    )
    if packed.returncode:
        pytest.skip("the history of this clone does not reach back to the last release")
    folder = tmp_path / "release"
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


async def test_the_last_release_and_this_version_answer_side_by_side_while_the_database_is_migrated(
    empty_url, last_release, tmp_path
):
    old = Server(empty_url, tmp_path / "old.log", code=last_release)
    new = Server(empty_url, tmp_path / "new.log", as_command=True)
    told, stop = Told(), asyncio.Event()
    try:
        if not empty_url.startswith("sqlite"):
            command = [sys.executable, "-m", "app.cli", "migrate"]
            options = {"cwd": last_release, "env": old.environment, "check": True, "capture_output": True}
            await asyncio.to_thread(subprocess.run, command, **options)
        old.start()
        await old.ready()
        await register(old.port)
        load = [asyncio.create_task(clients(old.port, told, stop, number=4))]
        await asyncio.sleep(0.5)
        await asyncio.to_thread(migrate.upgrade, empty_url)
        new.start()
        await new.ready()
        load.append(asyncio.create_task(clients(new.port, told, stop, number=4)))
        await asyncio.sleep(1.5)
        stop.set()
        await asyncio.gather(*load)
        found = await truth(empty_url)
        assert len(told.acknowledged) > 50 and not told.odd
        assert not found.missing(told) and not found.doubled(told) and not found.drift
        assert await asyncio.to_thread(migrate.revision, empty_url) == schema.head()
        for server in (old, new):
            server.stop()
            text = server.log.read_text()
            assert "Traceback" not in text and "internal_error" not in text, text[-2000:]
    finally:
        old.kill()
        new.kill()
