"""Reads counts out of the rollup: one indexed SELECT over a handful of spans, whatever the number of answers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.scores.buckets import DAY, HOUR, MONTH, TOTAL, Span, spans, start_of
from app.scores.slices import COUNTED, COUNTS
from app.sql import Lookup

Counts = tuple[int, ...]  # n, comments, n0..n10, as in rollup.COUNTS
Part = tuple[str, str]  # source, slice
IDS_MAX = 200
NONE: Counts = (0,) * len(COUNTS)
ALL_TIME = (Span(TOTAL, 0, 1),)
_GRAIN_FOR = {"hour": HOUR, "day": DAY, "week": DAY, "month": MONTH}


def ratings(counts: Counts) -> Counts:
    """The histogram within counts: how many have each rating 0..10."""
    return counts[2:]


def add(many: Iterable[Counts]) -> Counts:
    """The sum of several counts."""
    some = list(many)
    return some[0] if len(some) == 1 else tuple(map(sum, zip(*some, strict=True))) or NONE  # often there is but one


@lru_cache(maxsize=256)
def _lookup(ids: int, span_count: int, high: int, *, by_bucket: bool, one_bucket: bool) -> Lookup:
    """A UNION ALL of ranges, each a range of the primary key; an OR of them would be scanned.

    Only the ratings up to `high` are summed: most of the time goes into the columns. In one bucket there is nothing to
    sum, and grouping would take as long as reading.
    """
    sums = COUNTS[: 3 + high]
    whose = ", ".join(f":id{i}" for i in range(ids))
    ranges = " UNION ALL ".join(
        f"SELECT touchpoint_id, bucket, source, slice, {', '.join(sums)} FROM rollup "  # noqa: S608 - our own names
        f"WHERE touchpoint_id IN ({whose}) AND grain = :grain{i} AND bucket >= :start{i} AND bucket < :end{i}"
        for i in range(span_count)
    )
    keys = "touchpoint_id, source, slice" + (", bucket" if by_bucket else "")
    if one_bucket:
        return Lookup(f"SELECT {keys}, {', '.join(sums)} FROM ({ranges}) AS part")  # noqa: S608
    summed = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in sums)
    return Lookup(f"SELECT {keys}, {summed} FROM ({ranges}) AS part GROUP BY {keys}")  # noqa: S608


def _sums(
    session: Session, ids: Sequence[int], over: Sequence[Span], high: int, *, by_bucket: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Rows of keys and counts; touchpoints a few hundred at a time, for a statement has so many parameters."""
    values: dict[str, Any] = {}
    for i, span in enumerate(over):
        values |= {f"grain{i}": span.grain, f"start{i}": span.start, f"end{i}": span.end}
    one_bucket = over == ALL_TIME
    for start in range(0, len(ids) if over else 0, IDS_MAX):
        some = {f"id{i}": number for i, number in enumerate(ids[start : start + IDS_MAX])}
        lookup = _lookup(len(some), len(over), high, by_bucket=by_bucket, one_bucket=one_bucket)
        yield from lookup.rows(session, values | some)


def window(since: int | None, until: int | None, zone: ZoneInfo) -> Sequence[Span]:
    """The spans to read for a window in seconds; no bounds at all is one cell per source and slice."""
    if since is None and until is None:
        return ALL_TIME
    assert since is not None and until is not None
    return _spans(since, until, zone)


@lru_cache(maxsize=4096)
def _spans(since: int, until: int, zone: ZoneInfo) -> tuple[Span, ...]:
    """Kept, as the usual periods are the same for all touchpoints of a zone until the hour is over."""
    return tuple(spans(since, until, zone))


def read(session: Session, ids: Sequence[int], over: Sequence[Span], high: int = 10) -> dict[int, dict[Part, Counts]]:
    """Counts by touchpoint, then by (source, slice), over the spans; `high` is the highest rating there can be."""
    found: dict[int, dict[Part, Counts]] = defaultdict(dict)
    for row in _sums(session, ids, over, high):
        found[row[0]][row[1], row[2]] = row[3:] + NONE[len(row) - 3 :]
    return found


def by_bucket(
    session: Session, ids: Sequence[int], over: Sequence[Span], high: int = 10
) -> Iterator[tuple[int, int, str, Counts]]:
    """(touchpoint, bucket, source, counts) of what counts, over spans of one grain."""
    for number, source, part, bucket, *counts in _sums(session, ids, over, high, by_bucket=True):
        if part == COUNTED:
            yield number, bucket, source, (*counts, *NONE[len(counts) :])


def series(
    session: Session, touchpoint_id: int, since: int, until: int, zone: ZoneInfo, interval: str
) -> dict[int, dict[Part, Counts]]:
    """Counts by start of interval (seconds), then by (source, slice), within [since, until)."""
    over = spans(since, until, zone, _GRAIN_FOR[interval])
    found: dict[int, dict[Part, Counts]] = defaultdict(dict)
    for row in _sums(session, [touchpoint_id], over, 10, by_bucket=True):
        parts = found[start_of(interval, row[3], zone)]
        part = (row[1], row[2])
        parts[part] = add((parts.get(part, NONE), row[4:]))
    return found


def cells(session: Session, touchpoint_id: int, over: Span) -> Iterator[tuple[int, Part, Counts]]:
    """(start of the bucket in seconds, (source, slice), counts) over a span."""
    for row in _sums(session, [touchpoint_id], [over], 10, by_bucket=True):
        yield row[3], (row[1], row[2]), row[4:]


def daily(session: Session, ids: Sequence[int], since: int, until: int) -> Iterator[tuple[int, str, int, Counts]]:
    """Touchpoint, source, start of the local day (seconds) and what counted, of the days begun in [since, until)."""
    for number, source, part, bucket, *counts in _sums(session, ids, [Span(DAY, since, until)], 10, by_bucket=True):
        if part == COUNTED:
            yield number, source, bucket, tuple(counts)


WEEK_S = 7 * 86_400


def weekly(session: Session, ids: Sequence[int], until: int, weeks: int) -> dict[int, list[Counts]]:
    """What counted in each of the `weeks` times seven days up to `until` (seconds), the oldest first, by touchpoint.

    Whole local days, each in the week in which its noon lies: so all time zones are read together, summed by the
    database.
    """
    since = until - weeks * WEEK_S
    found: dict[int, list[Counts]] = {}
    for start in range(0, len(ids), IDS_MAX):
        some = {f"id{i}": number for i, number in enumerate(ids[start : start + IDS_MAX])}
        span = {"noon": 43_200 - since, "start": since - 43_200, "end": until - 43_200}
        for number, week, *counts in _weeks(len(some)).rows(session, some | span):
            found.setdefault(number, [NONE] * weeks)[week] = tuple(counts)
    return found


@lru_cache(maxsize=IDS_MAX)
def _weeks(ids: int) -> Lookup:
    whose = ", ".join(f":id{i}" for i in range(ids))
    sums = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in COUNTS)
    return Lookup(
        f"SELECT touchpoint_id, week, {sums} FROM (SELECT rollup.*, (bucket + :noon) / {WEEK_S} AS week FROM rollup "  # noqa: S608 - our own names
        f"WHERE touchpoint_id IN ({whose}) AND grain = '{DAY}' AND slice = '{COUNTED}' "
        "AND bucket >= :start AND bucket < :end) AS part GROUP BY touchpoint_id, week"
    )


def first_hours(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The first local hour in which anything was counted, by touchpoint; one look into the index for each."""
    found: dict[int, int] = {}
    for start in range(0, len(ids), IDS_MAX):
        some = {f"id{i}": number for i, number in enumerate(ids[start : start + IDS_MAX])}
        found |= {number: hour for number, hour in _firsts(len(some)).rows(session, some) if hour is not None}
    return found


def revision(session: Session, touchpoint_id: int) -> int:
    """Grows with every change to a touchpoint's counts."""
    found = _REVISION.rows(session, {"id": touchpoint_id})
    return int(found[0][0]) if found else 0


@lru_cache(maxsize=IDS_MAX)
def _firsts(ids: int) -> Lookup:
    first = "SELECT MIN(bucket) FROM rollup WHERE touchpoint_id = touchpoint.id AND grain = 'hour'"
    whose = ", ".join(f":id{i}" for i in range(ids))
    return Lookup(f"SELECT id, ({first}) FROM touchpoint WHERE id IN ({whose})")  # noqa: S608 - only our own names


_REVISION = Lookup("SELECT revision FROM revision WHERE touchpoint_id = :id")
