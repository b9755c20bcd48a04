"""What monitoring reads of the rollup: counts of ratings by local day, quarter of the day and source."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import sub
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, bindparam, text
from sqlmodel import Session

from app.db import core
from app.monitoring import drop
from app.monitoring.drop import Cell
from app.scores.buckets import day_start, hour_start, offsets
from app.touchpoints.registry import Known
from app.touchpoints.scales import RATING_MAX

_QUARTER, _DAY = 6 * 3600, 24 * 3600
_AHEAD = 2 * _DAY  # answers of tomorrow come from clocks that are wrong
_FIRST = date(1970, 1, 1).toordinal()
_DAYS = drop.BASE_DAYS + drop.LAG_MAX
_COUNTS = [f"n{rating}" for rating in range(RATING_MAX + 1)]


def past(session: Session, these: Sequence[Known], at: datetime) -> dict[int, list[Cell]]:
    """The counts by touchpoint, from as long ago as is ever compared to the last hour that is over."""
    cells: dict[int, list[Cell]] = defaultdict(list)
    for zone, counts, ids in _alike(these):
        until = hour_start(int(at.timestamp()), zone)
        for number, cell, _ in _cells(session, ids, counts, zone, (until - _DAYS * _DAY, until)):
            cells[number].append(cell)
    return cells


class Today(NamedTuple):
    """A touchpoint's answers of today until the last hour that is over, and how many it had before, by source."""

    cells: list[Cell]
    before: dict[str, tuple[int, ...]]


def today(session: Session, these: Sequence[Known], at: datetime) -> dict[int, Today]:
    """Few rows of each touchpoint: what it ever had, and the hours of its day."""
    found = {known.id: Today([], {}) for known in these}
    for zone, counts, ids in _alike(these):
        for number, source, *given in core(session).execute(_ever(counts), {"ids": ids}):
            found[number].before[source] = tuple(given)
        midnight, over = (start(int(at.timestamp()), zone) for start in (day_start, hour_start))
        for number, cell, hour in _cells(session, ids, counts, zone, (midnight, midnight + _AHEAD)):
            one = found[number]
            one.before[cell.source] = tuple(map(sub, one.before.get(cell.source, cell.counts), cell.counts))
            if hour < over:
                one.cells.append(cell)
    return found


def _alike(these: Sequence[Known]) -> Iterator[tuple[ZoneInfo, tuple[str, ...], list[int]]]:
    """Those that share a time zone and a scale, which one statement can read: the columns of its ratings, and ids."""
    alike: dict[tuple[ZoneInfo, tuple[str, ...]], list[int]] = defaultdict(list)
    for known in these:
        alike[known.zone, tuple(known.scale.upward(_COUNTS))].append(known.id)
    return ((zone, counts, ids) for (zone, counts), ids in alike.items())


def _cells(
    session: Session, ids: list[int], counts: tuple[str, ...], zone: ZoneInfo, when: tuple[int, int]
) -> Iterator[tuple[int, Cell, int]]:
    """Touchpoint, counts, and the start of the hour, of the hours that began between two seconds."""
    quarters = _Quarters(offsets(*when, zone))
    asked = {"ids": ids, "since": when[0], "until": when[1]}
    for number, hour, source, *given in core(session).execute(_hours(counts), asked):
        yield number, Cell(*quarters[hour], source, tuple(given)), hour


@lru_cache
def _ever(counts: tuple[str, ...]) -> TextClause:
    """Touchpoint, source and the counts of these columns, of all time."""
    return text(
        f"SELECT touchpoint_id, source, {', '.join(counts)} FROM rollup WHERE touchpoint_id IN :ids "  # noqa: S608
        "AND grain = 'total' AND slice = 'counted'"
    ).bindparams(bindparam("ids", expanding=True))


@lru_cache
def _hours(counts: tuple[str, ...]) -> TextClause:
    """Touchpoint, start of an hour in [since, until), source and the counts of these columns."""
    return text(
        f"SELECT touchpoint_id, bucket, source, {', '.join(counts)} FROM rollup WHERE touchpoint_id IN :ids "  # noqa: S608
        "AND grain = 'hour' AND bucket >= :since AND bucket < :until AND slice = 'counted'"
    ).bindparams(bindparam("ids", expanding=True))


class _Quarters(dict[int, tuple[int, int]]):
    """The local day since 1970, and its quarter, in which an hour lies, by the second it began."""

    def __init__(self, parts: Sequence[tuple[int, int, int]]) -> None:
        self._parts = parts

    def __missing__(self, hour: int) -> tuple[int, int]:
        offset = next(offset for since, until, offset in self._parts if since <= hour < until)
        self[hour] = divmod((hour + offset) // _QUARTER, 4)
        return self[hour]


def date_of(day: int) -> date:
    return date.fromordinal(_FIRST + day)


def day_of(at: datetime, zone: ZoneInfo) -> int:
    """The local day, counted from 1970 on, as the cells have it."""
    return at.astimezone(zone).date().toordinal() - _FIRST
