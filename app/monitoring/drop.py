"""Whether a touchpoint's level fell (or rose), and since when: a CUSUM of log-likelihood ratios. Pure.

Each day is compared with what the touchpoint's own past lets expect on that weekday, in that quarter of the day and
from that source. Days that hang together weigh less. Levels are shares of the scale, 0 to 1.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt

from app.monitoring import tilts
from app.scores import day_variance

BASE_DAYS, LAG_MIN, LAG_MAX, LAG_ANSWERS = 112, 28, 84, 300
BASE_ANSWERS, BASE_DAYS_MIN, SOURCE_ANSWERS, OWN_SHAPE_ANSWERS = 100, 14, 50, 200
SHIFT = 0.5  # what is looked for, in deviations of the answers
Place = tuple[int, int, str]  # weekday, quarter of the day, source


@dataclass(frozen=True, slots=True)
class Cell:
    """The answers of one local day (days since 1970), quarter of the day (0..3) and source, by rating, low to high."""

    day: int
    quarter: int
    source: str
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def total(self) -> float:
        """The sum of the ratings as shares of the scale."""
        return sum(place * count for place, count in enumerate(self.counts)) / (len(self.counts) - 1)

    @property
    def place(self) -> Place:
        return (self.day + 3) % 7, self.quarter, self.source  # Monday is 0: 1970 began on a Thursday


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found. `learning`: the past is too thin to compare with, and nothing else is said.

    `fell` when `w` has reached `h`; `since` is the first day of the fall, between `earliest` and `latest` with 95 %,
    `before` and `after` the levels around it, `n` the answers since then, and `sources` the same of each source.
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


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of one source since a fall, and the levels around it."""

    source: str
    before: float
    after: float
    n: int

    def turned(self) -> "Part":
        """Read from the other end of the scale."""
        return replace(self, before=1 - self.before, after=1 - self.after)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual: the mean of each weekday, quarter and source, and how far days and answers stray from it."""

    usual: Callable[[Place], float]
    shapes: Mapping[str, Sequence[float]]
    sd: float
    rho: float  # variance that the answers of a day share, in units of the variance of one answer
    se: float
    n: int

    def lower(self, place: Place) -> tuple[float, float]:
        """The level that is usual at the least, and the one that is looked for."""
        usual = min(max(self.usual(place) - 0.5 * self.se, 0.02), 0.985)
        return usual, min(max(usual - SHIFT * self.sd, 0.005), 0.98)

    def turned(self) -> "Baseline":
        """Read from the other end of the scale."""
        usual = self.usual
        shapes = {source: shape[::-1] for source, shape in self.shapes.items()}
        return replace(self, usual=lambda place: 1 - usual(place), shapes=shapes)


def past(cells: Iterable[Cell], today: int, baseline_from: int = 0) -> "Past | None":
    """What is usual, and the last weeks that are compared with it; None while the past is too thin for that."""
    seen = [cell for cell in cells if cell.day <= today and cell.n]
    rate = sum(cell.n for cell in seen if today - 28 <= cell.day < today) / 28
    lag = int(min(max(LAG_ANSWERS / rate, LAG_MIN), LAG_MAX)) if rate else LAG_MAX
    start = today - lag
    base = [cell for cell in seen if max(start - BASE_DAYS, baseline_from) <= cell.day < start]
    base = _of_known_sources(base)
    if sum(cell.n for cell in base) < BASE_ANSWERS or len({cell.day for cell in base}) < BASE_DAYS_MIN:
        return None
    known = {cell.source for cell in base}
    return Past(_fit(base), [cell for cell in seen if cell.day >= start and cell.source in known], start, rate)


@dataclass(frozen=True, slots=True)
class Past:
    """What is usual, and the cells of the last weeks, from the day `start` on; `rate` answers came a day."""

    fit: "Baseline"
    recent: Sequence[Cell]
    start: int
    rate: float

    def fell(self, per_alarm: float) -> Found:
        """Whether the level fell, and since when."""
        path = self._path(self.recent, self.fit.lower)
        w, since = 0.0, self.start
        for day, gain in path:
            w += gain
            if w <= 0:
                w, since = 0.0, day + 1
        h = self._threshold(per_alarm)
        fallen = [cell for cell in self.recent if cell.day >= since]
        parts = tuple(_part(source, fallen, self.fit) for source in sorted({cell.source for cell in fallen}))
        n = sum(part.n for part in parts)
        before, after = (sum(part.n * getattr(part, end) for part in parts) / max(n, 1) for end in ("before", "after"))
        earliest, latest = _dated(path, since)
        return Found(False, w >= h, since, earliest, latest, w, h, before, after, n, parts)

    def rose(self, per_alarm: float) -> Found:
        """Whether the level rose: the fall of the same answers read from the other end of the scale."""
        found = self.turned().fell(per_alarm)
        parts = tuple(part.turned() for part in found.sources)
        return replace(found, before=1 - found.before, after=1 - found.after, sources=parts)

    def is_back(self, day: int, fallen: float, n: int, per_alarm: float) -> bool:
        """Whether the level rose again after `day`, when it lay `fallen` below what is usual, as `n` answers told."""
        se = sqrt(self.fit.sd**2 / max(n, 1) + self.fit.rho * self.fit.sd**2 / max(1.0, n / max(self.rate, 1.0)))

        def levels(place: Place) -> tuple[float, float]:
            low = _within(self.fit.usual(place) - fallen + 0.5 * se)
            return low, _within(low + SHIFT * self.fit.sd)

        w, most = 0.0, 0.0
        for _, gain in self._path([cell for cell in self.recent if cell.day > day], levels):
            w = max(0.0, w + gain)
            most = max(most, w)
        return most >= self._threshold(per_alarm)

    def turned(self) -> "Past":
        """The same answers, read from the other end of the scale."""
        recent = [replace(cell, counts=cell.counts[::-1]) for cell in self.recent]
        return replace(self, fit=self.fit.turned(), recent=recent)

    def _threshold(self, per_alarm: float) -> float:
        effective = self.rate / (1 + max(self.rate - 1, 0) * self.fit.rho)
        return max(3.0, log(max(365 * effective * per_alarm, 1.0)) - 4)

    def _path(self, cells: Sequence[Cell], levels: Callable[["Place"], tuple[float, float]]) -> list[tuple[int, float]]:
        """What each day with answers adds for the second of two levels and against the first one."""
        known: dict[Place, tuple[float, float]] = {}
        gains: dict[int, float] = defaultdict(float)
        counts: dict[int, int] = defaultdict(int)
        for cell in cells:
            if cell.place not in known:
                known[cell.place] = tilts.pair(self.fit.shapes[cell.source], *levels(cell.place))
            slope, constant = known[cell.place]
            gains[cell.day] += slope * cell.total + constant * cell.n
            counts[cell.day] += cell.n
        return [(day, gains[day] / (1 + (counts[day] - 1) * self.fit.rho)) for day in sorted(gains)]


def _of_known_sources(base: Sequence[Cell]) -> list[Cell]:
    """A source with few answers has no usual level: what it brings is no fall of the others."""
    counts = _sums(base, lambda cell: cell.source, lambda cell: cell.n)
    return [cell for cell in base if counts[cell.source] >= SOURCE_ANSWERS]


def _part(source: str, fallen: Sequence[Cell], fit: Baseline) -> Part:
    cells = [cell for cell in fallen if cell.source == source]
    n = sum(cell.n for cell in cells)
    before = sum(cell.n * fit.usual(cell.place) for cell in cells) / n
    return Part(source, before, sum(cell.total for cell in cells) / n, n)


def _dated(path: Sequence[tuple[int, float]], since: int) -> tuple[int, int]:
    """The days between which the fall began with 95 %: each is as likely as what came from then on makes it."""
    gained, likelihood = 0.0, dict[int, float]()
    for day, gain in reversed(path):
        gained += gain
        likelihood[day] = gained
    most = max(likelihood.values(), default=0.0)
    weights = sorted(((exp(value - most), day) for day, value in likelihood.items()), reverse=True)
    whole, held, days = sum(weight for weight, _ in weights), 0.0, [since]
    for weight, day in weights:
        if held >= 0.95 * whole:
            break
        held += weight
        days.append(day)
    return min(days), max(days)


def _sums(
    cells: Iterable[Cell], key: Callable[[Cell], Hashable], value: Callable[[Cell], float]
) -> dict[Hashable, float]:
    sums: dict[Hashable, float] = defaultdict(float)
    for cell in cells:
        sums[key(cell)] += value(cell)
    return sums


def _shape(cells: Sequence[Cell]) -> list[float]:
    """The share of each rating; half an answer is added to each, so that none is impossible."""
    width = len(cells[0].counts)
    counts = [sum(cell.counts[place] for cell in cells) + 0.5 for place in range(width)]
    return [count / sum(counts) for count in counts]


def _fit(base: Sequence[Cell]) -> Baseline:
    shape = _shape(base)
    values = tilts.values(len(shape))
    # days of 1970 moved so that the remainder by seven is that of `place`
    cells = [day_variance.Cell(cell.day + 3, cell.quarter, cell.source, cell.n, cell.total) for cell in base]
    mean = sum(q * v for q, v in zip(shape, values, strict=True))
    within = sum(q * v * v for q, v in zip(shape, values, strict=True)) - mean * mean
    usual = day_variance.usual(cells, mean)
    rho = day_variance.rho(cells, usual, within)
    n, days = sum(cell.n for cell in base), len({cell.day for cell in base})
    by_source: dict[str, list[Cell]] = defaultdict(list)
    for cell in base:
        by_source[cell.source].append(cell)
    own = {
        source: _shape(cells) if sum(cell.n for cell in cells) >= OWN_SHAPE_ANSWERS else shape
        for source, cells in by_source.items()
    }
    return Baseline(
        lambda place: usual.expected(*place), own, sqrt(within), rho, sqrt(within / n + rho * within / days), n
    )


def _within(level: float) -> float:
    """A level that answers can have: none is at an end of the scale for sure."""
    return min(max(level, 0.005), 0.985)
