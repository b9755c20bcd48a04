"""Answers of a segment, found by looking at answers newest first: a value is what the score reads out of the context,
which no index and no comparison of the databases knows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, select

from app.models import Touchpoint
from app.scores import segment_filter
from app.scores.segment_filter import READ_MOST, Test
from app.touchpoints.registry import by_key, known

PART = 2000  # answers read at once
Rows = Sequence[Row[Any]]
Read = Callable[[Row[Any] | None, int], Rows]  # at most so many rows, after this one or from the page's beginning


def tests(session: Session, segments: Sequence[str], touchpoint: str | None) -> Mapping[int, Test]:
    """What tells whether an answer lies in the segments, by touchpoint that declares their keys.

    Problem touchpoint_unknown; invalid_request where the touchpoint that is asked for, or every one, declares less.
    """
    wanted = segment_filter.pairs(segments)
    if touchpoint is not None:
        one = known(by_key(session, touchpoint))
        return {one.id: segment_filter.inside(session, one, wanted)}
    fleet = [known(row) for row in session.exec(select(Touchpoint))]
    found = [one for one in fleet if all(segment_filter.declares(one, key) for key in wanted)]
    if fleet and not found:
        raise segment_filter.undeclared(" and ".join(wanted))
    return {one.id: segment_filter.inside(session, one, wanted) for one in found}


def page(fits: Mapping[int, Test], read: Read, limit: int) -> tuple[Rows, Row[Any] | None]:
    """At most `limit` rows that fit, and the last one looked at, None when there is nothing after it."""
    found: list[Row[Any]] = []
    last = None
    for _ in range(READ_MOST // PART):
        rows = read(last, PART)
        for last in rows:
            if fits[last.touchpoint_id](last):
                found.append(last)
            if len(found) == limit:
                return found, None if last is rows[-1] and len(rows) < PART else last
        if len(rows) < PART:
            return found, None
    return found, last
