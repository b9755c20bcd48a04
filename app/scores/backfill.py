"""Keys that were declared after answers came: these are counted by segment in pieces, in the background.

Any number of processes may do so on one database, and each may be killed: how far a split has come stands in its row,
and changes in the transaction that counts the piece. Segments whose split is gone are deleted here too.
"""

import asyncio
import contextlib
import time
from functools import partial
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app.db import Database
from app.models import Feedback, Segment, SegmentRollup, Split
from app.scores import splits
from app.scores.rollup import lock
from app.scores.segment_recount import frequent
from app.scores.segment_rows import ANSWERS
from app.scores.slices import grouped
from app.scores.splits import Open
from app.turns import wait_at_most
from app.work import Work

PIECE = 500
POLL_S = 60.0
IDLE = 4  # times as long as a piece took, nothing is done after it


def waiting(session: Session) -> int | None:
    """A split with answers to be counted, or None."""
    return session.exec(select(Split.id).where(col(Split.upto).is_not(None)).limit(1)).first()


def count_on(session: Session, split_id: int, most: int = PIECE) -> bool:
    """Count the next answers of a split; whether more are left."""
    touchpoint_id = session.exec(select(Split.touchpoint_id).where(Split.id == split_id)).first()
    if touchpoint_id is None:
        return False
    held = lock(session, [touchpoint_id])[touchpoint_id]
    split = next((one for one in held.splits if one.id == split_id), None)
    if split is None or split.upto is None:  # taken away or finished meanwhile
        return False
    after = (Feedback.touchpoint_id == touchpoint_id, col(Feedback.id) > UUID(int=split.upto))
    rows = session.execute(ANSWERS.where(*after).order_by(col(Feedback.id)).limit(most)).all()
    changes = splits.gather(grouped((row, 1) for row in rows), {touchpoint_id: [split._replace(upto=None)]})
    splits.add_up(session, {touchpoint_id: held}, changes)
    upto = rows[-1].id if len(rows) == most else None
    counted = {"upto": upto, "counted": col(Split.counted) + len(rows)}
    session.execute(update(Split).where(col(Split.id) == split_id).values(**counted))
    return upto is not None


async def choose_values(db: Database, split_id: int) -> None:
    """Before anything is counted by a split, give the values that most answers have counts of their own.

    They are looked for among all answers, which takes seconds when these are millions: nobody waits for it.
    """
    if (split := await db.read(partial(_untouched, split_id=split_id))) is not None:
        values = await db.read(partial(frequent, split=split))

        def give(session: Session) -> None:
            lock(session, [split.touchpoint_id])
            if (now := _untouched(session, split_id)) is not None:
                splits.admit(session, now, values)

        await db.write(give)


def _untouched(session: Session, split_id: int) -> Open | None:
    """The split, if nothing is counted by it yet."""
    row = session.get(Split, split_id)
    begun = select(Segment.id).where(Segment.split_id == split_id).limit(1)
    if row is None or row.upto != UUID(int=0) or session.exec(begun).first() is not None:
        return None
    return splits.opened(row.touchpoint_id, split_id, row.key, row.upto, row.most, row.closed)


_ABANDONED = select(Segment).where(col(Segment.split_id).not_in(select(Split.id))).limit(1)


def abandoned(session: Session) -> bool:
    """Whether there is a segment whose split is gone."""
    return session.exec(_ABANDONED).first() is not None


def clear(session: Session) -> None:
    """Delete a segment whose split is gone, with its counts."""
    segment = session.exec(_ABANDONED.with_for_update(skip_locked=True)).first()
    if segment:
        mine = (col(SegmentRollup.touchpoint_id) == segment.touchpoint_id, col(SegmentRollup.segment_id) == segment.id)
        session.execute(delete(SegmentRollup).where(*mine))
        session.delete(segment)


class Backfill:
    """Looks each minute, and when it is woken, whether answers wait to be counted by a key."""

    def __init__(self, db: Database) -> None:
        self._db, self._wake = db, asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="backfill")

    def wake(self) -> None:
        """A key was declared or taken away: look now."""
        self._wake.set()

    async def close(self) -> None:
        """Stop; what is left is done at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(DBAPIError, OSError):  # locked, full or gone: the next look
                while (split_id := await self._db.read(waiting)) is not None:
                    await choose_values(self._db, split_id)
                    await self._piece(partial(count_on, split_id=split_id))
                while await self._db.read(abandoned):
                    await self._piece(clear)
            await wait_at_most(POLL_S, self._wake)
            self._wake.clear()

    async def _piece(self, work: Work[object]) -> None:
        started = time.monotonic()
        await self._db.write(work)
        await asyncio.sleep(IDLE * (time.monotonic() - started))
