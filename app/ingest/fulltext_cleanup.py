"""Words that were erased or changed leave SQLite's full-text index too: little by little, for answers are waiting.

FTS5 only marks what is deleted; before SQLite 3.42 (`secure-delete`) the words stay in the file until the parts of the
index are merged into one. At 200,000 comments that takes 0.2 s in one go, and 4 ms a step (20 ms for the step with the
commonest word). That something is to be forgotten is noted in the transaction that takes it away: a process that stops,
or a command that runs beside the service, leaves it to whoever serves next.
"""

import asyncio
import sqlite3
import time
from uuid import uuid4

from sqlalchemy import delete, select, text
from sqlmodel import Session, col

from app.db import Database, is_sqlite
from app.logs import log
from app.models import Secret

NOTE = "words_to_forget"
PAGES = 32  # of 4 KB, merged in a step
POLL_S = 1.0
IDLE = 9  # times as long as a step took, nothing is merged after it: a tenth of the time at most
SECURE = sqlite3.sqlite_version_info >= (3, 42)

_NOTE = text(
    "INSERT INTO secret (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_SECURE = text("INSERT INTO feedback_search (feedback_search, rank) VALUES ('secure-delete', 1)")
# A negative number of pages first puts all parts on one level, so that no mark and no marked word is left in the end.
_MERGE = text("INSERT INTO feedback_search (feedback_search, rank) VALUES ('merge', :pages)")
_CHANGES = text("SELECT total_changes()")


def note(session: Session) -> None:
    """Within the transaction that takes words away: they are to leave the index as well."""
    if is_sqlite(session) and not SECURE:
        session.execute(_NOTE, {"name": NOTE, "value": uuid4().hex})


def noted(session: Session) -> str | None:
    """Something that changes with each note, None when nothing is to be forgotten."""
    found: str | None = session.execute(select(col(Secret.value)).where(col(Secret.name) == NOTE)).scalar()
    return found


def step(session: Session, pages: int) -> bool:
    """Merge so many pages; whether there may be more to merge."""
    before = session.execute(_CHANGES).scalar_one()
    session.execute(_MERGE, {"pages": pages})
    changed: int = session.execute(_CHANGES).scalar_one() - before
    return changed > 1  # FTS5 counts one for the statement itself


def _done(session: Session, what: str) -> None:
    session.execute(delete(Secret).where(col(Secret.name) == NOTE, col(Secret.value) == what))


class FulltextCleanup:
    """Looks each second whether words are to be forgotten. Any number of processes may do so on one database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looked = -1
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._db.dialect == "sqlite":
            self._task = asyncio.create_task(self._run(), name="forgetting")

    async def close(self) -> None:
        """Stop; what is left is done at the next start."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failed = False
        while True:
            try:
                if self._looked != (at := self._db.generation):
                    await self._forget()
                    self._looked, failed = at, False
            except Exception as error:  # locked, full or gone: the next look
                if not failed:
                    log.error("words_not_forgotten", extra={"error": type(error).__name__})
                failed = True
            await asyncio.sleep(POLL_S)

    async def _forget(self) -> None:
        if SECURE and self._looked < 0:  # the index may have been made by an older SQLite
            await self._db.write(lambda session: session.execute(_SECURE))
        what = await self._db.read(noted)
        if what is None:
            return
        pages = -PAGES
        while await self._step(pages):
            pages = PAGES
        await self._db.write(lambda session: _done(session, what))

    async def _step(self, pages: int) -> bool:
        started = time.monotonic()
        more = await self._db.write(lambda session: step(session, pages))
        await asyncio.sleep(IDLE * (time.monotonic() - started))
        return more
