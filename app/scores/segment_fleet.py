"""Counts by a key of many touchpoints at once: one statement each, and a row for what is shown, not for what is read.

Fifty touchpoints with 200 values have 300,000 cells of days in a month; to fetch them takes Python seconds, in which
nobody else is answered.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlmodel import Session

from app.scores.buckets import Span
from app.scores.counts import NONE, Counts, add
from app.scores.days import values
from app.scores.segment_verdicts import Day
from app.scores.slices import COUNTED, COUNTS
from app.sql import Bulk
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale


class Splitting(NamedTuple):
    """A touchpoint that declares the key, the split that counts it, and how far that has come."""

    known: Known
    split_id: int
    complete: bool


_CELLS = (
    "FROM {r} JOIN segment ON segment.touchpoint_id = r.touchpoint_id AND segment.split_id = r.split_id "
    "JOIN segment_rollup AS c ON c.touchpoint_id = segment.touchpoint_id AND c.segment_id = segment.id "
    "AND c.grain = r.grain AND c.bucket >= r.since AND c.bucket < r.until "
    f"WHERE c.slice = '{COUNTED}' AND (r.source = '' OR c.source = r.source) "
)
_OF = {"touchpoint_id": "int", "split_id": "int", "source": "text", "grain": "text", "since": "bigint"}
_OF |= {"until": "bigint"}
_REAL = "double precision"


@lru_cache
def _summed(by: str, high: int, *more: str) -> Bulk:
    """Sums of the counts by these columns, with ratings up to `high`: most of the time goes into the columns."""
    sums = ", ".join(f"CAST(SUM(c.{name}) AS bigint)" for name in COUNTS[: 3 + high])
    return Bulk(f"SELECT {by}, {sums} {_CELLS} GROUP BY {by}", _OF | dict.fromkeys(more, "int"))


@lru_cache
def _daily(low: int, high: int) -> Bulk:
    ratings = range(low, high + 1)
    rated, worth = " + ".join(f"c.n{n}" for n in ratings), " + ".join(f"c.n{n} * r.w{n}" for n in ratings)
    return Bulk(
        f"SELECT value, bucket, CAST(SUM({rated}) AS {_REAL}), CAST(SUM({worth} - r.level * ({rated})) AS {_REAL}) "
        f"{_CELLS} GROUP BY value, bucket",
        _OF | {"level": _REAL} | {f"w{n}": _REAL for n in ratings},
    )


Asked = Sequence[tuple[Splitting, Sequence[Span]]]  # which spans of each touchpoint


def _rows(asked: Asked, source: str | None) -> Iterator[tuple[Any, ...]]:
    for one, spans in asked:
        for span in spans:
            yield one.known.id, one.split_id, source or "", *span


def whole(session: Session, asked: Asked, source: str | None) -> dict[int, dict[str, Counts]]:
    """What counts of each value, by touchpoint."""
    found: dict[int, dict[str, Counts]] = {one.known.id: {} for one, _ in asked}
    lookup = _summed("r.touchpoint_id, value", _edges(asked)[1])
    for touchpoint_id, value, *counts in lookup.returning(session, list(_rows(asked, source))):
        found[touchpoint_id][value] = add((found[touchpoint_id].get(value, NONE), _all(counts)))
    return found


def _edges(asked: Sequence[tuple[Splitting, Any]]) -> tuple[int, int]:
    """The lowest and the highest rating of all scales."""
    scales = [one.known.scale for one, _ in asked]
    return min((scale.low for scale in scales), default=0), max((scale.high for scale in scales), default=0)


def _all(counts: Sequence[int]) -> Counts:
    return (*counts, *NONE[len(counts) :])


def daily(session: Session, asked: Asked, source: str | None, above: Mapping[int, float], metric: str) -> list[Day]:
    """The ratings of each value on each local day, all touchpoints together, what they are worth for `metric` less
    how far each touchpoint lies above the others."""
    known, (low, high) = {one.known.id: one.known for one, _ in asked}, _edges(asked)
    rows = [(*row, above[row[0]], *_worth(known[row[0]].scale, metric)[low : high + 1]) for row in _rows(asked, source)]
    sums: defaultdict[tuple[str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for value, bucket, n, total in _daily(low, high).returning(session, rows):
        cell = sums[value, bucket]
        cell[0] += n
        cell[1] += total
    return [Day(*cell, *values) for cell, values in sums.items() if values[0]]


def _worth(scale: Scale, metric: str) -> list[float]:
    """The value of each of 0..10, 0 for what is no rating of the scale."""
    by_rating = dict(zip(scale.ratings, values(scale, metric), strict=True))
    return [by_rating.get(rating, 0.0) for rating in range(11)]


def monthly(
    session: Session, asked: Sequence[tuple[Splitting, Span]], source: str | None
) -> Iterator[tuple[Scale, str, int, Counts]]:
    """(scale, value, start of a month, counts), all touchpoints of a scale together, over a span of months of each."""
    scales = list(dict.fromkeys(one.known.scale for one, _ in asked))
    rows = [(one.known.id, one.split_id, source or "", *span, scales.index(one.known.scale)) for one, span in asked]
    lookup = _summed("r.scale, value, bucket", _edges(asked)[1], "scale")
    for scale, value, bucket, *counts in lookup.returning(session, rows):
        yield scales[scale], value, bucket, _all(counts)
