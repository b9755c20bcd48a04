"""SQLite: a unit of work runs in a thread. One hop for the whole function, where aiosqlite would hop per statement."""

import asyncio
import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from app.work import T, Work, within

BUSY_TIMEOUT_S = 10
CHECKPOINT_S = 1.0


def sqlite_engine(url: URL, *, write: bool, pool_size: int = 1, wait_s: float = BUSY_TIMEOUT_S) -> Engine:
    """A SQLite engine with the pragmas that make a commit durable; a writing one takes the write lock at BEGIN.

    A deferred BEGIN that later writes fails at once with "database is locked", whatever the busy timeout.
    """
    engine = create_engine(
        url.set(drivername="sqlite"),
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": wait_s, "isolation_level": None},
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
                done = within(transaction.connection, work)
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
