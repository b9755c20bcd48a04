"""Letters on their way, in the database: who takes one, and what came of it."""

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.cooldown import asked
from app.ids import first_of
from app.logs import log
from app.models import Letter, RatingMail, Subscriber
from app.retries import next_try

if TYPE_CHECKING:
    from app.mail.smtp import Outcome

AT_A_TIME = 20  # letters over one connection
LEASE = timedelta(minutes=15)  # whoever died over a letter is not waited for longer
GIVEN_UP_AFTER = timedelta(days=4)  # without the server having been reached
KEPT = timedelta(days=400)  # for who asks when somebody was last written to
Waiting = Letter | RatingMail
QUEUES: tuple[type[Waiting], ...] = (Letter, RatingMail)  # in this order: an alert never waits for a mailing


def is_any_due(session: Session, at: datetime) -> bool:
    """One look into each index that holds only what waits."""
    due = (session.exec(select(queue.id).where(col(queue.due_at) <= at).limit(1)).first() for queue in QUEUES)
    return any(due)


def claim(session: Session, at: datetime) -> list[UUID]:
    """What is due, AT_A_TIME at most, the oldest first. Nobody else takes it until the lease is over."""
    rows: list[Waiting] = []
    for queue in QUEUES:
        due: SelectOfScalar[Any] = select(queue).where(col(queue.due_at) <= at)
        due = due.order_by(col(queue.due_at), col(queue.id)).limit(AT_A_TIME - len(rows))
        rows += session.exec(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.due_at, row.tries = at + LEASE, row.tries + 1
    return [row.id for row in rows]


def give_back(session: Session, numbers: Iterable[UUID], at: datetime, rest: timedelta, why: str) -> None:
    """Letters that were claimed and not tried are due after a rest; what has waited for too long is given up."""
    for row in [row for number in numbers if (row := _row(session, number))]:
        row.tries, row.error = row.tries - 1, why or row.error
        if at - row.created_at <= GIVEN_UP_AFTER:
            row.due_at = at + rest
            continue
        _tell(row, "unreachable")
        _end(session, row)


def _row(session: Session, number: UUID) -> Waiting | None:
    return session.get(Letter, number) or session.get(RatingMail, number, with_for_update=True)


def _end(session: Session, row: Waiting) -> None:
    """It is tried no more. Of a customer's address nothing stays."""
    if isinstance(row, RatingMail):
        session.delete(row)
    else:
        row.due_at = None


def settle(session: Session, number: UUID, at: datetime, outcome: "Outcome", secrets: Sequence[bytes]) -> None:
    """Write down what came of a letter. A mailbox that is not there gets no more: of a customer's a hash is kept."""
    row = _row(session, number)
    whose = _locked(session, row.subscriber_id) if isinstance(row, Letter) else None
    if row is None or (isinstance(row, Letter) and whose is None):  # deleted meanwhile
        return
    row.error, later = outcome.said, next_try(row.tries, at, None, random.random) if outcome.state == "later" else None
    if later:
        row.due_at = later
        return
    if isinstance(row, Letter) and whose:
        _note(session, row, whose, at, outcome)
    elif isinstance(row, RatingMail) and outcome.state == "bounced":
        asked.bounced(session, secrets, row.respondent, row.touchpoint_id)
    if outcome.state in ("bounced", "refused", "later"):
        _tell(row, outcome.state)
    _end(session, row)


def _note(session: Session, row: Letter, whose: Subscriber, at: datetime, outcome: "Outcome") -> None:
    """What stays of a letter that is done, and what it says of its subscriber."""
    if outcome.state == "dropped":
        session.delete(row)
    elif outcome.state == "sent":
        row.sent_at = at
    elif outcome.state == "bounced":
        whose.bounced_at, whose.bounce, whose.digest_at = at, outcome.said, None


def _locked(session: Session, number: int) -> Subscriber | None:
    return session.exec(select(Subscriber).where(Subscriber.id == number).with_for_update()).first()


def _tell(row: Waiting, why: str) -> None:
    if isinstance(row, Letter):
        log.warning("mail_given_up", extra={"subscriber": row.subscriber_id, "kind": row.kind, "why": why})
    else:
        log.warning("mail_given_up", extra={"touchpoint_id": row.touchpoint_id, "kind": "rating", "why": why})


def clean(session: Session, at: datetime) -> None:
    """Delete what is long done."""
    session.execute(delete(Letter).where(col(Letter.id) < first_of(at - KEPT), col(Letter.due_at).is_(None)))
