"""Counts by any key straight from the answers: for what has no counts of its own, two keys at once say."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from app.models import Feedback
from app.scores import segment_counts
from app.scores.buckets import quarter_of, to_time
from app.scores.counts import Counts, Part
from app.scores.segment_values import OTHER, reader
from app.scores.slices import count, kind_of, none_yet, slices

_NAMES = ("touchpoint_id", "id", "rating", "comment", "reasons", "source", "flags", "occurred_at", "context", "locale")
ANSWERS = select(*(getattr(Feedback, name) for name in (*_NAMES, "device_id")))
Where = tuple[str, str] | None  # a key and its value


def read(
    session: Session, touchpoint_id: int, key: str, where: Where, since: int, until: int
) -> list[tuple[str, int, Part, Counts]]:
    """(value, quarter of an hour, (source, slice), counts) of the answers in [since, until) that `where` asks for."""
    at = col(Feedback.occurred_at)
    wanted = ANSWERS.where(Feedback.touchpoint_id == touchpoint_id, at >= to_time(since), at < to_time(until))
    value_of = naming(session, touchpoint_id, key)
    has = naming(session, touchpoint_id, where[0]) if where else None
    found: defaultdict[tuple[str, int, Part], list[int]] = defaultdict(none_yet)
    for answer in session.execute(wanted):
        if where is None or has is None or has(answer) == where[1]:
            quarter = quarter_of(answer.occurred_at)
            for part in slices(answer.flags, answer.reasons):
                count(found[value_of(answer), quarter, (answer.source, part)], kind_of(answer), 1)
    return [(*cell, tuple(counts)) for cell, counts in found.items()]


def naming(session: Session, touchpoint_id: int, key: str) -> Callable[[Any], str]:
    """Tells the value of a key under which an answer would be counted, were it declared or not."""
    value_of, state = reader(key), segment_counts.state(session, touchpoint_id, key)
    if state is None or not state.closed:
        return value_of
    known = segment_counts.values(session, state.id)

    def name(answer: Any) -> str:
        value = value_of(answer)
        return value if value in known else OTHER

    return name
