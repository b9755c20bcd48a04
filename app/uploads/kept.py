"""Uploaded files in the database: kept in pieces, taken by whoever imports them, forgotten in time.

There any process finds them, after a restart as well. They hold what customers wrote, and are not kept for longer than
they are needed.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, insert, or_, update
from sqlmodel import Session, col, select

from app.db import Database
from app.errors import Code, Problem
from app.models import Upload, UploadPiece, now

COMING, LOOKED, RUNNING, DONE, FAILED = "coming", "looked", "running", "done", "failed"
FILE, REFUSED = "file", "refused"
PIECE = 1 << 18  # bytes: a commit of one takes some milliseconds, in which customers' answers wait
WAITS_FOR = timedelta(days=1)  # a file that nobody says yes to
REPORTED_FOR = timedelta(days=7)  # what became of it, with its refused rows
LEASE = timedelta(seconds=20)  # without a sign of whoever imports it, another goes on


async def keep(db: Database, row: Upload, file: IO[bytes]) -> int:
    """Store a file that was looked at; its number."""
    state, row.state = row.state, COMING

    def begun(session: Session) -> int:
        session.add(row)
        session.flush()
        assert row.id is not None
        return row.id

    number = await db.write(begun)
    await keep_pieces(db, number, FILE, file)
    await db.write(lambda session: session.execute(_one(number).values(state=state)))
    return number


async def keep_pieces(db: Database, number: int, kind: str, file: IO[bytes]) -> None:
    """Store the pieces of a file, instead of those that are there."""
    await db.write(partial(_drop, number=number, kind=kind))
    for place, body in enumerate(_pieces(file)):
        values = {"upload_id": number, "kind": kind, "number": place, "body": body}
        await db.write(_executed(insert(UploadPiece).values(**values)))


async def pieces(db: Database, number: int, kind: str) -> AsyncIterator[bytes]:
    """A file, piece by piece."""
    for place in count():
        body = await db.read(partial(_piece, number=number, kind=kind, place=place))
        if body is None:
            return
        yield body


async def fetch(db: Database, number: int, kind: str, path: Path) -> None:
    """Write a file to `path`."""
    with path.open("wb") as file:
        async for body in pieces(db, number, kind):
            file.write(body)


def _piece(session: Session, number: int, kind: str, place: int) -> bytes | None:
    return session.exec(select(UploadPiece.body).where(*_of(number, kind), UploadPiece.number == place)).first()


def by_number(session: Session, number: int) -> Upload:
    """Problem not_found when there is none, or not all of it has come."""
    row = session.get(Upload, number)
    if row is None or row.state == COMING:
        raise Problem(Code.NOT_FOUND, "There is no such file; files are kept for a day, reports for a week.")
    return row


def newest(session: Session) -> list[Upload]:
    """The latest first."""
    there = col(Upload.state) != COMING
    return list(session.exec(select(Upload).where(there).order_by(col(Upload.id).desc()).limit(50)))


def understood(session: Session, number: int, said: dict[str, Any], found: dict[str, Any]) -> None:
    """Keep how a file is understood now, unless it is being imported already."""
    still = _one(number).where(col(Upload.state).in_((LOOKED, FAILED)))
    session.execute(still.values(said=said, found=found, state=LOOKED, report={}))


def begin(session: Session, number: int, *, makes_touchpoints: bool) -> None:
    """Somebody said yes; a second press changes nothing."""
    ready = _one(number).where(Upload.state == LOOKED)
    session.execute(
        ready.values(state=RUNNING, makes_touchpoints=makes_touchpoints, seen_at=None, tries=0, position=0, rows=0)
    )


def waiting(session: Session) -> bool:
    """Whether there is a file to be imported, or one to be forgotten."""
    return session.exec(select(Upload.id).where(or_(_takeable(now()), _old(now()))).limit(1)).first() is not None


def take(session: Session, runner: str) -> Upload | None:
    """The next file to be imported, which nobody else takes while `seen` says so."""
    at = now()
    number = session.exec(select(Upload.id).where(_takeable(at)).order_by(col(Upload.id)).limit(1)).first()
    if number is None:
        return None
    mine = {"runner": runner, "seen_at": at, "tries": col(Upload.tries) + 1}
    taken = _changed(session, _one(number).where(_takeable(at)).values(**mine))
    return session.get(Upload, number, populate_existing=True) if taken else None


def seen(session: Session, number: int, runner: str, position: int, rows: int) -> bool:
    """Say how far it is; False when somebody else has taken it, or it is gone."""
    still = _one(number).where(Upload.runner == runner, Upload.state == RUNNING)
    return _changed(session, still.values(seen_at=now(), position=position, rows=rows))


def note_stored(session: Session, number: int, stored: int) -> None:
    """Count answers, in the transaction that stores them."""
    session.execute(_one(number).values(stored=col(Upload.stored) + stored))


def end(session: Session, number: int, runner: str, state: str, report: dict[str, Any]) -> None:
    """It is imported, or cannot be; what was imported is not needed any more."""
    mine = _one(number).where(Upload.runner == runner, Upload.state == RUNNING)
    if _changed(session, mine.values(state=state, report=report, ended_at=now(), runner=None)) and state == DONE:
        _drop(session, number, FILE)


def forget(session: Session, number: int) -> None:
    """Delete a file with all that was found in it."""
    session.execute(delete(UploadPiece).where(col(UploadPiece.upload_id) == number))
    session.execute(delete(Upload).where(col(Upload.id) == number))


def forget_old(session: Session) -> None:
    """Delete what was kept for long enough."""
    for number in session.exec(select(Upload.id).where(_old(now()))).all():
        forget(session, number or 0)


def _takeable(at: datetime) -> ColumnElement[bool]:
    alone = or_(col(Upload.seen_at).is_(None), col(Upload.seen_at) < at - LEASE)
    return and_(col(Upload.state) == RUNNING, alone)


def _old(at: datetime) -> ColumnElement[bool]:
    unwanted = and_(col(Upload.state).in_((COMING, LOOKED, FAILED)), col(Upload.created_at) < at - WAITS_FOR)
    return or_(unwanted, and_(col(Upload.state) == DONE, col(Upload.ended_at) < at - REPORTED_FOR))


def _one(number: int) -> Any:
    return update(Upload).where(col(Upload.id) == number)


def _of(number: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    return col(UploadPiece.upload_id) == number, col(UploadPiece.kind) == kind


def _drop(session: Session, number: int, kind: str) -> None:
    session.execute(delete(UploadPiece).where(*_of(number, kind)))


def _changed(session: Session, statement: Any) -> bool:
    done = session.execute(statement)
    assert isinstance(done, CursorResult)
    return done.rowcount > 0


def _executed(statement: Any) -> Callable[[Session], object]:
    return lambda session: session.execute(statement)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while body := file.read(PIECE):
        yield body
