"""Reads from a PostgreSQL replica while it is there and not far behind, and from the primary otherwise."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping

from sqlalchemy import TextClause, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from app.db import Database, Reader, core
from app.errors import Problem
from app.logs import log
from app.postgres import Connections
from app.sql import is_data_fault
from app.work import T, Work

LOOK_S, LOOK_TIMEOUT_S, READ_S = 1.0, 2.0, 5.0
KEPT = 600  # positions of the primary that the replica has not reached
_GONE = (SQLAlchemyError, OSError, TimeoutError)
_WRITTEN = text("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
# A server that is no standby, such as a copy made by other means, cannot say, and is taken to be near.
_REACHED = text("SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn")


def open_reads(db: Database, read_url: str | None, max_lag_s: float) -> Reader:
    """What scores, lists, search and exports read from: the replica behind `read_url`, or `db` itself without one."""
    return Replica(db, read_url, max_lag_s) if read_url and db.dialect == "postgresql" else db


class Lag:
    """How far behind a replica is, by when the primary had got to where the replica is not yet. Pure."""

    def __init__(self) -> None:
        self._ahead: list[tuple[float, float]] = []

    def note(self, at: float, written: float, reached: float | None) -> float:
        """Seconds behind, from positions in the write-ahead log: the primary's, asked for first, and the replica's."""
        seen = [*self._ahead, (at, written)]
        self._ahead = [] if reached is None else [one for one in seen if one[1] > reached]
        del self._ahead[1:-KEPT]
        return at - self._ahead[0][0] if self._ahead else 0.0


class Replica:
    """A reader. A task looks each second whether the replica is to be read from, so that no request finds out."""

    def __init__(self, db: Database, url: str, max_lag_s: float) -> None:
        self._db, self._max_lag_s = db, max_lag_s
        self._connections = Connections(make_url(url), pool_size=8)
        self._lag, self._trouble = Lag(), "not looked at"
        self._behind_s: float | None = None  # unknown while one of the two does not answer
        self._task = asyncio.create_task(self._watch(), name="replica")

    @property
    def generation(self) -> int:
        """Grows with each commit of this process."""
        return self._db.generation

    @property
    def gauges(self) -> Mapping[str, Callable[[], float | None]]:
        return {
            "touchstone_replica_used": lambda: not self._trouble,
            "touchstone_replica_lag_seconds": lambda: self._behind_s,
        }

    async def read(self, work: Work[T]) -> T:
        """Run `work` on the replica; on the primary when it is gone, far behind or fails."""
        if not self._trouble:
            try:
                async with asyncio.timeout(READ_S):
                    return await self._connections.read(work)
            except Problem:
                pass  # what is not there may only not be there yet
            except _GONE as error:
                if isinstance(error, DBAPIError) and is_data_fault(error):
                    raise
                self._trouble = type(error).__name__  # until it is looked at again, within a second
        return await self._db.read(work)

    async def glance(self, work: Work[T]) -> T:
        return await self.read(work)

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._connections.close()

    async def _watch(self) -> None:
        told = ""
        while True:
            trouble = await self._look()
            if trouble and not told:
                log.warning("replica_not_used", extra={"error": trouble})
            elif told and not trouble:
                log.warning("replica_used_again")
            told = self._trouble = trouble
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> str:
        """What is wrong with the replica; nothing when it may be read from. Without a primary it is all there is."""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                written = await self._db.read(lambda session: _position(session, _WRITTEN))
        except _GONE:
            written = None
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                reached = await self._connections.read(lambda session: _position(session, _REACHED))
        except _GONE as error:
            self._behind_s = None
            return type(getattr(error, "orig", error)).__name__
        self._behind_s = self._lag.note(time.monotonic(), written, reached) if written is not None else None
        behind = self._behind_s or 0.0
        return f"{behind:.0f} s behind" if behind > self._max_lag_s else ""


def _position(session: Session, asked: TextClause) -> float | None:
    found = core(session).execute(asked).scalar()
    return None if found is None else float(found)
