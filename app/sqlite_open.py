"""The connections to a SQLite file."""

import json
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from app.sqlite_file import FileTrouble, connect, keep_private
from app.sqlite_log import KEEP, WriteAheadLog
from app.sqlite_watch import OpenFile

BUSY_TIMEOUT_S = 10
TRUNCATE_WAIT_MS = 20  # how long emptying the log waits for readers: as long it holds up who writes in other processes


def path_of(url: URL) -> Path:
    """The file that a SQLite URL names."""
    if not url.database or url.database == ":memory:":
        raise FileTrouble("A SQLite database needs a file, such as sqlite+aiosqlite:///./touchstone.db.")
    return Path(url.database)


def sqlite_engine(url: URL, *, write: bool, pool_size: int = 1, wait_s: float = BUSY_TIMEOUT_S) -> Engine:
    """A SQLite engine with the pragmas that make a commit durable; a writing one takes the write lock at BEGIN.

    A deferred BEGIN that later writes fails at once with "database is locked", whatever the busy timeout.
    """
    path = path_of(url)
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=pool_size,
        max_overflow=0,
        creator=lambda: connect(path, write=write, wait_s=wait_s),
        json_deserializer=partial(json.loads, parse_constant=lambda _: None),  # NaN was stored once, and is no JSON
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            # Moving the log into the file takes two more syncs: the keeper does it, so that no commit waits for them.
            "wal_autocheckpoint=0",
            f"journal_size_limit={KEEP}",  # what it has grown beyond is given back when it begins anew
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    if write:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Opened:
    """All connections to one file, and what tells whether it is still that one."""

    def __init__(self, url: URL, readers: int, log_limit: int | None) -> None:
        path = path_of(url)
        keep_private(path)
        self._mover = connect(path, write=True, wait_s=BUSY_TIMEOUT_S)
        self._guard = connect(path, write=False, wait_s=BUSY_TIMEOUT_S)
        try:
            for connection in (self._mover, self._guard):
                connection.execute("PRAGMA journal_mode=WAL").fetchall()
                self.version = version(connection)  # the first read makes the files beside it, too
            self.file = OpenFile(path)
        except BaseException:
            self._mover.close()
            self._guard.close()
            raise
        self._mover.execute(f"PRAGMA busy_timeout={TRUNCATE_WAIT_MS}")
        self.log = WriteAheadLog(self.file, self._mover, log_limit)
        self.engines = {
            "write": sqlite_engine(url, write=True),
            "read": sqlite_engine(url, write=False, pool_size=readers),
            "glance": sqlite_engine(url, write=False, wait_s=0),
        }
        self._connections: list[Connection] = []

    def connect(self, engine: str) -> Connection:
        """A connection that stays open until it is dropped, or all are closed."""
        connection = self.engines[engine].connect()
        self._connections.append(connection)
        return connection

    def drop(self, connection: Connection) -> None:
        """Close a connection that has seen an error."""
        self._connections.remove(connection)
        connection.invalidate()
        connection.close()

    def close(self, *, move_log: bool) -> None:
        """The connection that is closed last moves the log into the file and deletes it, unless it may only read."""
        if move_log:
            self._guard.close()
        for connection in self._connections:
            connection.close()
        for engine in self.engines.values():
            engine.dispose()
        self._mover.close()
        self._guard.close()
        self.file.close()


def version(connection: sqlite3.Connection) -> Any:
    """The version of the schema; None before the first migration."""
    try:
        return (connection.execute("SELECT version_num FROM alembic_version").fetchone() or (None,))[0]
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None
