"""Local hours, days, weeks and months as seconds since 1970, and how a window is put together from few of them. Pure.

A bucket begins at the start of a local hour, day or month of the touchpoint's time zone. A window is rounded outwards
to whole local hours, which is the finest that is kept.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

TOTAL, MONTH, DAY, HOUR = "total", "month", "day", "hour"
GRAINS = (TOTAL, MONTH, DAY, HOUR)
INTERVALS = ("hour", "day", "week", "month")
QUARTER = 900  # offsets of time zones are multiples of a quarter of an hour


class Span(NamedTuple):
    """Buckets of one grain that begin in [start, end)."""

    grain: str
    start: int
    end: int


@lru_cache(maxsize=4096)  # a batch was received at one time
def quarter_of(time: datetime) -> int:
    """The second at which the quarter of an hour of `time` began."""
    return int(time.timestamp()) // QUARTER * QUARTER


def _local(second: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(second, zone)


@lru_cache(maxsize=4096)  # every score asks for the hour that it is
def hour_start(second: int, zone: tzinfo) -> int:
    """The second at which the local hour of `second` began."""
    offset = _local(second, zone).utcoffset() or timedelta()
    return second - (second + int(offset.total_seconds())) % 3600


def day_start(second: int, zone: tzinfo) -> int:
    """The second of the local midnight before `second`."""
    local = _local(second, zone)
    return int(datetime(local.year, local.month, local.day, tzinfo=zone).timestamp())


def days_back(second: int, days: int, zone: tzinfo) -> int:
    """The local midnight with which the last `days` days began, the day of `second` being the last of them."""
    local = _local(second, zone)
    first = datetime(local.year, local.month, local.day) - timedelta(days=days - 1)
    return int(first.replace(tzinfo=zone).timestamp())


def ceil_day(second: int, zone: tzinfo) -> int:
    """`second` rounded up to a local midnight."""
    start = day_start(second, zone)
    return start if start == second else next_start("day", start, zone)


def month_start(second: int, zone: tzinfo) -> int:
    """The second at which the local month of `second` began."""
    local = _local(second, zone)
    return int(datetime(local.year, local.month, 1, tzinfo=zone).timestamp())


def week_start(second: int, zone: tzinfo) -> int:
    """The second of the local Monday's midnight before `second`."""
    local = _local(second, zone)
    monday = datetime(local.year, local.month, local.day) - timedelta(days=local.weekday())
    return int(monday.replace(tzinfo=zone).timestamp())


_START: dict[str, Callable[[int, tzinfo], int]] = {
    "hour": hour_start,
    "day": day_start,
    "week": week_start,
    "month": month_start,
}


def start_of(interval: str, second: int, zone: tzinfo) -> int:
    """The start of the local hour, day, week or month that `second` lies in."""
    return _START[interval](second, zone)


def next_start(interval: str, start: int, zone: tzinfo) -> int:
    """The start of the interval after the one that begins at `start`."""
    if interval == "hour":
        return hour_start(start + 3600, zone)
    local = _local(start, zone)
    if interval == "month":
        later = datetime(local.year + local.month // 12, local.month % 12 + 1, 1)
    else:
        later = datetime(local.year, local.month, local.day) + timedelta(days=7 if interval == "week" else 1)
    return int(later.replace(tzinfo=zone).timestamp())


def starts(interval: str, since: int, until: int, zone: tzinfo) -> Iterator[int]:
    """The starts of all intervals that touch [since, until), the first one's included."""
    start = start_of(interval, since, zone)
    while start < until:
        yield start
        start = next_start(interval, start, zone)


@lru_cache(maxsize=65_536)
def buckets(second: int, zone: ZoneInfo) -> tuple[int, int, int, int]:
    """The bucket of each of GRAINS for an answer at `second` (a multiple of QUARTER keeps the cache small)."""
    return 0, month_start(second, zone), day_start(second, zone), hour_start(second, zone)


def ceil_hour(second: int, zone: tzinfo) -> int:
    """`second` rounded up to a start of a local hour."""
    start = hour_start(second, zone)
    return start if start == second else next_start("hour", start, zone)


def spans(since: int, until: int, zone: tzinfo, coarsest: str = MONTH) -> list[Span]:
    """The fewest spans that make up [since, until), starts of local hours: hours, days, months, days, hours at most."""
    if coarsest == HOUR:
        return [Span(HOUR, since, until)] if since < until else []
    inner, finer = ("month", DAY) if coarsest == MONTH else ("day", HOUR)
    start, end = start_of(inner, since, zone), start_of(inner, until, zone)
    if start < since:
        start = next_start(inner, start, zone)
    if start >= end:
        return spans(since, until, zone, finer)
    middle = Span(coarsest, start, end)
    return [*spans(since, start, zone, finer), middle, *spans(end, until, zone, finer)]


@lru_cache
def offsets(since: int, until: int, zone: ZoneInfo) -> list[tuple[int, int, int]]:
    """[since, until) cut where the clocks change: (start, end, seconds ahead of UTC)."""

    def ahead(second: int) -> int:
        offset = _local(second, zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    runs = [(next(group), offset) for offset, group in groupby(range(since, until, 3600), key=ahead)]
    ends = [start for start, _ in runs[1:]] + [until]
    return [(start, end, offset) for (start, offset), end in zip(runs, ends, strict=True)] if runs else []


def to_time(second: int) -> datetime:
    """Seconds since 1970 as an aware time in UTC."""
    return datetime.fromtimestamp(second, UTC)
