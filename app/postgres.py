"""PostgreSQL: a unit of work runs on asyncpg through SQLAlchemy's greenlets."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.work import T, Work, within

GAVE_WAY = ("40P01", "40001")  # a deadlock, a serialization failure: the same again will succeed
FULL = "53300"  # the server takes no more connections: those that are open are good
FULL_S, CONNECT_S, POOL_S, GLANCE_S = 3.0, 5.0, 5.0, 5.0
# Who waits for a row that somebody else holds and does not let go of gets 503 instead of holding up everybody.
# And who is cut off in the middle of a transaction, and cannot say so, does not hold his rows until TCP gives him up.
SERVING = {"lock_timeout": "3s", "idle_in_transaction_session_timeout": "5s"}
IDLE_S = 60.0  # a firewall on the way forgets a connection that says nothing, and tells neither end
# Broken connections, read-only servers, full disks, servers that end: what is connected anew may fare better.
_SPOILT = ("08", "25", "53", "57")
_CANCELLED = "57014"  # somebody ended this statement, not the connection


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five letters for what went wrong; empty when it was not PostgreSQL that said so."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def spoils(error: BaseException) -> bool:
    """Whether this casts doubt on the connections that are open: a new one could do what they cannot."""
    if state := sqlstate(error):
        return state.startswith(_SPOILT) and state not in (FULL, _CANCELLED)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OSError | TimeoutError)
    return isinstance(error, OSError | TimeoutError | asyncio.CancelledError)


def postgres_engine(url: URL, *, server: dict[str, str] | None = None, **options: Any) -> AsyncEngine:
    """An asyncpg engine. A server that could lose what it acknowledged is told not to, for each connection.

    Of several servers in `url` the one that takes writes is chosen, unless it says otherwise.
    """
    settings = {"synchronous_commit": "on", "timezone": "UTC", "application_name": "touchstone"} | (server or {})
    arguments: dict[str, Any] = {"server_settings": settings, "timeout": CONNECT_S, "command_timeout": 60}
    if isinstance(url.query.get("host"), tuple) and "target_session_attrs" not in url.query:
        arguments["target_session_attrs"] = "read-write"
    return create_async_engine(url.set(drivername="postgresql+asyncpg"), connect_args=arguments, **options)


class Connections:
    """A pool of connections to one server, which are given up when new ones may fare better."""

    def __init__(self, url: URL, **options: Any) -> None:
        self.engine = postgres_engine(url, pool_timeout=POOL_S, **options)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._doubted = 0.0  # connections opened before are not used again
        pool = self.engine.sync_engine.pool
        event.listen(pool, "connect", _opened)
        event.listen(pool, "checkin", _idle)
        event.listen(pool, "checkout", self._taken)
        event.listen(pool, "invalidate", _cut)
        event.listen(pool, "close", _cut)

    def _taken(self, _connection: Any, record: Any, _taken_by: Any) -> None:
        old = record.info["opened"] < self._doubted or time.monotonic() - record.info["idle"] > IDLE_S
        if old:
            raise DisconnectionError

    async def write(self, work: Work[T]) -> T:
        """Run `work` and commit."""
        return await self._run(self._once, work)

    async def read(self, work: Work[T]) -> T:
        """Run `work`, each statement by itself: a BEGIN and a ROLLBACK would be two more trips to the server."""
        return await self._run(self._look, work)

    async def _run(self, way: Callable[[Work[T]], Awaitable[T]], work: Work[T]) -> T:
        """Go that way, and again when PostgreSQL had this one give way to others or no connection left."""
        tries, started = 0, time.monotonic()
        while True:
            try:
                return await way(work)
            except BaseException as error:
                if spoils(error):
                    self._doubted = time.monotonic()
                state, tries = sqlstate(error), tries + 1
                if not ((state in GAVE_WAY and tries < 3) or (state == FULL and time.monotonic() - started < FULL_S)):
                    raise
            await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - so that the two do not meet again

    async def _once(self, work: Work[T]) -> T:
        async with self.engine.begin() as connection:
            return await _done(connection, work)

    async def _look(self, work: Work[T]) -> T:
        async with self._reading.connect() as connection:
            return await _done(connection, work)

    async def close(self) -> None:
        await self.engine.dispose()


async def _done(connection: AsyncConnection, work: Work[T]) -> T:
    """Run `work`; a connection that this casts doubt on is cut before it is asked to roll back: it may say nothing."""
    try:
        return await connection.run_sync(within, work)
    except BaseException as error:
        if spoils(error):
            await connection.invalidate(error)
        raise


def _opened(_connection: Any, record: Any) -> None:
    record.info["opened"] = record.info["idle"] = time.monotonic()


def _idle(_connection: Any, record: Any) -> None:
    record.info["idle"] = time.monotonic()


def _cut(connection: Any, _record: Any, _error: Any = None) -> None:
    """Not to say goodbye: a server that hangs, or whom a firewall cut off, would be waited for, at the end as well."""
    connection.driver_connection.terminate()


class PostgresDatabase:
    """The server that takes writes; a `serving` process keeps nobody waiting for longer than SERVING says."""

    dialect = "postgresql"
    gauges: Mapping[str, Callable[[], float | None]] = {}

    def __init__(self, url: URL, *, serving: bool) -> None:
        self.generation = 0
        self._connections = Connections(url, server=SERVING if serving else {}, pool_size=8, max_overflow=4)

    async def write(self, work: Work[T]) -> T:
        done = await self._connections.write(work)
        self.generation += 1
        return done

    async def read(self, work: Work[T]) -> T:
        return await self._connections.read(work)

    async def glance(self, work: Work[T]) -> T:
        """A read of a few rows by their key: what takes longer than GLANCE_S does so because the server hangs."""
        async with asyncio.timeout(GLANCE_S):
            return await self._connections.read(work)

    async def close(self) -> None:
        await self._connections.close()
