"""Drops and rises: reads the counts of touchpoints, and asks `drop.py` about each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from time import sleep
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Alert
from app.monitoring import counted, drop, morning
from app.monitoring.drop import Cell, Found, Part, Past
from app.monitoring.morning import Morning
from app.monitoring.seen import Seen
from app.touchpoints.registry import Known

Z = 1.959963984540054  # two-sided 95 %
TOLD_FROM = 0.03  # of the scale: a smaller change is none to act on
State = Literal["watched", "learning", "too_thin"]
KINDS = ("drop", "rise")
LEARNED = ("false_alarm", "not_a_problem")  # closed so, the level is learned anew


class Told(NamedTuple):
    """A change that is told and not over: the day on which it was found, and its numbers."""

    day: int
    evidence: Mapping[str, Any]
    alert: int


class Read(NamedTuple):
    """A touchpoint's counts, the day to learn from, and what is told of it, by kind.

    `within` are the times at which such a change was told of a whole journey of it: what began before that is the same.
    """

    cells: list[Cell]
    learn_from: int
    told: Mapping[str, Told]
    within: Mapping[str, datetime]


class Stand(NamedTuple):
    """How a touchpoint stands, and what its days before today came to if it is watched."""

    state: State
    morning: Morning | None


Stands = Mapping[int, Stand]


def read(session: Session, these: Sequence[Known], at: datetime) -> dict[int, Read]:
    """What `judge` needs, by touchpoint. An hour that is not over does not count yet."""
    cells, told, journeys = counted.past(session, these, at), _told(session, these), journeys_told(session, at)
    learn_from = _baselines(session, these)
    return {
        known.id: Read(
            cells[known.id],
            max([learn_from.get(known.id, 0), *(one.learn_from(known) for one in journeys)]),
            told[known.id],
            {one.kind: one.told_at for one in journeys if known.key in one.touchpoints},
        )
        for known in these
    }


class OfJourney(NamedTuple):
    """A drop or rise that is told of a journey, or that a person closed; when, and of which touchpoints."""

    kind: str
    touchpoints: frozenset[str]
    told_at: datetime
    since: datetime
    because: str | None

    def learn_from(self, known: Known) -> int:
        """As in `_baselines`, of a touchpoint of it."""
        learned = self.because in LEARNED and known.key in self.touchpoints
        return counted.day_of(self.since, known.zone) if learned else 0


def journeys_told(session: Session, at: datetime) -> list[OfJourney]:
    """Those that are open, and those that a person closed as long ago as levels are compared."""
    closed, long = col(Alert.closed_at), timedelta(days=drop.BASE_DAYS + drop.LAG_MAX)
    standing = closed.is_(None) | (col(Alert.closed_by).is_not(None) & (closed > at - long))
    rows = session.exec(select(Alert).where(col(Alert.journey_id).is_not(None), standing).order_by(col(Alert.id)))
    return [
        OfJourney(
            row.kind,
            frozenset(one["touchpoint"] for one in row.evidence["touchpoints"]),
            row.closed_at or row.opened_at,
            row.since,
            row.because,
        )
        for row in rows
    ]


def judge(these: Sequence[Known], at: datetime, found: Mapping[int, Read], fleet: int) -> tuple[list[Seen], Stands]:
    """Whose level fell or rose, or did and no longer does; and how each touchpoint stands."""
    seen: list[Seen] = []
    stands: dict[int, Stand] = {}
    for known in these:
        one, today = found[known.id], counted.day_of(at, known.zone)
        past = drop.past(one.cells, today, one.learn_from)
        if past:
            seen += _changes(known, past, one, per_alarm(fleet))
        stands[known.id] = Stand("watched", morning.of(past, today)) if past else _unwatched(one.cells, today)
        sleep(0)  # for the thread that takes answers
    return seen, stands


def per_alarm(fleet: int) -> float:
    """In how many touchpoint-years one false alarm is told of: of so many touchpoints, one in four years."""
    return 4.0 * max(fleet, 1)


def _unwatched(cells: Sequence[Cell], today: int) -> Stand:
    """Too thin: at today's pace even the longest past would not be enough to compare with."""
    recent = sum(cell.n for cell in cells if today - 28 <= cell.day < today)
    return Stand("learning" if recent / 28 * drop.BASE_DAYS >= drop.BASE_ANSWERS else "too_thin", None)


def _changes(known: Known, past: Past, read: Read, per_alarm: float) -> Iterator[Seen]:
    """What is told of the journey as a whole is not told again of its touchpoints."""
    for kind, found in (("drop", past.fell(per_alarm)), ("rise", past.rose(per_alarm))):
        before = read.told.get(kind)
        if before is not None and (is_over(found) or _is_back(past, kind, before, per_alarm)):
            yield Seen(known.id, kind, False, midnight(past.start, known.zone))
        elif is_worth_telling(found):
            since, of_journey = midnight(found.since, known.zone), read.within.get(kind)
            if before is None and of_journey and since <= of_journey:
                continue
            evidence = numbers(found) | {"sources": [part_of("source", part) for part in found.sources]}
            yield Seen(known.id, kind, True, since, evidence)


def is_worth_telling(found: Found) -> bool:
    return found.fell and abs(found.after - found.before) >= TOLD_FROM


def _is_back(past: Past, kind: str, told: Told, per_alarm: float) -> bool:
    """Whether the level came back since that was told."""
    moved = abs(told.evidence["level_before"] - told.evidence["level_after"]) / 100
    return past.is_back(told.day, moved, told.evidence["answers"], per_alarm, rise=kind == "rise")


def is_over(found: Found) -> bool:
    """Whether a change that was told is over: well below where it was told, so that it does not flicker.

    With few touchpoints it is told at about 5; what chance leaves of it is then a quarter of that or less.
    """
    return found.w <= max(found.h - 5, found.h / 4)


def midnight(day: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(counted.date_of(day), time.min, zone).astimezone(UTC)


def _told(session: Session, these: Sequence[Known]) -> dict[int, dict[str, Told]]:
    """The drops and rises that are open, by touchpoint."""
    zones = {known.id: known.zone for known in these}
    standing = col(Alert.closed_at).is_(None), col(Alert.touchpoint_id).in_(list(zones)), col(Alert.kind).in_(KINDS)
    told: dict[int, dict[str, Told]] = defaultdict(dict)
    for row in session.exec(select(Alert).where(*standing)):
        zone = zones[row.touchpoint_id or 0]
        told[row.touchpoint_id or 0][row.kind] = told_by(row, zone)
    return told


def told_by(row: Alert, zone: ZoneInfo) -> Told:
    return Told(counted.day_of(row.opened_at, zone), row.evidence, row.id or 0)


def _baselines(session: Session, these: Sequence[Known]) -> dict[int, int]:
    """From which day to learn where a person said that an alert was false, or that this is the new level."""
    zones = {known.id: known.zone for known in these}
    said = col(Alert.because).in_(LEARNED), col(Alert.touchpoint_id).in_(list(zones))
    which = *said, col(Alert.kind).in_(KINDS)
    columns: Any = (Alert.touchpoint_id, func.max(Alert.since))
    rows = session.execute(select(*columns).where(*which).group_by(Alert.touchpoint_id))
    return {number: counted.day_of(since, zones[number]) for number, since in rows}


def numbers(found: Found) -> dict[str, Any]:
    """The numbers, levels as index points (0 to 100) with their intervals, and when it began with 95 %."""
    days = {name: counted.date_of(day).isoformat() for name, day in (("from", found.earliest), ("to", found.latest))}
    return {
        "metric": "index",
        "since": days,
        "level_before": index(found.before),
        "level_after": index(found.after),
        "interval_before": _interval(found.before, found.before_se),
        "interval_after": _interval(found.after, found.after_se),
        "answers": found.n,
        "statistic": round(found.w, 2),
        "threshold": round(found.h, 2),
    }


def part_of(name: str, part: Part) -> dict[str, Any]:
    """The numbers of one part of what moved, called `name`."""
    return {name: part.source, "before": index(part.before), "after": index(part.after), "answers": part.n}


def _interval(level: float, se: float) -> dict[str, float]:
    """Between which index points the level lies with 95 %."""
    return {"low": index(max(level - Z * se, 0.0)), "high": index(min(level + Z * se, 1.0))}


def index(share: float) -> float:
    return round(100 * share, 1)
