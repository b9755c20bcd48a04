"""Two databases, one way to use them: a unit of work is a plain function of a Session, run by `read` or `write`.

SQLite runs the function in a thread: one hop for the whole function, where aiosqlite would hop for every statement.
PostgreSQL runs it on asyncpg through SQLAlchemy's greenlets. So each statement of the product is written once.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Session

T = TypeVar("T")
Work = Callable[[Session], T]
BUSY_TIMEOUT_S = 10
CHECKPOINT_S = 1.0


class Database(Protocol):
    """Runs units of work. `write` has committed, durably, when it returns; an exception has rolled everything back."""

    dialect: str
    generation: int  # grows with each commit of this process, so that a cache knows when it may be out of date

    async def read(self, work: Work[T]) -> T: ...
    async def glance(self, work: Work[T]) -> T: ...
    async def write(self, work: Work[T]) -> T: ...
    async def close(self) -> None: ...


def open_database(url: str, read_url: str | None = None) -> Database:
    """The database behind a SQLAlchemy URL; `read_url` may name a PostgreSQL replica for reads."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed)
    return PostgresDatabase(parsed, make_url(read_url) if read_url else None)


def sqlite_engine(url: URL, *, write: bool, pool_size: int = 1, wait_s: float = BUSY_TIMEOUT_S) -> Engine:
    """A SQLite engine with the pragmas that make a commit durable; a writing one takes the write lock at BEGIN.

    A deferred BEGIN that later writes fails at once with "database is locked", whatever the busy timeout.
    """
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": wait_s, "isolation_level": None},
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
        # Moving the log into the file takes two more syncs. A thread beside the writer does it each second, so that no
        # commit waits for them; only when that falls far behind does the writer do it itself.
        connection.execute("PRAGMA wal_autocheckpoint=16000").fetchall()
        if not write:
            connection.execute("PRAGMA query_only=ON")

    if write:

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgres_engine(url: URL, **options: Any) -> AsyncEngine:
    """An asyncpg engine. A server that could lose what it acknowledged is told not to, for each connection."""
    settings = {"synchronous_commit": "on", "timezone": "UTC", "application_name": "touchstone"}
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": settings, "timeout": 5, "command_timeout": 60},
        **options,
    )


class SqliteDatabase:
    """One writing thread, so that writers queue here instead of fighting for the file; a few reading ones.

    Each thread keeps its connection: a check-out and a BEGIN would cost a short read more than the reading.
    """

    dialect = "sqlite"
    readers = 4

    def __init__(self, url: URL) -> None:
        self.generation = 0
        self._write_engine = sqlite_engine(url, write=True)
        self._read_engine = sqlite_engine(url, write=False, pool_size=self.readers)
        self._glance_engine = sqlite_engine(url, write=False, wait_s=0)
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(self.readers, "sqlite-reader")
        self._kept = threading.local()
        self._open: list[Connection] = []
        self._checkpointed = 0.0

    def _connection(self, engine: Engine) -> Connection:
        if getattr(self._kept, "connection", None) is None:
            self._kept.connection = engine.connect()
            self._kept.session = Session(self._kept.connection, expire_on_commit=False)
            self._open.append(self._kept.connection)
        connection: Connection = self._kept.connection
        return connection

    def _drop(self) -> None:
        """After an error the thread starts with a new connection: the file may have been replaced or mounted anew."""
        if (connection := getattr(self._kept, "connection", None)) is not None:
            self._kept.connection = None
            self._open.remove(connection)
            connection.invalidate()
            connection.close()

    def _run_write(self, work: Work[T]) -> T:
        try:
            with self._connection(self._write_engine).begin() as transaction:
                done = _within(transaction.connection, work)
        except DBAPIError:
            self._drop()
            raise
        self.generation += 1
        return done

    def _run_read(self, work: Work[T], engine: Engine | None = None) -> T:
        try:
            connection = self._connection(engine or self._read_engine)
            session: Session = self._kept.session
            try:
                return work(session)
            finally:
                if session.in_transaction():
                    session.close()
                if connection.in_transaction():
                    connection.rollback()
        except DBAPIError:
            self._drop()
            raise

    def _checkpoint(self) -> None:
        with contextlib.suppress(DBAPIError):  # the next one does what this one could not
            self._connection(self._read_engine).exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").close()

    async def write(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        done = await loop.run_in_executor(self._writer, self._run_write, work)
        if loop.time() - self._checkpointed > CHECKPOINT_S:
            self._checkpointed = loop.time()
            loop.run_in_executor(self._readers, self._checkpoint)
        return done

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run_read, work)

    async def glance(self, work: Work[T]) -> T:
        """A read of a few rows by their key, done here and now: the way to a thread and back takes twice as long.

        Nothing can hold it up, for it does not wait: when the file is locked, a thread does the waiting.
        """
        try:
            return self._run_read(work, self._glance_engine)
        except OperationalError:
            return await self.read(work)

    async def close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._open:
            connection.close()
        self._write_engine.dispose()
        self._read_engine.dispose()
        self._glance_engine.dispose()


class PostgresDatabase:
    """A pool of asyncpg connections, and another to the replica when there is one.

    Reads commit by themselves: a BEGIN and a ROLLBACK would be two more trips to the server.
    """

    dialect = "postgresql"

    def __init__(self, url: URL, read_url: URL | None) -> None:
        self.generation = 0
        self._engine = postgres_engine(url, pool_size=8, max_overflow=4)
        self._replica = postgres_engine(read_url, pool_size=8) if read_url else self._engine
        self._read_engine = self._replica.execution_options(isolation_level="AUTOCOMMIT")

    async def write(self, work: Work[T]) -> T:
        async with self._engine.begin() as connection:
            done = await connection.run_sync(_within, work)
        self.generation += 1
        return done

    async def read(self, work: Work[T]) -> T:
        async with self._read_engine.connect() as connection:
            return await connection.run_sync(_within, work)

    async def glance(self, work: Work[T]) -> T:
        return await self.read(work)

    async def close(self) -> None:
        await self._engine.dispose()
        await self._replica.dispose()


def _within(connection: Connection, work: Work[T]) -> T:
    with Session(connection, expire_on_commit=False, autoflush=True) as session:
        done = work(session)
        session.flush()
        return done


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
