"""Comments that were stored without their words for the index get them: those of before it, or of an older version.

Some hundreds at a time, for answers are waiting; any number of processes may do so on one database. Until then SQLite
finds such a comment by the words as they were typed, PostgreSQL not at all.
"""

import asyncio
import contextlib
import time

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.db import Database
from app.folding import searchable
from app.models import WORDLESS, Feedback
from app.sql import Bulk

PIECE = 250
POLL_S = 60.0
IDLE = 4  # times as long as a piece took, nothing is done after it

_FILL = Bulk(
    "UPDATE feedback SET words = r.words FROM {r} "
    "WHERE feedback.touchpoint_id = r.touchpoint_id AND feedback.id = r.id",
    {"touchpoint_id": "int", "id": "uuid", "words": "text"},
)


def fill(session: Session, most: int = PIECE) -> int:
    """Write the words of at most so many comments; how many it were."""
    wanted = select(Feedback.touchpoint_id, Feedback.id, Feedback.comment).where(WORDLESS).limit(most)
    rows = session.exec(wanted.with_for_update(skip_locked=True)).all()
    _FILL.run(session, [(place, number, searchable(comment)) for place, number, comment in rows])
    return len(rows)


class Indexing:
    """Looks each minute whether a comment waits for its words."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="indexing")

    async def close(self) -> None:
        """Stop; what is left is done at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(DBAPIError):  # locked, full or gone: the next look
                filled = await self._db.read(waiting)
                while filled:  # none when others do the rest, or a replica is behind
                    started = time.monotonic()
                    filled = bool(await self._db.write(fill))
                    await asyncio.sleep(IDLE * (time.monotonic() - started))
            await asyncio.sleep(POLL_S)


def waiting(session: Session) -> bool:
    """Whether a comment waits for its words."""
    return session.exec(select(Feedback.touchpoint_id).where(WORDLESS).limit(1)).first() is not None
