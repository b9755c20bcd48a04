"""Whose digest is due: its letter and the date of the next one are written together, so that it is due once."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.mail import outbox
from app.mail.schedule import due_after, told
from app.models import Subscriber

AT_A_TIME = 100


def is_any_due(session: Session, at: datetime) -> bool:
    """One look into an index that holds only those who get a digest."""
    return session.exec(select(Subscriber.id).where(col(Subscriber.digest_at) <= at).limit(1)).first() is not None


def put_due(session: Session, at: datetime) -> None:
    """Write to those whose digest is due. However many were missed while nothing ran, it is one letter."""
    due = select(Subscriber).where(col(Subscriber.digest_at) <= at).limit(AT_A_TIME)
    for row in session.exec(due.with_for_update(skip_locked=True)).all():
        zone = ZoneInfo(row.timezone)
        row.digest_at = due_after(row.digest, zone, at)
        if not row.listens or not row.digest_at:
            continue
        since, until = told(row.digest, zone, at, row.digest_until)
        if row.digest_until is None or row.digest_until < until:
            row.digest_until = until
            outbox.put(session, row, outbox.DIGEST, f"{since.isoformat()}/{until.isoformat()}", at)
