"""PostgreSQL: a unit of work runs on asyncpg through SQLAlchemy's greenlets."""

import asyncio
import random
from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.work import T, Work, within

GAVE_WAY = ("40P01", "40001")  # a deadlock, a serialization failure: the same again will succeed


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five letters for what went wrong; empty when it was not PostgreSQL that said so."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def postgres_engine(url: URL, **options: Any) -> AsyncEngine:
    """An asyncpg engine. A server that could lose what it acknowledged is told not to, for each connection."""
    settings = {"synchronous_commit": "on", "timezone": "UTC", "application_name": "touchstone"}
    return create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={"server_settings": settings, "timeout": 5, "command_timeout": 60},
        **options,
    )


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
        """Run `work` and commit, again from its beginning when PostgreSQL chose it to give way to others."""
        for last in (False, False, True):
            try:
                async with self._engine.begin() as connection:
                    done = await connection.run_sync(within, work)
                self.generation += 1
                return done
            except DBAPIError as error:
                if last or sqlstate(error) not in GAVE_WAY:
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - so that the two do not meet again
        raise AssertionError

    async def read(self, work: Work[T]) -> T:
        async with self._read_engine.connect() as connection:
            return await connection.run_sync(within, work)

    async def glance(self, work: Work[T]) -> T:
        return await self.read(work)

    async def close(self) -> None:
        await self._engine.dispose()
        await self._replica.dispose()
