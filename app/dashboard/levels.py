"""The level of each touchpoint in a period, read from the rollup in a few statements for any number of answers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.dashboard import charts
from app.dashboard.periods import Period
from app.dashboard.ranks import Place, Sample, places
from app.scores import baseline, formulas, score, verdicts
from app.scores import counts as rollup
from app.scores.counts import NONE, Counts, Part, ratings
from app.scores.days import ASSUMED, Days
from app.scores.formulas import Estimate
from app.scores.score import Window
from app.scores.verdicts import Moved
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale


class Goal(NamedTuple):
    """A target beside its own measure, which runs from `low` to `high`."""

    metric: str
    now: Estimate | None
    value: float
    status: str
    low: float
    high: float

    def place(self, value: float) -> float:
        """A value of the measure in per cent of its way."""
        return 100 * (value - self.low) / (self.high - self.low)

    @property
    def mark(self) -> Estimate | None:
        """The measure as a mark on a line from 0 to 100."""
        return Estimate(*map(self.place, self.now)) if self.now else None


@dataclass(slots=True)
class Level:
    """One touchpoint in a period: its counts, and those of the period before."""

    known: Known
    window: Window
    now: Counts = NONE
    before: Counts = NONE
    moved: Moved | None = None
    verdict: str | None = None  # of `moved`, corrected for all that stand beside it on the page
    mix_alone: bool = False  # all answers together moved, and that was the mix of sources
    target: dict[str, Any] | None = None
    place: Place | None = None
    days: Days = ASSUMED
    target_days: Days = ASSUMED  # those of the target's metric

    @property
    def n(self) -> int:
        """How many ratings count."""
        return sum(ratings(self.now))

    @property
    def few(self) -> bool:
        return self.n < charts.FEW

    @property
    def index(self) -> Estimate | None:
        return index(self.known.scale, self.now)

    @property
    def change(self) -> Estimate | None:
        """The index against the period before, within sources; None where nothing can be compared."""
        return self.moved and self.moved.difference

    @property
    def goal(self) -> "Goal | None":
        """The target beside its own measure; None without a target on this scale."""
        said, scale = self.target, self.known.scale
        if said is None:
            return None
        low, high = scale.bounds(said["metric"])
        metric = str(said["metric"])
        now = formulas.said(metric, formulas.metrics(scale, ratings(self.now))[metric])
        return Goal(metric, now, float(said["value"]), said["status"], low, high)

    @property
    def target_p(self) -> float | None:
        """The p-value behind the target's status; None without one on this scale."""
        if self.target is None:
            return None
        wanted = str(self.target["metric"]), float(self.target["value"])
        length, over = self.window.days, bool(self.target["final"])
        return verdicts.target_p(self.known.scale, *wanted, ratings(self.now), length, self.target_days, over=over)

    @property
    def missed(self) -> bool:
        return bool(self.target and self.target["status"] == "not_met")

    @property
    def tick(self) -> float | None:
        """Where the target stands on the 0-100 scale of the index; None when it is of another metric."""
        return tick(self.known.scale, self.known.row.target)


def index(scale: Scale, counts: Counts) -> Estimate | None:
    """The index as the API says it."""
    return formulas.said("index", formulas.metrics(scale, ratings(counts))["index"])


def tick(scale: Scale, target: Mapping[str, Any] | None) -> float | None:
    """A target as a value of the index, where the two are the same up to a change of units; else None.

    The mean is the index in other units, and with two ratings so is the share of satisfied customers. A share or an
    NPS on more ratings says nothing certain of the index: one value of it can go with many of the other.
    """
    if target is None or target["metric"] not in scale.metrics:
        return None
    metric, value = target["metric"], float(target["value"])
    if metric == "mean":
        return 100 * scale.height(value)
    return value if metric == "index" or len(scale.ratings) == 2 else None


def read(session: Session, known: Sequence[Known], period: Period, now: int) -> list[Level]:
    """The standing of each touchpoint, in the order given; places are among those with enough answers."""
    by_zone: dict[ZoneInfo, list[Known]] = defaultdict(list)
    for touchpoint in known:
        by_zone[touchpoint.zone].append(touchpoint)
    found: dict[int, Level] = {}
    for zone, members in by_zone.items():
        found |= _of_zone(session, members, period, now, zone)
    standings = [found[touchpoint.id] for touchpoint in known]
    told, _ = verdicts.together([standing.moved for standing in standings])
    for standing, verdict in zip(standings, told, strict=True):
        standing.verdict = verdict
    _rank(standings)
    return standings


def standing(session: Session, known: Sequence[Known], period: Period, now: int, *, ranked: bool) -> list[Level]:
    """Only where each stands, in the order given: nothing of before. With `ranked`, places as far as chance allows."""
    found: dict[int, Level] = {}
    for zone in {touchpoint.zone for touchpoint in known}:
        found |= _now(session, [one for one in known if one.zone == zone], period, now, zone)
    standings = [found[touchpoint.id] for touchpoint in known]
    if ranked:
        for number, alike in baseline.of(session, known, now, metric="index").items():
            found[number].days = alike
        _rank(standings)
    return standings


def _now(session: Session, known: Sequence[Known], period: Period, now: int, zone: ZoneInfo) -> dict[int, Level]:
    found, _ = _counted(session, known, period, now, zone)
    _judge(session, found, next(iter(found.values())).window.since if period.days else now, now)
    return found


def _of_zone(session: Session, known: Sequence[Known], period: Period, now: int, zone: ZoneInfo) -> dict[int, Level]:
    found, heard = _counted(session, known, period, now, zone)
    if period.days:
        _compare(session, found, heard)
    else:
        for number, alike in baseline.of(session, known, now, metric="index").items():
            found[number].days = alike
    _judge(session, found, next(iter(found.values())).window.since if period.days else now, now)
    return found


def _counted(
    session: Session, known: Sequence[Known], period: Period, now: int, zone: ZoneInfo
) -> tuple[dict[int, Level], Mapping[int, Mapping[Part, Counts]]]:
    """What counts of touchpoints of one time zone within the period, as levels and in its parts."""
    ids = [touchpoint.id for touchpoint in known]
    first = min(rollup.first_hours(session, ids).values(), default=None) if period.days is None else None
    window = period.window(now, zone, first)
    found = {touchpoint.id: Level(touchpoint, window) for touchpoint in known}
    heard = rollup.read(
        session, ids, rollup.window(window.since, window.until, zone) if period.days else rollup.ALL_TIME
    )
    for number, parts in heard.items():
        found[number].now = score.counted(parts)
    return found, heard


def _compare(session: Session, found: Mapping[int, Level], heard: Mapping[int, Mapping[Part, Counts]]) -> None:
    """How the index of each touchpoint moved against the period before; all are of one window."""
    known = [level.known for level in found.values()]
    window = next(iter(found.values())).window
    earlier = window.before()
    before = rollup.read(session, list(found), rollup.window(earlier.since, earlier.until, window.zone))
    alike = baseline.of(session, known, earlier.since, metric="index")
    for number, level in found.items():
        level.days = alike[number]
    for number, parts in before.items():
        level = found[number]
        level.before = score.counted(parts)
        sources = score.by_source(heard.get(number, {})), score.by_source(parts)
        level.moved = verdicts.compare(level.known.scale, "index", *sources, window.days, alike[number])


def _judge(session: Session, found: Mapping[int, Level], since: int, now: int) -> None:
    """Where each target stands; how alike days are is measured before `since`."""
    aimed = {number: level for number, level in found.items() if level.known.row.target}
    alike = baseline.of(session, [level.known for level in aimed.values()], since)
    for number, level in aimed.items():
        wanted, window = cast("score.Wanted", level.known.row.target), level.window
        level.target_days = alike[number]
        level.target = score.target(
            level.known.scale, wanted, level.now, window.days, alike[number], over=window.until <= now
        )


def _rank(standings: Sequence[Level]) -> None:
    ranked = [standing for standing in standings if not standing.few]
    samples = [_sample(standing) for standing in ranked]
    for standing, place in zip(ranked, places(samples), strict=True):
        standing.place = place


def _sample(standing: Level) -> Sample:
    return Sample(standing.known.scale, ratings(standing.now), standing.days, standing.window.days)


def worst_first(standings: Sequence[Level]) -> list[Level]:
    """The lowest index first; what rests on few answers last, then what nobody rated."""

    def order(standing: Level) -> tuple[bool, bool, float, str]:
        estimate = standing.index
        return estimate is None, standing.few, estimate.value if estimate else 0.0, standing.known.row.key

    return sorted(standings, key=order)


def pooled(standings: Sequence[Level]) -> Estimate | None:
    """The index over all answers of several touchpoints, each answer weighing the same."""
    return formulas.said("index", formulas.pool([(s.known.scale, ratings(s.now), 1.0) for s in standings], "pooled"))
