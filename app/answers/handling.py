"""Who takes care of a customer's answer, and how long that took. It is never part of a score.

A row is written when somebody says so: storing an answer costs nothing for it. Until then an answer that somebody
should look at is `new` by itself.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, literal, or_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.answers.schemas import HandlingIn
from app.errors import Code, Problem
from app.models import Feedback, Handling, OwnScale, Touchpoint, now
from app.touchpoints.registry import by_key
from app.touchpoints.scales import SCALES

NEW, SEEN, NEEDS_REPLY, DONE = STATES = ("new", "seen", "needs_reply", "done")
OPEN = STATES[:3]
NEW_FOR = timedelta(days=90)  # a reply after a quarter of a year helps nobody, and an update must not pile up old ones
AGES = (24, 7 * 24, 30 * 24)  # hours
_MEDIAN_OF = 10_000  # the newest ones that were handled

IS_ROW: Any = and_(col(Handling.touchpoint_id) == Feedback.touchpoint_id, col(Handling.id) == Feedback.id)


def is_new(at: datetime) -> ColumnElement[bool]:
    """The condition under which an answer is new by itself at the time `at`: a comment with a low or without a rating.

    Many questions come without a rating. What was imported happened long ago. Spam and tests need nobody; a customer
    who complains again within the repeat days does.
    """
    rating = col(Feedback.rating)
    low = [and_(col(Touchpoint.scale) == name, rating <= s.poor[-1]) for name, s in SCALES.items()]
    own = col(OwnScale.key) == Touchpoint.scale, rating.between(OwnScale.poor_from, OwnScale.poor_to)
    return and_(
        col(Feedback.comment).is_not(None),
        or_(rating.is_(None), *low, exists().where(*own)),
        col(Feedback.flags).in_(("", "duplicate")),
        col(Feedback.source) != "import",
        col(Feedback.occurred_at) >= at - NEW_FOR,
    )


def columns(at: datetime) -> tuple[Any, ...]:
    """What a list of answers reads beside them, joined by IS_ROW."""
    state = case((col(Handling.state).is_not(None), col(Handling.state)), (is_new(at), literal(NEW)))
    return (
        state.label("handling_state"),
        col(Handling.owner).label("handling_owner"),
        col(Handling.note).label("handling_note"),
        col(Handling.changed_at).label("handling_changed_at"),
    )


def public(found: dict[str, Any]) -> dict[str, Any] | None:
    """The four columns, taken out of a row, as the API shows them; None when nobody needs to look at the answer."""
    said = {name: found.pop(f"handling_{name}") for name in ("state", "owner", "note", "changed_at")}
    return said if said["state"] else None


def is_in(state: str, at: datetime) -> ColumnElement[bool]:
    """The condition for answers in this state."""
    said = col(Handling.state) == state
    return or_(said, and_(col(Handling.state).is_(None), is_new(at))) if state == NEW else said


def put(session: Session, touchpoint_id: int, number: UUID, said: HandlingIn | None) -> None:
    """Set how an answer is handled; None: as if nobody had. Problem not_found.

    An owner or a note that is not said stays. The answer is locked, so that one erased at this moment leaves no row.
    """
    key = col(Feedback.touchpoint_id) == touchpoint_id, col(Feedback.id) == number
    if session.exec(select(Feedback.id).where(*key).with_for_update()).first() is None:
        raise Problem(Code.NOT_FOUND, "There is no feedback with this id.")
    if said is None:
        session.execute(
            delete(Handling).where(col(Handling.touchpoint_id) == touchpoint_id, col(Handling.id) == number)
        )
        return
    row = session.get(Handling, (touchpoint_id, number))
    if row is None:
        row = Handling(touchpoint_id=touchpoint_id, id=number, state=said.state)
        session.add(row)
    for name, value in said.model_dump(exclude_unset=True).items():
        setattr(row, name, value)
    row.changed_at = now()
    row.done_at = (row.done_at or row.changed_at) if row.state == DONE else None
    session.flush()


def summary(session: Session, touchpoint: str | None, days: int) -> dict[str, Any]:
    """How long it took until answers were handled within the last `days`, and how old the open ones are.

    Problem touchpoint_unknown.
    """
    at = now()
    here = [] if touchpoint is None else [col(Feedback.touchpoint_id) == by_key(session, touchpoint).id]
    took = _took(session, here, at - timedelta(days=days))
    by_age = _open(session, here, at)
    return {
        "days": days,
        "handled": len(took),
        "median_hours": round(median(took), 1) if took else None,
        "open": {state: sum(n for (each, _), n in by_age.items() if each == state) for state in OPEN},
        "open_by_age": [
            {"under_hours": age, "count": sum(n for (_, each), n in by_age.items() if each == age)}
            for age in (*AGES, None)
        ],
    }


def _took(session: Session, here: list[ColumnElement[bool]], since: datetime) -> list[float]:
    """Hours from receiving each answer until it was done."""
    both = sa_select(col(Feedback.received_at), col(Handling.done_at)).join(Handling, IS_ROW)
    newest = both.where(*here, col(Handling.done_at) >= since).order_by(col(Handling.done_at).desc())
    rows = session.execute(newest.limit(_MEDIAN_OF))
    return [max(0.0, (done - received).total_seconds() / 3600) for received, done in rows]


def _open(session: Session, here: list[ColumnElement[bool]], at: datetime) -> Mapping[tuple[str, int | None], int]:
    """How many open ones there are, by state and age (hours under which they are, None: older)."""
    received = col(Feedback.received_at)
    age = case(*((received > at - timedelta(hours=hours), hours) for hours in AGES)).label("age")
    said = sa_select(col(Handling.state), age, func.count()).select_from(Handling).join(Feedback, IS_ROW)
    rows = list(session.execute(said.where(*here, col(Handling.state).in_(OPEN)).group_by(col(Handling.state), age)))
    untouched = (
        sa_select(literal(NEW), age, func.count())
        .select_from(Feedback)
        .join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)
        .outerjoin(Handling, IS_ROW)
        .where(*here, is_new(at), col(Handling.state).is_(None))
        .group_by(age)
    )
    found: dict[tuple[str, int | None], int] = {}
    for state, hours, n in [*rows, *session.execute(untouched)]:
        found[state, hours] = found.get((state, hours), 0) + n
    return found
