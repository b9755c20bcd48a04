"""Letters on their way, in the database: who takes one, and what came of it."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.ids import first_of
from app.logs import log
from app.models import Letter, Subscriber
from app.retries import next_try

if TYPE_CHECKING:
    from app.mail.smtp import Outcome

AT_A_TIME = 20  # letters over one connection
LEASE = timedelta(minutes=15)  # whoever died over a letter is not waited for longer
GIVEN_UP_AFTER = timedelta(days=4)  # without the server having been reached
KEPT = timedelta(days=400)  # for who asks when somebody was last written to


def is_any_due(session: Session, at: datetime) -> bool:
    """One look into an index that holds only what waits."""
    return session.exec(select(Letter.id).where(col(Letter.due_at) <= at).limit(1)).first() is not None


def claim(session: Session, at: datetime) -> list[UUID]:
    """What is due, AT_A_TIME at most, the oldest first. Nobody else takes it until the lease is over."""
    due = select(Letter).where(col(Letter.due_at) <= at).order_by(col(Letter.due_at), col(Letter.id)).limit(AT_A_TIME)
    rows = session.exec(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.due_at, row.tries = at + LEASE, row.tries + 1
    return [row.id for row in rows]


def give_back(session: Session, numbers: Iterable[UUID], at: datetime, rest: timedelta, why: str) -> None:
    """Letters that were claimed and not tried are due after a rest; what has waited for too long is given up."""
    for row in filter(None, (session.get(Letter, number) for number in numbers)):
        late = at - row.created_at > GIVEN_UP_AFTER
        row.due_at, row.tries, row.error = None if late else at + rest, row.tries - 1, why or row.error
        if late:
            _tell(row, "unreachable")


def settle(session: Session, number: UUID, at: datetime, outcome: "Outcome") -> None:
    """Write down what came of a letter. A mailbox that is not there gets no more."""
    row = session.get(Letter, number)
    whose = _locked(session, row.subscriber_id) if row else None
    if row is None or whose is None:  # deleted meanwhile
        return
    row.error, row.due_at = outcome.said, None
    if outcome.state == "dropped":
        session.delete(row)
    elif outcome.state == "sent":
        row.sent_at = at
    elif outcome.state == "later":
        row.due_at = next_try(row.tries, at, None, random.random)
    elif outcome.state == "bounced":
        whose.bounced_at, whose.bounce, whose.digest_at = at, outcome.said, None
    if outcome.state in ("bounced", "refused") or (outcome.state == "later" and not row.due_at):
        _tell(row, outcome.state)


def _locked(session: Session, number: int) -> Subscriber | None:
    return session.exec(select(Subscriber).where(Subscriber.id == number).with_for_update()).first()


def _tell(row: Letter, why: str) -> None:
    log.warning("mail_given_up", extra={"subscriber": row.subscriber_id, "kind": row.kind, "why": why})


def clean(session: Session, at: datetime) -> None:
    """Delete what is long done."""
    session.execute(delete(Letter).where(col(Letter.id) < first_of(at - KEPT), col(Letter.due_at).is_(None)))
