"""Two databases, one way to use them: a unit of work is a plain function of a Session, run by `read` or `write`.

SQLite runs the function in a thread: one hop for the whole function, where aiosqlite would hop for every statement.
PostgreSQL runs it on asyncpg through SQLAlchemy's greenlets. So each statement of the product is written once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlmodel import Session

T = TypeVar("T")
Work = Callable[[Session], T]
BUSY_TIMEOUT_S = 10


class Database(Protocol):
    """Runs units of work. `write` has committed, durably, when it returns; an exception has rolled everything back."""

    dialect: str

    async def read(self, work: Work[T]) -> T: ...
    async def write(self, work: Work[T]) -> T: ...
    async def close(self) -> None: ...


def open_database(url: str, read_url: str | None = None) -> Database:
    """The database behind a SQLAlchemy URL; `read_url` may name a PostgreSQL replica for reads."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed)
    return PostgresDatabase(parsed, make_url(read_url) if read_url else None)


def sqlite_engine(url: URL, *, write: bool, pool_size: int = 1) -> Engine:
    """A SQLite engine with the pragmas that make a commit durable; a writing one takes the write lock at BEGIN.

    A deferred BEGIN that later writes fails at once with "database is locked", whatever the busy timeout.
    """
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if not write:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def postgres_engine(url: URL, **options: Any) -> AsyncEngine:
    """An asyncpg engine. A server that could lose what it acknowledged is told not to, for each connection."""
    settings = {"synchronous_commit": "on", "timezone": "UTC", "application_name": "touchstone"}
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": settings, "timeout": 5, "command_timeout": 60},
        pool_pre_ping=True,
        **options,
    )


class SqliteDatabase:
    """One writing thread, so that writers queue here instead of fighting for the file; a few reading ones."""

    dialect = "sqlite"
    readers = 4

    def __init__(self, url: URL) -> None:
        self._write_engine = sqlite_engine(url, write=True)
        self._read_engine = sqlite_engine(url, write=False, pool_size=self.readers)
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(self.readers, "sqlite-reader")

    def _run_write(self, work: Work[T]) -> T:
        with Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            return work(session)

    def _run_read(self, work: Work[T]) -> T:
        with Session(self._read_engine) as session:
            return work(session)

    async def write(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._run_write, work)

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run_read, work)

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._write_engine.dispose()
        self._read_engine.dispose()


class PostgresDatabase:
    """A pool of asyncpg connections, and another to the replica when there is one."""

    dialect = "postgresql"

    def __init__(self, url: URL, read_url: URL | None) -> None:
        self._write_engine = postgres_engine(url, pool_size=8, max_overflow=4)
        self._read_engine = postgres_engine(read_url, pool_size=8) if read_url else self._write_engine

    async def write(self, work: Work[T]) -> T:
        session = AsyncSession(self._write_engine, sync_session_class=Session, expire_on_commit=False)
        async with session, session.begin():
            return await session.run_sync(work)  # type: ignore[arg-type]  # the sync session is sync_session_class

    async def read(self, work: Work[T]) -> T:
        async with AsyncSession(self._read_engine, sync_session_class=Session) as session:
            return await session.run_sync(work)  # type: ignore[arg-type]

    async def close(self) -> None:
        await self._write_engine.dispose()
        await self._read_engine.dispose()


def is_sqlite(session: Session) -> bool:
    """Whether this session speaks to SQLite (the other one is PostgreSQL)."""
    return session.get_bind().dialect.name == "sqlite"


def ping(session: Session) -> None:
    """Raise if the database does not answer."""
    session.execute(text("SELECT 1"))
