"""Two databases, one way to use them: a unit of work is a plain function of a Session, run by `read` or `write`.

So each statement of the product is written once. `app/sqlite.py` and `app/postgres.py` say how they run it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Connection, make_url, text
from sqlmodel import Session

from app.postgres import PostgresDatabase
from app.sqlite import SqliteDatabase
from app.work import T, Work


class Reader(Protocol):
    """Runs units of work that only read. What it gives may be a little old when it is a replica."""

    @property
    def generation(self) -> int:
        """Grows with each commit of this process, so that a cache knows when it may be out of date."""
        ...

    @property
    def gauges(self) -> Mapping[str, Callable[[], float | None]]:
        """What Prometheus is told of it, by the names in metrics.py."""
        ...

    async def read(self, work: Work[T]) -> T: ...
    async def glance(self, work: Work[T]) -> T: ...
    async def close(self) -> None: ...


class Database(Reader, Protocol):
    """Runs units of work. `write` has committed, durably, when it returns; an exception has rolled everything back."""

    dialect: str

    async def write(self, work: Work[T]) -> T: ...


def open_database(url: str, *, serving: bool = False, wal_limit_mb: int | None = None) -> Database:
    """The database behind a SQLAlchemy URL; a `serving` process waits for no lock of PostgreSQL longer than 3 s.

    `wal_limit_mb` bounds SQLite's write-ahead log, which may grow while another program reads.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, wal_limit_mb * 2**20 if wal_limit_mb else None)
    return PostgresDatabase(parsed, serving=serving)


def core(session: Session) -> Connection:
    """The connection under a session, for statements that need none of the session's bookkeeping."""
    connection = session.get_bind()
    assert isinstance(connection, Connection)
    return connection


@contextmanager
def snapshot(session: Session) -> Iterator[None]:
    """Within `read`: all that is asked here sees the same moment, whatever others commit meanwhile.

    It ends what it began: a pooled connection that commits by itself would be given back with the transaction open.
    """
    begin = "BEGIN" if is_sqlite(session) else "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    core(session).exec_driver_sql(begin)
    try:
        yield
    finally:
        core(session).exec_driver_sql("ROLLBACK")


def is_sqlite(session: Session) -> bool:
    """Whether this session speaks to SQLite (the other one is PostgreSQL)."""
    return core(session).dialect.name == "sqlite"


_TOUCH = text(
    "INSERT INTO secret (name, value) VALUES ('ready', :now) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)


def ping(session: Session) -> None:
    """Raise if the database takes no writes.

    It writes a row, for a full or read-only one still answers a SELECT, and a new value, for SQLite skips the same.
    """
    core(session).execute(_TOUCH, {"now": str(time.time())})
