"""SQLite: a unit of work runs in a thread. One hop for the whole function, where aiosqlite would hop per statement."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from app.sqlite_keeper import Keeper
from app.sqlite_open import Opened
from app.work import T, Work, within


class LogFull(OSError):
    """The write-ahead log has grown to its limit, for another program reads in the database and does not end."""


class SqliteDatabase:
    """One writing thread, so that writers queue here instead of fighting for the file; a few reading ones.

    Each thread keeps its connection: a check-out and a BEGIN would cost a short read more than the reading.
    `log_limit` is the size of the write-ahead log, in bytes, from which on nothing is written.
    """

    dialect = "sqlite"
    readers = 4

    def __init__(self, url: URL, log_limit: int | None = None) -> None:
        self.generation = 0
        self._writer = ThreadPoolExecutor(1, "sqlite-writer")
        self._readers = ThreadPoolExecutor(self.readers, "sqlite-reader")
        self._kept = threading.local()
        self._counted = 0
        self._keeper = Keeper(
            lambda: Opened(url, self.readers, log_limit),
            in_turn=lambda job: self._writer.submit(job).result(),
            replaced=self._changed,
        )

    @property
    def gauges(self) -> Mapping[str, Callable[[], float | None]]:
        """The size of the write-ahead log, not more than a second ago."""
        return {"touchstone_sqlite_wal_bytes": lambda: self._keeper.opened.log.bytes}

    def _changed(self) -> None:
        self.generation += 1

    def _connection(self, engine: str) -> Connection:
        opened = self._keeper.opened
        if getattr(self._kept, "opened", None) is not opened:
            self._keeper.check()
            self._kept.connection = opened.connect(engine)
            self._kept.session = Session(self._kept.connection, expire_on_commit=False)
            self._kept.opened = opened
        connection: Connection = self._kept.connection
        return connection

    def _drop(self) -> None:
        """After an error the thread starts with a new connection: the file may have been mounted anew."""
        if getattr(self._kept, "opened", None) is self._keeper.opened:
            self._kept.opened = None
            self._keeper.opened.drop(self._kept.connection)

    def _run_write(self, work: Work[T]) -> T:
        with self._keeper.gate:
            if self._keeper.opened.log.full:
                raise LogFull("the write-ahead log has grown to TOUCHSTONE_SQLITE_WAL_LIMIT_MB")
            try:
                with self._connection("write").begin() as transaction:
                    done = within(transaction.connection, work)
                    self._count(transaction.connection)
            except DBAPIError:
                self._drop()
                raise
            self._keeper.check(quick=True)  # what is committed to a file that is not there any more is told to nobody
            self._keeper.opened.log.look()
        self._changed()
        return done

    def _count(self, connection: Connection) -> None:
        """Count the file's user_version up, once a second at most: a copy is told from the file by its lower one."""
        if self._counted != self._keeper.turn:
            self._counted = self._keeper.turn
            version: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {version + 1}")

    def _run_read(self, work: Work[T], engine: str = "read") -> T:
        with self._keeper.gate:
            try:
                connection = self._connection(engine)
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

    async def write(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._run_write, work)

    async def read(self, work: Work[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run_read, work)

    async def glance(self, work: Work[T]) -> T:
        """A read of a few rows by their key, done here and now: the way to a thread and back takes twice as long.

        Nothing can hold it up, for it does not wait: when the file is locked, a thread does the waiting.
        """
        try:
            return self._run_read(work, "glance")
        except OperationalError:
            return await self.read(work)

    async def close(self) -> None:
        self._keeper.stop()
        self._writer.shutdown()
        self._readers.shutdown()
        self._keeper.close()
