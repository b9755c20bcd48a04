"""Finds stored answers, newest first, in pages that stay put while new answers come in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, literal, select, tuple_
from sqlmodel import Session, col

from app import paging
from app.answers import search
from app.answers.schemas import AnswerFilter, AnswerQuery
from app.errors import Code, Place, Problem
from app.models import Feedback, Touchpoint
from app.touchpoints.registry import by_key

COLUMNS: tuple[Any, ...] = (
    Feedback.id,
    col(Touchpoint.key).label("touchpoint"),
    Feedback.rating,
    Feedback.comment,
    Feedback.reasons,
    Feedback.source,
    Feedback.occurred_at,
    Feedback.received_at,
    Feedback.flags,
    Feedback.locale,
    Feedback.respondent,
    Feedback.context,
    Feedback.claimed_at,
    Feedback.touchpoint_id,
)

# As its index has it, without a parameter: only so do the databases see that the index will do.
_FLAGGED = col(Feedback.flags) != literal("", literal_execute=True)


def public(row: Row[Any]) -> dict[str, Any]:
    """A row of COLUMNS as the API shows it."""
    found = dict(row._mapping)
    del found["touchpoint_id"]
    return found | {"reasons": row.reasons.split(), "flags": row.flags.split()}


def base() -> Select[Any]:
    """All answers with their touchpoint's key."""
    return select(*COLUMNS).join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)


def conditions(session: Session, query: AnswerFilter) -> list[ColumnElement[bool]]:
    """The WHERE of a query; Problem touchpoint_unknown."""
    found: list[ColumnElement[bool]] = []
    at = None if query.touchpoint is None else by_key(session, query.touchpoint).id
    if query.q is not None:
        found.append(search.condition(session, query.q, at))
    elif at is not None:
        found.append(col(Feedback.touchpoint_id) == at)
    if query.source is not None:
        found.append(col(Feedback.source) == query.source)
    if query.since is not None:
        found.append(col(Feedback.occurred_at) >= query.since)
    if query.until is not None:
        found.append(col(Feedback.occurred_at) < query.until)
    if query.rating_min is not None:
        found.append(col(Feedback.rating) >= query.rating_min)
    if query.rating_max is not None:
        found.append(col(Feedback.rating) <= query.rating_max)
    if query.has_comment is not None:
        found.append(col(Feedback.comment).is_not(None) if query.has_comment else col(Feedback.comment).is_(None))
    if query.flag is not None:
        found += [_FLAGGED, (" " + col(Feedback.flags) + " ").contains(f" {query.flag} ")]
    if query.flagged is not None:
        found.append(_FLAGGED if query.flagged else ~_FLAGGED)
    if query.respondent is not None:
        found.append(col(Feedback.respondent) == query.respondent)
    return found


def _before(cursor: str) -> ColumnElement[bool]:
    at, touchpoint_id, number = paging.decode(cursor, 3) or ("", "", "")
    try:
        last = (datetime.fromisoformat(at), int(touchpoint_id), UUID(number))
    except ValueError:
        place = Place(place="query.cursor", message="not a cursor of this list", mend="Send `next_cursor` unchanged.")
        raise Problem(Code.INVALID_REQUEST, "The cursor cannot be used.", errors=[place]) from None
    order = tuple_(col(Feedback.occurred_at), col(Feedback.touchpoint_id), col(Feedback.id))
    return order < last


def with_id(number: UUID) -> ColumnElement[bool]:
    """The answer with this id. The primary key begins with the touchpoint: asking each is a few seeks, else a scan."""
    return and_(col(Feedback.touchpoint_id).in_(select(col(Touchpoint.id))), col(Feedback.id) == number)


def listing(session: Session, query: AnswerFilter) -> Select[Any]:
    """The answers a query asks for, newest first."""
    order = (Feedback.occurred_at, Feedback.touchpoint_id, Feedback.id)
    return base().where(*conditions(session, query)).order_by(*(col(each).desc() for each in order))


def newest(
    session: Session, query: AnswerFilter, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` answers, newest first, after `cursor`; and the cursor that goes on, None at the end."""
    statement = listing(session, query)
    if cursor:
        statement = statement.where(_before(cursor))
    rows = session.execute(statement.limit(limit + 1)).all()
    shown = rows[:limit]
    more = None
    if len(rows) > limit:
        last = shown[-1]
        more = paging.encode([last.occurred_at.isoformat(), str(last.touchpoint_id), str(last.id)])
    return [public(row) for row in shown], more


def page(session: Session, query: AnswerQuery) -> dict[str, Any]:
    """One page of answers, newest first."""
    items, more = newest(session, query, query.limit, query.cursor)
    return {"items": items, "next_cursor": more}


def one(session: Session, number: UUID) -> dict[str, Any]:
    """The answer with this id; Problem not_found."""
    row = session.execute(base().where(with_id(number))).first()
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no feedback with this id.")
    return public(row)
