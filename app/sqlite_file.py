"""The files of a SQLite database: how they are opened, made, kept private and looked at for damage."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

SIDES = ("-wal", "-shm")
PRIVATE = 0o600


class FileTrouble(OSError):
    """The path does not name a database that can be used, or not the one that is open."""


def connect(path: Path, *, write: bool, wait_s: float) -> sqlite3.Connection:
    """A connection to a database that is there: SQLite would make an empty one. Only a writing one moves the log."""
    mode = "rw" if write else "ro"
    address = f"file:{quote(str(path))}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=wait_s, isolation_level=None, check_same_thread=False)


def make(path: Path) -> None:
    """Make an empty database that only its owner reads, if there is none. SQLite makes the files beside it the same."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))


def keep_private(path: Path) -> None:
    """Take other people's rights to the files away, as far as they are ours to do so."""
    for each in (path, *sides(path)):
        with contextlib.suppress(PermissionError, FileNotFoundError):
            if each.stat().st_mode & 0o077:
                each.chmod(PRIVATE)


def sides(path: Path) -> tuple[Path, Path]:
    """The log and its index, which SQLite keeps beside the file while it is open."""
    log, index = (path.with_name(path.name + side) for side in SIDES)
    return log, index


def verify(path: Path, within_s: float) -> Any:
    """Raise FileTrouble or sqlite3.Error if the file is damaged; returns the version of its schema, None without one.

    It looks for `within_s` at most: a large file is not read to its end.
    """
    try:
        with contextlib.closing(connect(path, write=False, wait_s=5)) as connection:
            said = _quick_check(connection, within_s)
            if said == "ok":
                return _version(connection)
    except sqlite3.DatabaseError as error:  # what a foreign log mixes up may be the list of tables
        if getattr(error, "sqlite_errorname", "") != "SQLITE_CORRUPT":
            raise
        said = str(error)
    raise FileTrouble(f"{path} is damaged ({said}){_without_its_log(path, within_s)}")


def _version(connection: sqlite3.Connection) -> Any:
    tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if tables else None
    return row[0] if row else None


def _quick_check(connection: sqlite3.Connection, within_s: float) -> str:
    end = time.monotonic() + within_s
    connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    try:
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]).replace("\n", " ")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname == "SQLITE_INTERRUPT":
            return "ok"
        raise
    except sqlite3.DatabaseError as error:
        return f"{error.sqlite_errorname}: {error}"
    finally:
        connection.set_progress_handler(None, 0)


def _without_its_log(path: Path, within_s: float) -> str:
    """What to do, if the file is whole by itself: the log beside it then belongs to another one."""
    log = sides(path)[0]
    if not log.exists() or not log.stat().st_size:
        return ""
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)) as connection:
        whole = _quick_check(connection, within_s) == "ok"
    return f"; by itself it is whole, so {log.name} belongs to another file: move that away" if whole else ""
