"""Finds stored answers, newest first, in pages that stay put while new answers come in."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, tuple_
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app import paging
from app.answers import by_segment, handling, search
from app.answers.schemas import AnswerFilter, AnswerQuery, SegmentedFilter
from app.errors import Code, Place, Problem
from app.models import Erasure, Feedback, Handling, Touchpoint, now
from app.scores import serve
from app.scores.buckets import to_time
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
    Touchpoint.scale,
    Feedback.touchpoint_id,
    Feedback.device_id,
)

_EVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# As its index has it, without a parameter: only so do the databases see that the index will do.
_FLAGGED = col(Feedback.flags) != literal("", literal_execute=True)


def public(row: Row[Any]) -> dict[str, Any]:
    """A row of COLUMNS as the API shows it."""
    found = dict(row._mapping)
    del found["touchpoint_id"], found["device_id"]
    handled = handling.public(found)
    return found | {"reasons": row.reasons.split(), "flags": row.flags.split(), "handling": handled}


def base() -> Select[Any]:
    """All answers with their touchpoint's key and how they are handled."""
    here = sa_select(*COLUMNS, *handling.columns(now())).join(Touchpoint, col(Touchpoint.id) == Feedback.touchpoint_id)
    return here.outerjoin(Handling, handling.IS_ROW)


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
    found += _within(session, query)
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
    if query.handling is not None:
        found.append(handling.is_in(query.handling, now()))
    return found


def _within(session: Session, query: AnswerFilter) -> list[ColumnElement[bool]]:
    """The WHERE of a period: a date is a day of each touchpoint's own time zone."""
    days = [moment for moment in (query.since, query.until) if moment and not isinstance(moment, datetime)]
    zones = session.exec(select(Touchpoint.timezone).distinct()).all() if days else ["UTC"]
    edges = {zone: _edges(query, ZoneInfo(zone)) for zone in zones}
    if len(edges) < 2:
        return [condition for since, until in edges.values() for condition in _between(since, until)]
    # What holds for all zones stands beside it: only so do the databases see that the index of times will do.
    whole = _between(min(since for since, _ in edges.values()), max(until for _, until in edges.values()))
    each = (and_(col(Touchpoint.timezone) == zone, *_between(*edge)) for zone, edge in edges.items())
    return [*whole, or_(*each)]


def _edges(query: AnswerFilter, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a query's period begins and ends (exclusive) in a zone."""
    since, until = query.since or _EVER[0], query.until or _EVER[1]
    return (
        since if isinstance(since, datetime) else to_time(serve.second(since, zone)),
        until if isinstance(until, datetime) else to_time(serve.ending(until, zone)),
    )


def _between(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    at = col(Feedback.occurred_at)
    return [at >= since] * (since != _EVER[0]) + [at < until] * (until != _EVER[1])


def _before(cursor: str) -> ColumnElement[bool]:
    at, touchpoint_id, number = paging.decode(cursor, 3) or ("", "", "")
    try:
        last = (datetime.fromisoformat(at), int(touchpoint_id), UUID(number))
    except ValueError:
        place = Place(place="query.cursor", message="not a cursor of this list", mend="Send `next_cursor` unchanged.")
        raise Problem(Code.INVALID_REQUEST, "The cursor cannot be used.", errors=[place]) from None
    order = tuple_(col(Feedback.occurred_at), col(Feedback.touchpoint_id), col(Feedback.id))
    return order < last


def listing(session: Session, query: AnswerFilter) -> Select[Any]:
    """The answers a query asks for, newest first."""
    order = (Feedback.occurred_at, Feedback.touchpoint_id, Feedback.id)
    return base().where(*conditions(session, query)).order_by(*(col(each).desc() for each in order))


def newest(
    session: Session, query: AnswerFilter, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """At most `limit` answers, newest first, after `cursor`; and the cursor that goes on, None at the end."""
    wanted = listing(session, query)
    if isinstance(query, SegmentedFilter) and query.segment:
        fits = by_segment.tests(session, query.segment, query.touchpoint)
        wanted = wanted.where(col(Feedback.touchpoint_id).in_(list(fits)))
        rows, last = by_segment.page(
            fits, lambda last, most: _after(session, wanted, _cursor(last) if last else cursor, most), limit
        )
    else:
        rows = _after(session, wanted, cursor, limit + 1)
        rows, last = rows[:limit], rows[limit - 1] if len(rows) > limit else None
    return [public(row) for row in rows], _cursor(last) if last else None


def _after(session: Session, wanted: Select[Any], cursor: str | None, most: int) -> Sequence[Row[Any]]:
    return session.execute((wanted.where(_before(cursor)) if cursor else wanted).limit(most)).all()


def _cursor(row: Row[Any]) -> str:
    return paging.encode([row.occurred_at.isoformat(), str(row.touchpoint_id), str(row.id)])


def page(session: Session, query: AnswerQuery) -> dict[str, Any]:
    """One page of answers, newest first."""
    items, more = newest(session, query, query.limit, query.cursor)
    return {"items": items, "next_cursor": more}


def touchpoint_of(session: Session, number: UUID, key: str | None) -> int:
    """The number of the touchpoint `key`, or of the one that has an answer with this id.

    Problem not_found, touchpoint_unknown, or id_not_unique when `key` has to say which. One that was erased is asked
    for too: a DELETE that is sent again must not take the other.
    """
    if key is not None:
        return by_key(session, key).id or 0
    # The primary keys begin with the touchpoint: asking for each of them is a few seeks, for the id alone a scan.
    there = [
        exists().where(col(table.touchpoint_id) == Touchpoint.id, col(table.id) == number)
        for table in (Feedback, Erasure)
    ]
    found = session.exec(select(Touchpoint).where(or_(*there)).order_by(col(Touchpoint.key))).all()
    if not found:
        raise _unknown()
    if len(found) > 1:
        keys = ", ".join(row.key for row in found)
        place = Place(place="query.touchpoint", message="is needed here", mend=f"Add ?touchpoint= with one of: {keys}.")
        raise Problem(Code.ID_NOT_UNIQUE, f"This id belongs to an answer at each of: {keys}.", errors=[place])
    return found[0].id or 0


def one(session: Session, touchpoint_id: int, number: UUID) -> dict[str, Any]:
    """The answer with this id at the touchpoint; Problem not_found."""
    row = session.execute(
        base().where(col(Feedback.touchpoint_id) == touchpoint_id, col(Feedback.id) == number)
    ).first()
    if row is None:
        raise _unknown()
    return public(row)


def _unknown() -> Problem:
    return Problem(Code.NOT_FOUND, "There is no feedback with this id.")


def figures(session: Session) -> Iterator[Metric]:
    """What Prometheus reads: when the newest answer was given, if there is one."""
    if newest := session.execute(sa_select(func.max(col(Feedback.occurred_at)))).scalar():
        said = "When the newest answer was given, since 1970"
        yield GaugeMetricFamily("touchstone_last_answer_timestamp_seconds", said, newest.timestamp())
