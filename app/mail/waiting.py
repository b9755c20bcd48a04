"""What needs somebody beside alerts: answers to read or to reply to."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, literal
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.answers.handling import IS_ROW, NEEDS_REPLY, NEW, is_new
from app.mail.language import Say
from app.mail.period import Period
from app.mail.writing import Item, Links
from app.models import Feedback, Handling, Touchpoint

_TEXTS = {NEW: "new_comments", NEEDS_REPLY: "to_answer"}


def items(session: Session, period: Period, say: Say, links: Links, at: datetime) -> list[Item]:
    """Comments that nobody has seen, and customers who wait for an answer."""
    found = _handling(session, period, at)
    return [
        Item(
            name=say(_TEXTS[state], n=found[state][0]),
            url=f"{links.base}/comments?handling={state}",
            more=say("oldest", day=say.day(found[state][1])),
        )
        for state in (NEEDS_REPLY, NEW)
        if state in found
    ]


def _handling(session: Session, period: Period, at: datetime) -> dict[str, tuple[int, datetime]]:
    """How many answers are in each state that waits, and when the oldest of them was given."""
    here = col(Feedback.touchpoint_id).in_(list(period.by_id))
    oldest: Any = func.min(col(Feedback.occurred_at))
    said = sa_select(col(Handling.state), func.count(), oldest).select_from(Handling).join(Feedback, IS_ROW)
    untouched = (
        sa_select(literal(NEW), func.count(), oldest)
        .select_from(Feedback)
        .join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)
        .outerjoin(Handling, IS_ROW)
        .where(here, is_new(at), col(Handling.state).is_(None))
    )
    waits = said.where(here, col(Handling.state).in_(_TEXTS)).group_by(col(Handling.state))
    found: dict[str, tuple[int, datetime]] = {}
    for state, n, first in [*session.execute(waits), *session.execute(untouched)]:
        if n:
            before = found.get(state, (0, first))
            found[state] = before[0] + n, min(before[1], first)
    return found
