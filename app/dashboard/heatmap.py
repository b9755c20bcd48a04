"""Ratings by weekday and hour of the day, in local time."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from app.dashboard.levels import index
from app.scores import formulas
from app.scores.buckets import offsets
from app.scores.counts import NONE, Counts, add, ratings
from app.scores.days import Days, Part, student
from app.scores.slices import COUNTS
from app.touchpoints.scales import Scale

Cells = Mapping[tuple[int, int], Counts]  # by weekday (Monday: 0) and hour
Place = tuple[int, tuple[int, int]]  # a weekday, and a quarter of the day from hour to hour
MOST_S = 366 * 86_400  # at most a year of hours is read
FEW = 5  # below it, an hour is drawn hollow
_PARTS = ((0, 6), (6, 12), (12, 18), (18, 24))
_STEADY = 10
_SUMS = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in COUNTS)
# 1970 began on a Thursday, so that slot 0 of 168 is Thursday's first hour. A bucket begins a local hour.
_SLOTS = text(
    f"SELECT (bucket + :offset) / 3600 % 168, {_SUMS} FROM rollup "  # noqa: S608 - names of our own columns
    "WHERE touchpoint_id = :id AND grain = 'hour' AND bucket >= :since AND bucket < :until AND slice = 'counted' "
    "GROUP BY (bucket + :offset) / 3600 % 168"
)


def read(session: Session, touchpoint_id: int, since: int, until: int, zone: ZoneInfo) -> dict[tuple[int, int], Counts]:
    """Counts by (weekday, hour), Monday being 0; at most 168 rows for each stretch between two changes of the clock."""
    found: dict[tuple[int, int], Counts] = {}
    for start, end, offset in offsets(max(since, until - MOST_S), until, zone):
        values = {"id": touchpoint_id, "since": start, "until": end, "offset": offset}
        for slot, *counts in session.connection().execute(_SLOTS, values):
            at = ((slot // 24 + 3) % 7, slot % 24)
            found[at] = add((found.get(at, NONE), tuple(counts)))
    return found


def size(n: int, most: int) -> str:
    """The class for how large a square is drawn: its side grows with the number of answers."""
    if n < FEW:
        return "few"
    share = n / max(1, most)
    return "z4" if share > 0.6 else "z3" if share > 0.25 else "z2"


def p_values(scale: Scale, cells: Cells, days: Days, length: float) -> dict[Place, float]:
    """Of each of the 28 taken alone: that its index is not lower than that of the rest of the week.

    `days` says how alike those of the period are, `length` how many it has: a weekday holds a seventh of them.
    """
    parts = {(day, part): _sum(cells, (day, part)) for day in range(7) for part in _PARTS}
    whole = add(parts.values())
    alike = days._replace(weekday=0.0)  # that weekdays differ is what is looked for
    return {place: _lower_p(scale, part, whole, alike, length) for place, part in parts.items()}


def lowest(scale: Scale, cells: Cells, places: Iterable[Place]) -> Place | None:
    """Of the places that are lower for real the one with the lowest index; None without one."""
    return min(places, key=lambda place: (_value(scale, _sum(cells, place)), place), default=None)


def _sum(cells: Cells, place: Place) -> Counts:
    day, part = place
    return add([NONE, *(cells.get((day, hour), NONE) for hour in range(*part))])


def _value(scale: Scale, counts: Counts) -> float:
    estimate = index(scale, counts)
    return estimate.value if estimate else 100.0


def _lower_p(scale: Scale, part: Counts, whole: Counts, days: Days, length: float) -> float:
    rest = [all_of - one for all_of, one in zip(ratings(whole), ratings(part), strict=True)]
    if part[0] < _STEADY or sum(rest) < _STEADY or _value(scale, part) >= _value(scale, whole):
        return 1.0
    sure = days.thinned(ratings(part), length / 7), days.thinned(rest, length)
    p = formulas.difference_p(scale, sure[0], scale, sure[1]) or 1.0
    sides = zip((ratings(part), rest), sure, strict=True)
    return student(p, [Part(sum(counts), sum(independent), days.freedom) for counts, independent in sides], shared=True)
