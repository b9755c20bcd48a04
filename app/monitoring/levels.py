"""Drops and rises: reads the counts of touchpoints, and asks `drop.py` about each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import TextClause, bindparam, func, text
from sqlmodel import Session, col, select

from app.db import core
from app.models import Alert
from app.monitoring import drop
from app.monitoring.drop import Cell, Found, Past
from app.monitoring.seen import Seen
from app.scores.buckets import hour_start
from app.touchpoints.registry import Known
from app.touchpoints.scales import RATING_MAX

TOLD_FROM = 0.03  # of the scale: a smaller change is none to act on
State = Literal["watched", "learning", "too_thin"]
_HOUR, _QUARTER, _DAY = 3600, 6 * 3600, 24 * 3600
_FIRST = date(1970, 1, 1).toordinal()
_DAYS_READ = drop.BASE_DAYS + drop.LAG_MAX
KINDS = ("drop", "rise")
_COUNTS = [f"n{rating}" for rating in range(RATING_MAX + 1)]


class Told(NamedTuple):
    """A change that is told and not over: the day on which it was found, and its numbers."""

    day: int
    evidence: Mapping[str, Any]


class Read(NamedTuple):
    """A touchpoint's counts, the day to learn from, and what is told of it, by kind."""

    cells: list[Cell]
    learn_from: int
    told: Mapping[str, Told]


def read(session: Session, these: Sequence[Known], at: datetime) -> dict[int, Read]:
    """What `judge` needs, by touchpoint. An hour that is not over does not count yet."""
    cells, learn_from, told = _cells(session, these, at), _baselines(session, these), _told(session, these)
    return {known.id: Read(cells[known.id], learn_from.get(known.id, 0), told[known.id]) for known in these}


def judge(
    these: Sequence[Known], at: datetime, found: Mapping[int, Read], fleet: int
) -> tuple[list[Seen], dict[int, State]]:
    """Whose level fell or rose, or did and no longer does; and how each touchpoint stands. Takes milliseconds each."""
    seen: list[Seen] = []
    states: dict[int, State] = {}
    for known in these:
        one, today = found[known.id], _day(at, known.zone)
        past = drop.past(one.cells, today, one.learn_from)
        states[known.id] = "watched" if past else _unwatched(one.cells, today)
        if past:
            seen += _changes(known, past, one.told, 4 * max(fleet, 1))
    return seen, states


def _unwatched(cells: Sequence[Cell], today: int) -> State:
    """Too thin: at today's pace even the longest past would not be enough to compare with."""
    recent = sum(cell.n for cell in cells if today - 28 <= cell.day < today)
    return "learning" if recent / 28 * drop.BASE_DAYS >= drop.BASE_ANSWERS else "too_thin"


def _changes(known: Known, past: Past, told: Mapping[str, Told], per_alarm: float) -> Iterator[Seen]:
    for kind, found in (("drop", past.fell(per_alarm)), ("rise", past.rose(per_alarm))):
        before = told.get(kind)
        if before is not None and (_is_over(found) or _is_back(past, kind, before, per_alarm)):
            yield Seen(known.id, kind, False, _midnight(past.start, known.zone))
        elif found.fell and abs(found.after - found.before) >= TOLD_FROM:
            yield Seen(known.id, kind, True, _midnight(found.since, known.zone), _evidence(found))


def _is_back(past: Past, kind: str, told: Told, per_alarm: float) -> bool:
    """Whether the level came back since that was told."""
    moved = abs(told.evidence["level_before"] - told.evidence["level_after"]) / 100
    return past.is_back(told.day, moved, told.evidence["answers"], per_alarm, rise=kind == "rise")


def _is_over(found: Found) -> bool:
    """Whether a change that was told is over: well below where it was told, so that it does not flicker.

    With few touchpoints it is told at about 5; what chance leaves of it is then a quarter of that or less.
    """
    return found.w <= max(found.h - 5, found.h / 4)


def _midnight(day: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(_date(day), time.min, zone).astimezone(UTC)


def _date(day: int) -> date:
    return date.fromordinal(_FIRST + day)


def _day(at: datetime, zone: ZoneInfo) -> int:
    """The local day, counted from 1970 on, as the cells have it."""
    return at.astimezone(zone).date().toordinal() - _FIRST


def _cells(session: Session, these: Sequence[Known], at: datetime) -> dict[int, list[Cell]]:
    """The counts by touchpoint: one statement for those that share a time zone and a scale."""
    alike: dict[tuple[ZoneInfo, tuple[str, ...]], list[int]] = defaultdict(list)
    for known in these:
        alike[known.zone, tuple(known.scale.upward(_COUNTS))].append(known.id)
    cells: dict[int, list[Cell]] = defaultdict(list)
    for (zone, counts), ids in alike.items():
        until = hour_start(int(at.timestamp()), zone)
        since = until - _DAYS_READ * _DAY
        quarters = _Quarters(offsets(since, until, zone))
        asked = {"ids": ids, "since": since, "until": until}
        for number, hour, source, *given in core(session).execute(_hours(counts), asked):
            cells[number].append(Cell(*quarters[hour], source, tuple(given)))
    return cells


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


@lru_cache
def offsets(since: int, until: int, zone: ZoneInfo) -> Sequence[tuple[int, int, int]]:
    """The parts of [since, until) in which local time keeps its distance from UTC, and this distance, in seconds."""
    parts: list[tuple[int, int, int]] = []
    for start in range(since, until, _HOUR):
        offset = _offset(start, zone)
        if parts and parts[-1][2] == offset:
            parts[-1] = parts[-1][0], min(start + _HOUR, until), offset
        else:
            parts.append((start, min(start + _HOUR, until), offset))
    return parts


def _offset(second: int, zone: ZoneInfo) -> int:
    distance = datetime.fromtimestamp(second, zone).utcoffset()
    return int(distance.total_seconds()) if distance else 0


def _told(session: Session, these: Sequence[Known]) -> dict[int, dict[str, Told]]:
    """The drops and rises that are open, by touchpoint."""
    zones = {known.id: known.zone for known in these}
    standing = col(Alert.closed_at).is_(None), col(Alert.touchpoint_id).in_(list(zones)), col(Alert.kind).in_(KINDS)
    told: dict[int, dict[str, Told]] = defaultdict(dict)
    for row in session.exec(select(Alert).where(*standing)):
        told[row.touchpoint_id][row.kind] = Told(_day(row.opened_at, zones[row.touchpoint_id]), row.evidence)
    return told


def _baselines(session: Session, these: Sequence[Known]) -> dict[int, int]:
    """From which day to learn where a person said that an alert was false, or that this is the new level."""
    zones = {known.id: known.zone for known in these}
    said = col(Alert.because).in_(["false_alarm", "not_a_problem"]), col(Alert.touchpoint_id).in_(list(zones))
    which = *said, col(Alert.kind).in_(KINDS)
    columns: Any = (Alert.touchpoint_id, func.max(Alert.since))
    rows = session.execute(select(*columns).where(*which).group_by(Alert.touchpoint_id))
    return {number: _day(since, zones[number]) for number, since in rows}


def _evidence(found: Found) -> dict[str, Any]:
    """The numbers, levels as index points (0 to 100), and between which days it began with 95 %."""
    days = {name: _date(day).isoformat() for name, day in (("from", found.earliest), ("to", found.latest))}
    return {
        "metric": "index",
        "since": days,
        "level_before": _index(found.before),
        "level_after": _index(found.after),
        "answers": found.n,
        "sources": [
            {"source": part.source, "before": _index(part.before), "after": _index(part.after), "answers": part.n}
            for part in found.sources
        ],
        "statistic": round(found.w, 2),
        "threshold": round(found.h, 2),
    }


def _index(share: float) -> float:
    return round(100 * share, 1)
