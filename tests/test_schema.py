"""A database whose schema does not fit is told in one line: at the start, by each command and in /readyz."""

import asyncio
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from app import migrate, schema
from app.cli.commands import commands
from app.outage import outage
from app.settings import Settings
from tests.conftest import _other, client_of, running

NEWER = "2031_01_01_from_the_future"
COMMANDS = (("serve", "--port", "0"), ("migrate",), ("migrate", "--check"), ("keys", "list"), ("rollup", "verify"))


@pytest.fixture(autouse=True)
def no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process knows of an outage is no test's concern but its own."""
    monkeypatch.setattr(outage, "_began", None)


async def stamp(url: str, revision: str) -> None:
    """Say that the database is at a revision, as a forgotten migration or a newer version leaves it."""
    sql = f"UPDATE alembic_version SET version_num = '{revision}'"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.partition("///")[2])
        with connection:
            connection.execute(sql)
        connection.close()
    else:
        server = await asyncpg.connect(url)
        await server.execute(sql)
        await server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own_url(request: pytest.FixtureRequest) -> str:
    """A migrated database that no other test uses."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server = request.getfixturevalue("postgres_server")
    server.psql("DROP DATABASE IF EXISTS misfit")
    server.psql("CREATE DATABASE misfit")
    url = _other(str(server.get_uri()), "misfit")
    migrate.upgrade(url)
    return url


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The exit code of a command, what it says on standard error and on standard output."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, *command: str) -> tuple[int, str, str]:
        environment = {"TOUCHSTONE_DATABASE_URL": url, "TOUCHSTONE_ADMIN_KEY": "x" * 24}
        done = CliRunner().invoke(commands(command[0]), list(command), env=environment)
        assert done.exception is None or isinstance(done.exception, SystemExit), done
        return done.exit_code, done.stderr, done.stdout

    return run


async def test_a_database_of_a_newer_version_is_told_in_a_line_and_left_alone(own_url, told):
    await stamp(own_url, NEWER)
    await _each(own_url, told, COMMANDS, f"made by a newer version of Touchstone (it is at {NEWER}, this version knows")


async def test_a_database_that_was_not_migrated_is_told_in_a_line(own_url, told):
    before = schema.revisions()[-2]
    await stamp(own_url, before)
    said = f"The database is at {before}, this version needs {schema.head()}: run `touchstone migrate`.\n"
    serve = COMMANDS[:1] if not own_url.startswith("sqlite") else ()  # it migrates a file of its own
    await _each(own_url, told, (*serve, *COMMANDS[2:]), said)


async def _each(url: str, told: Callable[..., tuple[int, str, str]], those: tuple[tuple[str, ...], ...], said: str):
    for command in those:
        code, error, _ = await asyncio.to_thread(told, url, *command)
        assert code == 1 and len(error.splitlines()) == 1 and said in error, (command, error)


@pytest.mark.parametrize(("at", "ready"), [(schema.revisions()[-2], False), (schema.head(), True), (NEWER, True)])
async def test_a_service_is_ready_while_the_schema_has_all_it_needs(own_url, at, ready):
    """In a rolling upgrade the database is newer for a while, and the old processes go on."""
    async with running(Settings(database_url=own_url, admin_key="x" * 24)) as app, client_of(app) as client:
        assert (await client.get("/readyz")).status_code == 200
        await stamp(own_url, at)
        answer = await client.get("/readyz")
        assert answer.status_code == (200 if ready else 503)
        if not ready:
            assert f"at {at}, this version needs {schema.head()}: run `touchstone migrate`" in answer.json()["detail"]


def test_migrate_goes_back_and_forth_and_says_what_is_to_be_done(own_url, told):
    before, head = schema.revisions()[-3], schema.head()
    code, which, shown = told(own_url, "migrate", "--check")
    assert (code, shown) == (0, f"The database is at {head}.\n") and which.startswith("Database: ")
    assert told(own_url, "migrate", "--to", before)[::2] == (0, f"The database is at {before}.\n")
    code, error, shown = told(own_url, "migrate", "--status")
    assert code == 1 and "run `touchstone migrate`" in error
    assert re.findall("to be done: (.*)", shown) == list(schema.revisions()[-2:])
    assert told(own_url, "migrate", "--to", "nowhere")[0] == 2
    assert told(own_url, "migrate")[0] == told(own_url, "migrate", "--status")[0] == 0


def test_a_check_makes_no_database(told, tmp_path):
    code, error, _ = told(f"sqlite+aiosqlite:///{tmp_path}/x.db", "migrate", "--check")
    assert code == 1 and error == f"{tmp_path}/x.db: The database has no tables yet: run `touchstone migrate`.\n"
    assert not (tmp_path / "x.db").exists()


async def test_the_log_says_what_to_do_about_a_database_that_does_not_fit(sqlite_url, caplog):
    async with running(Settings(database_url=sqlite_url, admin_key="x" * 24)) as app, client_of(app) as client:
        await stamp(sqlite_url, schema.revisions()[-2])
        await client.get("/readyz")
        (line,) = [record for record in caplog.records if record.getMessage() == "database_unavailable"]
        assert "run `touchstone migrate`" in line.why  # type: ignore[attr-defined]
        await stamp(sqlite_url, schema.head())
