"""A database that cannot be used is told in one sentence, by each command and without a password."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.commands import commands
from app.unusable import why

ROOT = Path(__file__).parents[1]
COMMANDS = (
    ("serve", "--port", "0"),
    ("migrate",),
    ("keys", "list"),
    ("import", "answers.csv", "--touchpoint", "shop", "--rating-column", "score"),
    ("rollup", "verify"),
)
PASSWORD = "hunter2hunter2"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a command says on standard error about the database at a URL; it must end by itself."""
    for name in list(os.environ):
        if name.startswith("TOUCHSTONE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    Path("answers.csv").write_text("score\n5\n")
    monkeypatch.setenv("TOUCHSTONE_ADMIN_KEY", "x" * 24)

    def run(url: str, *command: str) -> str:
        done = CliRunner().invoke(commands(command[0]), list(command), env={"TOUCHSTONE_DATABASE_URL": url})
        assert done.exit_code == 1 and isinstance(done.exception, SystemExit), done
        return without_bar(done.stderr)

    return run


def without_bar(said: str) -> str:
    """Without the import's progress bar, and what to do when it has begun."""
    lines = [line for line in said.splitlines(keepends=True) if "Importing" not in line]
    return "".join(lines).replace(" Run the same import again to go on.", "")


def told_by_a_process(url: str, folder: Path, *command: str, limit_bytes: int | None = None) -> str:
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "app.cli", *command]
    if limit_bytes is not None:
        line = ["prlimit", f"--fsize={limit_bytes}", *line]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    return done.stderr


def no_folder(folder: Path, _template: Path) -> Path:
    return folder / "no" / "x.db"


def no_database(folder: Path, _template: Path) -> Path:
    (folder / "x.db").write_text("no database at all" * 100)
    return folder / "x.db"


def damaged(folder: Path, template: Path) -> Path:
    content = bytearray(template.read_bytes())
    content[4096 * 2 : 4096 * 20] = os.urandom(4096 * 18)
    (folder / "x.db").write_bytes(content)
    return folder / "x.db"


def a_folder(folder: Path, _template: Path) -> Path:
    (folder / "x.db").mkdir()
    return folder / "x.db"


SQLITE = {
    no_folder: "There is no folder .*/no for the database",
    no_database: "is no SQLite database|file is not a database",
    damaged: "is damaged",
    a_folder: "x.db is a folder",
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("make", SQLITE)
def test_a_sqlite_file_that_cannot_be_used_is_told_in_a_sentence(make, command, sqlite_template, tmp_path, told):
    said = told(f"sqlite+aiosqlite:///{make(tmp_path, sqlite_template)}", *command)
    assert len(said.splitlines()) == 1 and re.search(SQLITE[make], said), said


@pytest.mark.parametrize("command", COMMANDS[:2], ids=" ".join)
def test_a_full_disk_at_the_start_is_told_in_a_sentence(command, tmp_path):
    said = told_by_a_process(f"sqlite+aiosqlite:///{tmp_path}/x.db", tmp_path, *command, limit_bytes=10_000)
    assert len(said.splitlines()) == 1 and "full" in said, said


@pytest.mark.parametrize("command", COMMANDS[2:3] + COMMANDS[4:], ids=" ".join)
def test_a_database_that_is_not_there_is_not_made_by_a_command_that_reads(command, tmp_path, told, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = told("sqlite+aiosqlite:///./x.db", *command)
    assert len(said.splitlines()) == 1 and f"There is no database at {tmp_path}/x.db" in said, said
    assert not (tmp_path / "x.db").exists()


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_postgresql_that_is_away_is_told_in_a_sentence(command, told):
    port = free_port()
    said = told(f"postgresql+asyncpg://feedback:{PASSWORD}@127.0.0.1:{port}/shop", *command)
    assert said == f"PostgreSQL at 127.0.0.1:{port} cannot be reached. Does it run, and does it listen there?\n"


def test_serve_says_no_more_than_that_as_a_process(tmp_path):
    """It said 234 lines."""
    url = f"postgresql+asyncpg://feedback:{PASSWORD}@127.0.0.1:{free_port()}/shop"
    for workers in ("1", "2"):
        said = told_by_a_process(url, tmp_path, "serve", "--port", "0", "--workers", workers)
        assert len(said.splitlines()) == 1 and "cannot be reached" in said and PASSWORD not in said, said


@pytest.mark.parametrize("command", COMMANDS[:2], ids=" ".join)
def test_an_unknown_host_is_told_in_a_sentence(command, told):
    said = told(f"postgresql+asyncpg://feedback:{PASSWORD}@nowhere.invalid/shop", *command)
    assert said == "There is no host called nowhere.invalid, where PostgreSQL should be.\n"


@pytest.mark.postgres
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_postgresql_refuses_is_told_in_a_sentence(command, postgres_server, told):
    uri = str(postgres_server.get_uri())
    missing = told(uri.replace("/postgres?", "/not_there?"), *command)
    assert len(missing.splitlines()) == 1 and "has no database not_there. Make it" in missing, missing
    nobody = re.sub("//[^@]*@", f"//nobody:{PASSWORD}@", uri)
    refused = told(nobody, *command)
    assert len(refused.splitlines()) == 1 and "refuses the user nobody" in refused and PASSWORD not in refused, refused
    if command[0] != "migrate":
        postgres_server.psql("DROP DATABASE IF EXISTS bare")
        postgres_server.psql("CREATE DATABASE bare")
        bare = told(uri.replace("/postgres?", "/bare?"), *command)
        assert len(bare.splitlines()) == 1 and "touchstone migrate" in bare, bare


def test_a_wrong_password_is_told_without_it():
    class Refused(Exception):
        sqlstate = "28P01"

    said = why(Refused(), f"postgresql+asyncpg://feedback:{PASSWORD}@db/shop")
    assert said == "PostgreSQL at db refuses the password of the user feedback."


def test_a_backup_beside_the_log_of_another_file_is_left_as_it_is_and_told(sqlite_template, tmp_path, told):
    """As after `kill -9` and `cp`: SQLite would mix the log into the backup."""
    file, log = tmp_path / "x.db", tmp_path / "x.db-wal"
    shutil.copy(sqlite_template, file)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE other (x)")
    for _ in range(20):
        connection.execute("INSERT INTO other SELECT randomblob(3000) FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3)")
    connection.execute("DROP TABLE feedback")
    shutil.copy(log, tmp_path / "kept")
    connection.close()
    shutil.copy(sqlite_template, file)
    backup = sqlite3.connect(file, isolation_level=None)
    for statement in ("PRAGMA journal_mode=DELETE", "DROP TABLE asked", "VACUUM", "PRAGMA journal_mode=WAL"):
        backup.execute(statement)  # its pages are elsewhere now
    backup.close()
    shutil.copy(tmp_path / "kept", log)
    before = file.read_bytes()
    said = told(f"sqlite+aiosqlite:///{file}", "serve", "--port", "0")
    assert "by itself it is whole, so x.db-wal belongs to another file: move that away" in said, said
    assert file.read_bytes() == before
