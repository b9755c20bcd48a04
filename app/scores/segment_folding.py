"""Adds up what waits in `segment_pending.py`: each second, and before somebody is told counts by segment."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.db import Database
from app.scores import segment_pending, splits
from app.scores.rollup import lock
from app.scores.segment_pending import Waiting
from app.turns import Turns

EACH_S = 1.0
LOOK_TURNS = 60  # at the latest: another process may have been killed before it folded
CLOSE_S = 5.0  # for a database that hangs, the end of the service waits no longer
READER_PIECES = 5  # that who reads waits for at most; more is there only after the service was away


def fold(session: Session, rows: Sequence[Waiting]) -> None:
    """Add these changes to the counts. Two that fold the same take turns: the second finds nothing."""
    held = lock(session, [number for number, _ in rows])
    changes = segment_pending.read(session, rows, {split.id for one in held.values() for split in one.splits})
    segment_pending.delete(session, rows)
    splits.add_up(session, held, changes)


async def fold_next(db: Database, ids: Sequence[int] = ()) -> bool:
    """Fold a piece of what waits, of these touchpoints or of all; whether there may be more."""
    rows, more = await db.glance(partial(segment_pending.waiting, ids=ids))
    if rows:
        await db.write(partial(fold, rows=rows))
    return more


async def folded(db: Database, ids: Sequence[int] = ()) -> None:
    """Before counts by segment are read: fold what waits. Where nothing can be written, what was folded is told."""
    with contextlib.suppress(SQLAlchemyError, OSError):
        for _ in range(READER_PIECES):
            if not await fold_next(db, ids):
                break


async def fold_all(db: Database) -> None:
    """Fold what waits."""
    more = True
    while more:
        more = await fold_next(db)


class Folding:
    """Folds each second what was written in it."""

    def __init__(self, db: Database) -> None:
        self._db, self._turns = db, Turns("segments_not_folded")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="segment-folding")

    async def close(self) -> None:
        """Stop, and leave nothing waiting: a release that knows no such rows may come next."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._turns.take(self._all)

    async def _run(self) -> None:
        seen, turn = -1, 0
        while True:
            if self._db.generation != seen or turn % LOOK_TURNS == 0:
                seen = self._db.generation
                await self._turns.take(self._all)
            turn += 1
            await asyncio.sleep(EACH_S)

    async def _all(self) -> None:
        with contextlib.suppress(SQLAlchemyError, OSError):  # locked, full or gone, which others tell: the next turn
            await fold_all(self._db)
