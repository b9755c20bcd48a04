"""Days of answers, put together into windows of 28 days: level, variance, and how days hang together. Pure.

A metric is a weight between 0 and 1 for each rating; everything here is in hundredths of that (0..100), which is the
index itself. Days hang together (weather, staff, a queue): a window's variance counts that, by `rho`. The formulas and
what was simulated: docs/decisions/0040-what-an-action-changed.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.scores.day_variance import Cell, rho, usual
from app.touchpoints.scales import Scale

WINDOW_DAYS = 28
WINDOWS = 6
_FITTED = 4  # of the windows: the 112 days from which the variance is told


class Sums(NamedTuple):
    """Answers, the sum of their weights (0..100) and of the squares of these."""

    n: int
    total: float
    squares: float


Day = Mapping[str, Sums]  # by source
Days = Mapping[int, Day]  # by the ordinal of the local date; days without answers are left out
NONE = Sums(0, 0.0, 0.0)


def weights(scale: Scale, metric: str) -> list[float]:
    """The weight 0..100 of each rating 0..10 in `metric`; those outside of the scale have none."""
    found = [0.0] * 11
    for rating in scale.ratings:
        if metric == "nps":
            found[rating] = 100.0 if rating in scale.satisfied else 0.0 if rating in scale.poor else 50.0
        elif metric in ("mean", "index"):
            found[rating] = 100 * scale.height(rating)
        else:
            found[rating] = 100.0 * (rating in scale.satisfied)
    return found


def sums(ratings: Sequence[int], by: Sequence[float]) -> Sums:
    """A histogram of the ratings 0..10, weighed."""
    pairs = [(n, w) for n, w in zip(ratings, by, strict=True) if n]
    return Sums(sum(n for n, _ in pairs), sum(n * w for n, w in pairs), sum(n * w * w for n, w in pairs))


def pooled(parts: Iterable[Sums]) -> Sums:
    n, total, squares = NONE
    for part in parts:
        n, total, squares = n + part.n, total + part.total, squares + part.squares
    return Sums(n, total, squares)


def within(days: Days, since: int, until: int) -> dict[int, Day]:
    """The days of [since, until) that have answers."""
    return {at: days[at] for at in range(since, until) if at in days}


@dataclass(frozen=True, slots=True)
class Noise:
    """The variance of one answer, and the share of it that answers of a day have in common."""

    variance: float
    rho: float

    def of(self, days: Iterable[int]) -> float:
        """The variance of the mean of days with so many answers each."""
        counts = list(days)
        n = sum(counts)
        return self.variance * (1 / n + self.rho * sum(count * count for count in counts) / n**2)

    def planned(self, n: float, rate: float) -> float:
        """The variance of the mean of n answers that come at `rate` a day."""
        return self.variance * (1 + max(rate - 1, 0) * self.rho) / n


@dataclass(frozen=True, slots=True)
class Window:
    """The answers of the days [since, until), ordinals: their mean, and the variance of that."""

    since: int
    until: int
    n: int
    days: int
    mean: float
    variance: float
    sources: Mapping[str, Sums]


def window(days: Days, noise: Noise, since: int, until: int) -> Window | None:
    """What was answered within [since, until); None when nothing was."""
    found = within(days, since, until)
    sources: dict[str, Sums] = {}
    for day in found.values():
        for source, part in day.items():
            sources[source] = pooled((sources.get(source, NONE), part))
    whole = pooled(sources.values())
    if not whole.n:
        return None
    variance = noise.of(pooled(day.values()).n for day in found.values())
    return Window(since, until, whole.n, len(found), whole.total / whole.n, variance, sources)


def before(days: Days, noise: Noise, start: int) -> list[Window | None]:
    """The six windows before the day `start`, the oldest first.

    Only the last may reach behind the first answer: half a window is not a level.
    """
    first = min(days, default=start)
    starts = [start - WINDOW_DAYS * back for back in range(WINDOWS, 0, -1)]
    return [window(days, noise, at, at + WINDOW_DAYS) if at >= first or at == starts[-1] else None for at in starts]


def noise(days: Days, start: int, by: Sequence[float]) -> Noise | None:
    """The noise of the 112 days before `start`, None without answers; `by` has a weight for each rating of the scale.

    What days share is free of their window's mean, of weekdays and of the mix of sources.
    """
    base = within(days, start - _FITTED * WINDOW_DAYS, start)
    whole = pooled(part for day in base.values() for part in day.values())
    if not whole.n:
        return None
    n = whole.n + 0.5 * len(by)  # half an answer of each rating: equal ratings claim no certainty
    mean = (whole.total + 0.5 * sum(by)) / n
    variance = (whole.squares + 0.5 * sum(w * w for w in by)) / n - mean**2
    cells = [
        Cell(at, (start - 1 - at) // WINDOW_DAYS, source, part.n, part.total)
        for at, day in base.items()
        for source, part in day.items()
    ]
    known = usual(cells, mean, part_draw=0.0)
    return Noise(variance, rho(cells, known, variance, taken=7 + len(known.part) - 1))
