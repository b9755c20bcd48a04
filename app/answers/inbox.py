"""Answers in the order in which somebody works through them: the unhappiest, the newest or the oldest first."""

from typing import Any, Literal, get_args

from sqlalchemy import Float, case, cast, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from app.answers import handling, listing
from app.answers.schemas import AnswerFilter
from app.models import Feedback, Handling, OwnScale, Touchpoint, now
from app.touchpoints.scales import SCALES

Sort = Literal["unhappy", "newest", "oldest"]
SORTS: tuple[Sort, ...] = get_args(Sort)


def _height() -> Any:
    """How happy an answer is, from 0 to 1."""
    rating: Any = cast(col(Feedback.rating), Float)
    ours = ((col(Touchpoint.scale) == name, s.height(rating)) for name, s in SCALES.items())
    share = (rating - col(OwnScale.low)) / (col(OwnScale.high) - col(OwnScale.low))
    theirs = sa_select(case((col(OwnScale.reversed), 1 - share), else_=share))
    return case(*ours, else_=theirs.where(col(OwnScale.key) == Touchpoint.scale).scalar_subquery())


def page(session: Session, query: AnswerFilter, sort: Sort, start: int, limit: int) -> list[dict[str, Any]]:
    """At most `limit` answers after the first `start`; those without a rating stand after the unhappy ones."""
    at = col(Feedback.occurred_at)
    orders: dict[str, list[Any]] = {
        "unhappy": [func.coalesce(_height(), 0.5), at.desc()],
        "newest": [at.desc()],
        "oldest": [at],
    }
    wanted = listing.base().where(*listing.conditions(session, query))
    rows = session.execute(wanted.order_by(*orders[sort], col(Feedback.id)).offset(start).limit(limit))
    return [listing.public(row) for row in rows]


def counts(session: Session, most: int) -> dict[str, int]:
    """How many answers are in each state, none beyond `most`: a look at them costs no more."""
    rows = session.execute(sa_select(col(Handling.state), func.count()).group_by(col(Handling.state)))
    found = dict.fromkeys(handling.STATES, 0) | {row[0]: row[1] for row in rows}
    untouched = (
        sa_select(col(Feedback.id))
        .join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)
        .outerjoin(Handling, handling.IS_ROW)
        .where(handling.is_new(now()), col(Handling.state).is_(None))
    )
    new = sa_select(func.count()).select_from(untouched.limit(most).subquery())
    found[handling.NEW] += session.execute(new).scalar_one()
    return {state: min(n, most) for state, n in found.items()}
