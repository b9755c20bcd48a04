"""Reads counts out of the rollup: one indexed SELECT over a handful of spans, whatever the number of answers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, TextClause, bindparam, text
from sqlmodel import Session

from app.db import core
from app.scores.buckets import DAY, HOUR, MONTH, TOTAL, Span, spans, start_of
from app.scores.rollup import COUNTS

Counts = tuple[int, ...]  # n, comments, n0..n10, as in rollup.COUNTS
Part = tuple[str, str]  # source, slice
NONE: Counts = (0,) * len(COUNTS)
ALL_TIME = [Span(TOTAL, 0, 1)]
_GRAIN_FOR = {"hour": HOUR, "day": DAY, "week": DAY, "month": MONTH}
_SUMS = ", ".join(f"CAST(SUM({name}) AS bigint) AS {name}" for name in COUNTS)


def ratings(counts: Counts) -> Counts:
    """The histogram within counts: how many have each rating 0..10."""
    return counts[2:]


def add(many: Iterable[Counts]) -> Counts:
    """The sum of several counts."""
    return tuple(map(sum, zip(*many, strict=True))) or NONE


@lru_cache(maxsize=64)
def _statement(span_count: int, *, many: bool, by_bucket: bool) -> TextClause:
    """A UNION ALL of ranges, each a range of the primary key; an OR of them would be scanned."""
    names = ", ".join(COUNTS)
    whose = "IN :ids" if many else "= :ids"
    ranges = " UNION ALL ".join(
        f"SELECT touchpoint_id, bucket, source, slice, {names} FROM rollup "  # noqa: S608 - names of our own columns
        f"WHERE touchpoint_id {whose} AND grain = :grain{i} AND bucket >= :start{i} AND bucket < :end{i}"
        for i in range(span_count)
    )
    keys = "touchpoint_id, source, slice" + (", bucket" if by_bucket else "")
    statement = text(f"SELECT {keys}, {_SUMS} FROM ({ranges}) AS part GROUP BY {keys}")  # noqa: S608
    return statement.bindparams(bindparam("ids", expanding=True)) if many else statement


def _sums(session: Session, ids: Sequence[int], over: Sequence[Span], *, by_bucket: bool = False) -> Iterable[Row[Any]]:
    if not ids or not over:
        return ()
    many = len(ids) > 1
    values: dict[str, object] = {"ids": list(ids) if many else ids[0]}
    for i, span in enumerate(over):
        values |= {f"grain{i}": span.grain, f"start{i}": span.start, f"end{i}": span.end}
    return core(session).execute(_statement(len(over), many=many, by_bucket=by_bucket), values)


def window(since: int | None, until: int | None, zone: ZoneInfo) -> list[Span]:
    """The spans to read for a window in seconds; no bounds at all is one cell per source and slice."""
    if since is None and until is None:
        return ALL_TIME
    assert since is not None and until is not None
    return spans(since, until, zone)


def read(session: Session, ids: Sequence[int], over: Sequence[Span]) -> dict[int, dict[Part, Counts]]:
    """Counts by touchpoint, then by (source, slice), over the spans."""
    found: dict[int, dict[Part, Counts]] = defaultdict(dict)
    for row in _sums(session, ids, over):
        found[row[0]][row[1], row[2]] = row[3:]
    return found


def series(
    session: Session, touchpoint_id: int, since: int, until: int, zone: ZoneInfo, interval: str
) -> dict[int, dict[Part, Counts]]:
    """Counts by start of interval (seconds), then by (source, slice), within [since, until)."""
    over = spans(since, until, zone, _GRAIN_FOR[interval])
    found: dict[int, dict[Part, Counts]] = defaultdict(dict)
    for row in _sums(session, [touchpoint_id], over, by_bucket=True):
        parts = found[start_of(interval, row[3], zone)]
        part = (row[1], row[2])
        parts[part] = add((parts.get(part, NONE), row[4:]))
    return found


def first_hours(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The first local hour in which anything was counted, by touchpoint; one look into the index for each."""
    found = ((number, core(session).execute(_FIRST, {"id": number}).scalar()) for number in ids)
    return {number: int(hour) for number, hour in found if hour is not None}


def revision(session: Session, touchpoint_id: int) -> int:
    """Grows with every change to a touchpoint's counts."""
    return int(core(session).execute(_REVISION, {"id": touchpoint_id}).scalar() or 0)


_FIRST = text("SELECT MIN(bucket) FROM rollup WHERE touchpoint_id = :id AND grain = 'hour'")
_REVISION = text("SELECT revision FROM revision WHERE touchpoint_id = :id")
