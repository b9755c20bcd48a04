"""Reads counts by segment: ranges of the primary key, as many as a window has spans, whatever the number of answers."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlmodel import Session

from app.scores.buckets import Span
from app.scores.counts import NONE, Counts, Part
from app.scores.segment_verdicts import Day
from app.scores.slices import COUNTED, COUNTS
from app.sql import Lookup
from app.touchpoints.scales import Scale

ByValue = dict[str, dict[Part, Counts]]


class State(NamedTuple):
    """How far a key is counted: `counted` of the answers that were there when it was declared."""

    id: int
    complete: bool
    counted: int
    closed: bool


_STATE = Lookup("SELECT id, upto IS NULL, counted, closed FROM split WHERE touchpoint_id = :touchpoint AND key = :key")


def state(session: Session, touchpoint_id: int, key: str) -> State | None:
    """How far a declared key is counted; None when it is not declared."""
    rows = _STATE.rows(session, {"touchpoint": touchpoint_id, "key": key})
    return State(rows[0][0], bool(rows[0][1]), rows[0][2], bool(rows[0][3])) if rows else None


_VALUES = Lookup("SELECT value FROM segment WHERE split_id = :split")


def values(session: Session, split_id: int) -> set[str]:
    """The values that have counts of their own."""
    return {value for (value,) in _VALUES.rows(session, {"split": split_id})}


@lru_cache(maxsize=64)
def _lookup(span_count: int, high: int, *, one_value: bool, by_bucket: bool) -> Lookup:
    sums = COUNTS[: 3 + high]
    chosen = "AND segment.value = :value" if one_value else ""
    ranges = " UNION ALL ".join(
        f"SELECT value, bucket, source, slice, {', '.join(sums)} FROM segment JOIN segment_rollup AS c "  # noqa: S608
        f"ON c.touchpoint_id = segment.touchpoint_id AND c.segment_id = segment.id AND c.grain = :grain{i} "
        f"AND c.bucket >= :start{i} AND c.bucket < :end{i} WHERE segment.split_id = :split {chosen}"
        for i in range(span_count)
    )
    keys = "value, source, slice" + (", bucket" if by_bucket else "")
    summed = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in sums)
    return Lookup(f"SELECT {keys}, {summed} FROM ({ranges}) AS part GROUP BY {keys}")  # noqa: S608 - our own names


def _rows(
    session: Session, split_id: int, over: Sequence[Span], high: int, value: str | None, *, by_bucket: bool = False
) -> Iterator[tuple[Any, ...]]:
    values: dict[str, Any] = {"split": split_id} | ({} if value is None else {"value": value})
    for i, span in enumerate(over):
        values |= {f"grain{i}": span.grain, f"start{i}": span.start, f"end{i}": span.end}
    lookup = _lookup(len(over), high, one_value=value is not None, by_bucket=by_bucket)
    return iter(lookup.rows(session, values) if over else ())


def read(session: Session, split_id: int, over: Sequence[Span], high: int = 10, value: str | None = None) -> ByValue:
    """Counts by value (of one value alone, if given), then by (source, slice), over spans of whole local days."""
    found: ByValue = defaultdict(dict)
    for row in _rows(session, split_id, over, high, value):
        found[row[0]][row[1], row[2]] = row[3:] + NONE[len(row) - 3 :]
    return found


def by_bucket(
    session: Session, split_id: int, over: Sequence[Span], high: int = 10, value: str | None = None
) -> Iterator[tuple[str, int, Part, Counts]]:
    """(value, bucket, (source, slice), counts) over spans of one grain: days or months."""
    for row in _rows(session, split_id, over, high, value, by_bucket=True):
        yield row[0], row[3], (row[1], row[2]), row[4:] + NONE[len(row) - 4 :]


@lru_cache(maxsize=64)
def _daily(low: int, worth: tuple[float, ...], *, of_source: bool) -> Lookup:
    columns = [f"n{low + place}" for place in range(len(worth))]
    valued = " + ".join(f"{name} * {value!r}" for name, value in zip(columns, worth, strict=True) if value)
    chosen = "AND source = :source" if of_source else ""
    return Lookup(
        f"SELECT value, bucket, CAST(SUM({' + '.join(columns)}) AS double precision), "  # noqa: S608 - our own names
        f"CAST(SUM({valued}) AS double precision) FROM segment JOIN segment_rollup AS c "
        "ON c.touchpoint_id = segment.touchpoint_id AND c.segment_id = segment.id AND c.grain = 'day' "
        f"AND c.bucket >= :since AND c.bucket < :until WHERE split_id = :split AND slice = '{COUNTED}' {chosen} "
        "GROUP BY value, bucket"
    )


def daily(
    session: Session, split_id: int, since: int, until: int, scale: Scale, worth: tuple[float, ...], source: str | None
) -> list[Day]:
    """The ratings of each value on each local day that begins in [since, until), with what they are worth."""
    lookup = _daily(scale.low, worth, of_source=source is not None)
    asked = {"split": split_id, "since": since, "until": until} | ({"source": source} if source else {})
    return [Day(*row) for row in lookup.rows(session, asked) if row[2]]
