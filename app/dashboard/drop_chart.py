"""The days or weeks around a drop or a rise: the level of each, what was usual, and when it may have begun."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.dashboard import charts, levels
from app.scores import baseline, verdicts
from app.scores import counts as rollup
from app.scores.counts import NONE, Counts, add, ratings
from app.scores.days import Days
from app.scores.formulas import Estimate
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

KINDS = ("drop", "rise")
_BY_DAY = 21  # days since then: a change that is older is drawn by weeks
_BEFORE = {1: 28, 7: 84}  # days that are shown before it, by the days of a step
_AFTER = 182  # at most so many after it, and four weeks after it was closed
_CLOSED = 28
_LABELS = 6


class Cut(NamedTuple):
    """Steps of `length` days from the day `first` to before `end` (ordinals); a step begins on the day `since`."""

    first: int
    since: int
    end: int
    length: int

    @property
    def starts(self) -> range:
        return range(self.first, self.end, self.length)


class Step(NamedTuple):
    """Days from `start` on: how many rated, their level, and where chance puts it for so many when nothing changed."""

    start: date
    n: int
    level: Estimate | None
    usual: Estimate | None


@dataclass(frozen=True, slots=True)
class Around:
    """What is drawn. Places are in steps from the left; `over` steps are over, one more may be running."""

    steps: Sequence[Step]
    length: int
    over: int
    since: float
    unsure: tuple[float, float] | None  # when it began, with 95 %; None where that was not told
    found: float
    before: float
    after: float

    @property
    def curve(self) -> charts.Curve:
        return self._curve([step.level if place < self.over else None for place, step in enumerate(self.steps)])

    @property
    def usual(self) -> charts.Curve:
        return self._curve([step.usual for step in self.steps])

    def _curve(self, points: Sequence[Estimate | None]) -> charts.Curve:
        return charts.Curve(points, 0, 100, len(self.steps), 100)

    @property
    def running(self) -> Estimate | None:
        return self.steps[self.over].level if self.over < len(self.steps) else None

    @property
    def labels(self) -> list[tuple[str, date]]:
        every = max(1, round(len(self.steps) / _LABELS))
        return [(self.x(place), step.start) for place, step in enumerate(self.steps) if place % every == 0]

    def x(self, steps: float) -> str:
        return charts.per_cent(steps, len(self.steps))


def read(session: Session, known: Known, alert: Mapping[str, Any], at: datetime) -> Around | None:
    """The chart of a drop or a rise as of `at`; None where nobody rated."""
    zone = known.zone
    cut = cut_of(_day(alert["since"], zone), _day(at, zone), alert["closed_at"] and _day(alert["closed_at"], zone))
    since, until = (_midnight(day, zone) for day in (cut.first, cut.end))
    heard: dict[int, Counts] = {}
    for _, _, bucket, counts in rollup.daily(session, [known.id], since, until):
        day = datetime.fromtimestamp(bucket, zone).toordinal()
        heard[day] = add((heard.get(day, NONE), counts))
    alike = baseline.of(session, [known], _midnight(cut.since, zone), metric="index")[known.id]
    seen, began = alert["evidence"], alert["evidence"].get("since")
    steps = steps_of(known.scale, heard, cut, float(seen["level_before"]), alike)
    if not any(step.n for step in steps):
        return None

    def across(day: float) -> float:
        return min(max(0.0, (day - cut.first) / cut.length), len(steps))

    return Around(
        steps,
        cut.length,
        over=(_day(at, zone) - cut.first) // cut.length,
        since=across(cut.since),
        unsure=(across(_ordinal(began["from"])), across(_ordinal(began["to"]) + 1)) if began else None,
        found=across(_day(alert["opened_at"], zone) + 0.5),
        before=seen["level_before"],
        after=seen["level_after"],
    )


def cut_of(since: int, today: int, closed: int | None) -> Cut:
    """Days while the change is young, later weeks, so that one begins with it; all as ordinals."""
    end = max(since, min(today, since + _AFTER - 1, closed + _CLOSED if closed else today)) + 1
    length = 1 if end - since <= _BY_DAY else 7
    whole = since + -(-(end - since) // length) * length  # only what is still running is cut
    return Cut(since - _BEFORE[length], since, min(whole, today + 1), length)


def steps_of(scale: Scale, heard: Mapping[int, Counts], cut: Cut, level: float, alike: Days) -> list[Step]:
    """`heard` are the counts of each day; `level` is what was usual, `alike` how days hung together before."""
    before = ratings(add([NONE, *(heard.get(day, NONE) for day in range(cut.first, cut.since))]))
    found = []
    for start in cut.starts:
        counts = add([NONE, *(heard.get(day, NONE) for day in range(start, start + cut.length))])
        n = sum(ratings(counts))
        usual = band(scale, before, level, n, cut.length, alike)
        found.append(Step(date.fromordinal(start), n, levels.index(scale, counts), usual))
    return found


def band(scale: Scale, before: Counts, level: float, n: int, days: int, alike: Days) -> Estimate | None:
    """Where the index of `n` answers of so many days lies with 95 %, if they are as those before and days as alike.

    It is the interval that such a sample would have, around the usual level.
    """
    whole = sum(before)
    if not whole or not n:
        return None
    usual = verdicts.level(scale, "index", [count * n / whole for count in before], days, alike)
    assert usual is not None
    return Estimate(level, max(0.0, level + usual.low - usual.value), min(100.0, level + usual.high - usual.value))


def _day(at: datetime, zone: ZoneInfo) -> int:
    return at.astimezone(zone).toordinal()


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _midnight(day: int, zone: ZoneInfo) -> int:
    return int(datetime.combine(date.fromordinal(day), time.min, zone).astimezone(UTC).timestamp())
