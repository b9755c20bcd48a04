"""Whether a touchpoint's level fell (or rose), and since when: a CUSUM of log-likelihood ratios. Pure.

Each day is compared with what the touchpoint's own past lets expect on that weekday, in that quarter of the day and
from that source. Days that hang together weigh less. Levels are shares of the scale, 0 to 1.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import sqrt
from typing import NamedTuple

from app.monitoring import spread
from app.monitoring.cusum import Path, climb, dated, most, threshold
from app.monitoring.spread import moments, shape_of
from app.monitoring.tilts import Tilts
from app.scores import day_variance

BASE_DAYS, LAG_MIN, LAG_MAX, LAG_ANSWERS = 112, 28, 84, 300
BASE_ANSWERS, BASE_DAYS_MIN, SOURCE_ANSWERS, OWN_SHAPE_ANSWERS = 100, 14, 50, 200
SHIFT = 0.5  # what is looked for, in deviations of the answers
Place = tuple[int, int, str]  # weekday, quarter of the day, source
Levels = Callable[[float], tuple[float, float]]  # of what is usual: the level held against it, and the one looked for


class Cell:
    """The answers of one local day (days since 1970), quarter of the day (0..3) and source, by rating, low to high.

    `n` is how many, `total` the sum of the ratings as shares of the scale. Several of one place add up.
    """

    __slots__ = "counts", "day", "n", "part", "place", "source", "total"

    def __init__(self, day: int, part: int, source: str, counts: tuple[int, ...]) -> None:
        self.day, self.part, self.source, self.counts = day, part, source, counts
        self.n, self.total = _weighed(counts)
        self.place: Place = (day % 7, part, source)


@lru_cache(2048)
def _weighed(counts: tuple[int, ...]) -> tuple[int, float]:
    return sum(counts), sum(place * count for place, count in enumerate(counts)) / (len(counts) - 1)


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found. `learning`: the past is too thin to compare with, and nothing else is said.

    `fell` when `w` has reached `h`. Only then the rest is worked out: `since` is the first day of the fall, between
    `earliest` and `latest` with 95 %, `before` and `after` are the levels around it with their standard errors, `n` the
    answers since then, and `sources` the same of each source.
    """

    learning: bool = False
    fell: bool = False
    since: int = 0
    earliest: int = 0
    latest: int = 0
    w: float = 0.0
    h: float = 0.0
    before: float = 0.0
    after: float = 0.0
    n: int = 0
    sources: tuple["Part", ...] = ()
    before_se: float = 0.0
    after_se: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of one source since a fall, and the levels around it."""

    source: str
    before: float
    after: float
    n: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual: the mean of each weekday, quarter and source, and how far days and answers stray from it."""

    usual: Callable[[Place], float]
    shapes: Mapping[str, Sequence[float]]
    sd: float
    rho: float  # variance that the answers of a day share, in units of the variance of one answer
    se: float
    n: int

    def lower(self, usual: float) -> tuple[float, float]:
        """The level that is usual at the least, and the one that is looked for."""
        least = min(max(usual - 0.5 * self.se, 0.02), 0.985)
        return least, min(max(least - SHIFT * self.sd, 0.005), 0.98)


def past(cells: Iterable[Cell], today: int, baseline_from: int = 0) -> "Past | None":
    """What is usual, and the last weeks that are compared with it; None while the past is too thin for that."""
    seen = [cell for cell in cells if cell.day <= today and cell.n]
    rate = sum(cell.n for cell in seen if today - 28 <= cell.day < today) / 28
    start = today - lag(rate)
    base = [cell for cell in seen if max(start - BASE_DAYS, baseline_from) <= cell.day < start]
    base = _of_known_sources(base)
    if sum(cell.n for cell in base) < BASE_ANSWERS or len({cell.day for cell in base}) < BASE_DAYS_MIN:
        return None
    known = {cell.source for cell in base}
    recent = [cell for cell in seen if cell.day >= start and cell.source in known]
    return Past(_fit(base), recent, start, rate, base)


def lag(rate: float) -> int:
    """How many days are compared with what is usual, of so many answers a day."""
    return int(min(max(LAG_ANSWERS / rate, LAG_MIN), LAG_MAX)) if rate else LAG_MAX


Line = tuple[float, float]  # what an answer adds: a slope times its value, and a constant


@dataclass(frozen=True)
class Past:
    """What is usual, by the cells `base`, and those of the last weeks, from `start` on; `rate` answers came a day."""

    fit: "Baseline"
    recent: Sequence[Cell]
    start: int
    rate: float
    base: Sequence[Cell] = ()

    def fell(self, per_alarm: float) -> Found:
        """Whether the level fell, and since when."""
        return self._moved(self.falls, per_alarm)

    def rose(self, per_alarm: float) -> Found:
        """Whether the level rose: the fall of the same answers read from the other end of the scale."""
        return self._moved(self.rises, per_alarm)

    @cached_property
    def falls(self) -> "Walk":
        """The days so far, and what they add for a fall."""
        return self.walk(self.recent, self.fit.lower)

    @cached_property
    def rises(self) -> "Walk":
        """The same for a rise."""
        return self.walk(self.recent, _turned(self.fit.lower))

    @property
    def effective(self) -> float:
        """As how many independent answers those of a usual day count."""
        return self.rate / (1 + max(self.rate - 1, 0) * self.fit.rho)

    def is_back(self, day: int, moved: float, n: int, per_alarm: float, *, rise: bool = False) -> bool:
        """Whether the level came back after `day`, when it lay `moved` from what is usual, as `n` answers told."""
        return most(self.way_back(day, moved, n, rise=rise)) >= threshold(self.effective, per_alarm)

    def way_back(self, day: int, moved: float, n: int, *, rise: bool = False) -> Path:
        """What each day after `day` adds for the level having come back by half a deviation at least."""
        se = sqrt(self.fit.sd**2 / max(n, 1) + self.fit.rho * self.fit.sd**2 / max(1.0, n / max(self.rate, 1.0)))

        def levels(usual: float) -> tuple[float, float]:
            low = _within(usual - moved + 0.5 * se)
            return low, _within(low + SHIFT * self.fit.sd)

        later = [cell for cell in self.recent if cell.day > day]
        return self.walk(later, _turned(levels) if rise else levels).path

    def _moved(self, walk: "Walk", per_alarm: float) -> Found:
        (w, since), h = climb(walk.path, self.start), threshold(self.effective, per_alarm)
        return self._found(walk.path, since, w, h) if w >= h else Found(w=w, h=h)

    def _found(self, path: Path, since: int, w: float, h: float) -> Found:
        parts = self.parts(since)
        n = sum(part.n for part in parts)
        before, after = (sum(part.n * getattr(part, end) for part in parts) / max(n, 1) for end in ("before", "after"))
        return Found(False, True, since, *dated(path, since), w, h, before, after, n, parts, *self.errors(since))

    def errors(self, since: int) -> tuple[float, float]:
        """The standard errors of the levels before and from the day `since` on."""
        fallen = [cell for cell in self.recent if cell.day >= since]
        return spread.of_usual(fallen, self.fit.se), spread.of_answers(fallen, self.fit.sd, self.fit.rho)

    def parts(self, since: int) -> tuple["Part", ...]:
        """The answers of each source from the day `since` on."""
        fallen = [cell for cell in self.recent if cell.day >= since]
        return tuple(_part(source, fallen, self.fit) for source in sorted({cell.source for cell in fallen}))

    def walk(self, cells: Sequence[Cell], levels: Levels) -> "Walk":
        """What each day with answers adds for the second of two levels and against the first one."""
        lines = self.lines({cell.place for cell in cells}, levels)
        gains: dict[int, float] = defaultdict(float)
        counts: dict[int, int] = defaultdict(int)
        for cell in cells:
            slope, constant = lines[cell.place]
            gains[cell.day] += slope * cell.total + constant * cell.n
            counts[cell.day] += cell.n
        path = [(day, gains[day] / (1 + (counts[day] - 1) * self.fit.rho)) for day in sorted(gains)]
        return Walk(path, levels, lines)

    def lines(self, places: Iterable[Place], levels: Levels) -> dict[Place, Line]:
        """What an answer at each of these places adds."""
        by_source: dict[str, list[tuple[float, Place]]] = defaultdict(list)
        for place in places:
            by_source[place[2]].append((self.fit.usual(place), place))
        lines: dict[Place, Line] = {}
        for source, usual in by_source.items():
            usual.sort()
            pairs = Tilts(self.fit.shapes[source]).pairs([levels(level) for level, _ in usual])
            lines.update(zip((place for _, place in usual), pairs, strict=True))
        return lines


class Walk(NamedTuple):
    """What each day with answers adds to the statistic, and by which lines."""

    path: Path
    levels: Levels
    lines: Mapping[Place, Line]


def _turned(levels: Levels) -> Levels:
    """The same read from the other end of the scale."""

    def turned(usual: float) -> tuple[float, float]:
        first, second = levels(1 - usual)
        return 1 - first, 1 - second

    return turned


def _of_known_sources(base: Sequence[Cell]) -> list[Cell]:
    """A source with few answers has no usual level: what it brings is no fall of the others."""
    counts: dict[str, int] = defaultdict(int)
    for cell in base:
        counts[cell.source] += cell.n
    return [cell for cell in base if counts[cell.source] >= SOURCE_ANSWERS]


def _part(source: str, fallen: Sequence[Cell], fit: Baseline) -> Part:
    cells = [cell for cell in fallen if cell.source == source]
    n = sum(cell.n for cell in cells)
    before = sum(cell.n * fit.usual(cell.place) for cell in cells) / n
    return Part(source, before, sum(cell.total for cell in cells) / n, n)


def _fit(base: Sequence[Cell]) -> Baseline:
    shape = shape_of(base)
    mean, within = moments(shape)
    usual = day_variance.usual(base, mean)
    rho = day_variance.rho(base, usual, within)
    n, days = sum(cell.n for cell in base), len({cell.day for cell in base})
    se = sqrt(within / n + rho * within / days)
    return Baseline(lambda place: usual.expected(*place), _shapes(base, shape), sqrt(within), rho, se, n)


def _shapes(base: Sequence[Cell], whole: Sequence[float]) -> dict[str, Sequence[float]]:
    """The shape of each source's answers, which is that of all where they are few."""
    by_source: dict[str, list[Cell]] = defaultdict(list)
    for cell in base:
        by_source[cell.source].append(cell)
    many = {source: sum(cell.n for cell in cells) >= OWN_SHAPE_ANSWERS for source, cells in by_source.items()}
    return {source: shape_of(cells) if many[source] else whole for source, cells in by_source.items()}


def _within(level: float) -> float:
    """A level that answers can have: none is at an end of the scale for sure."""
    return min(max(level, 0.005), 0.985)
