"""Places in a list as ranges, where chance could have made the order. Pure."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from app.scores import formulas
from app.scores.days import Days, Part, student
from app.touchpoints.scales import Scale

ALPHA = 0.05
LEAST = 30  # answers of each of two that are told apart
LEAST_LOW = 5  # low ratings of each that the share of all would bring: with fewer, 9 to 11 % of orders are wrong


class Sample(NamedTuple):
    """The ratings of one touchpoint or source in `length` days; `days` None takes them as independent."""

    scale: Scale
    ratings: Sequence[int]
    days: Days | None = None
    length: float = 1.0

    @property
    def n(self) -> int:
        return sum(self.ratings[self.scale.low : self.scale.high + 1])

    @property
    def low(self) -> int:
        """How many are low."""
        return sum(self.ratings[rating] for rating in self.scale.poor)

    @property
    def effective(self) -> Sequence[float]:
        """The ratings as so many independent ones as tell as much."""
        return self.days.thinned(self.ratings, self.length) if self.days else self.ratings

    @property
    def part(self) -> Part:
        return Part(self.n, sum(self.effective), self.days.freedom if self.days else 1.0)


class Place(NamedTuple):
    """The places, counted from 1, that are compatible with what was seen."""

    first: int
    last: int


def compared(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """The pairs, as positions in `samples`, of which anything is said: LEAST answers, LEAST_LOW expected low ones."""
    answers = sum(sample.n for sample in samples)
    low = sum(sample.low for sample in samples) / answers if answers else 0.0
    bearing = [place for place, one in enumerate(samples) if one.n >= LEAST and one.n * low >= LEAST_LOW]
    return list(combinations(bearing, 2))


def p_values(samples: Sequence[Sample]) -> dict[tuple[int, int], float]:
    """Of those `compared`, each pair (lower, higher) taken alone."""
    sure = [(sample.scale, sample.effective) for sample in samples]
    parts = [sample.part for sample in samples]
    index = [_index(sample) for sample in samples]
    found = {}
    for one, other in compared(samples):
        p = formulas.difference_p(*sure[one], *sure[other])
        pair = (one, other) if index[one] < index[other] else (other, one)
        found[pair] = 1.0 if p is None else student(p, (parts[one], parts[other]))
    return found


def told_apart(samples: Sequence[Sample]) -> set[tuple[int, int]]:
    """The pairs (lower, higher) of those `compared` whose index differs for real (Holm over all of them, 5 %)."""
    found = p_values(samples)
    adjusted = formulas.holm(list(found.values()))
    return {pair for pair, p in zip(found, adjusted, strict=True) if p < ALPHA}


def places(samples: Sequence[Sample]) -> list[Place]:
    """The place of each sample, the lowest index first.

    The first place possible is behind all that are lower for real, the last one before all that are higher for real:
    Mohamad, Goeman and van Zwet 2022, "Simultaneous confidence intervals for ranks" (Electronic Journal of Statistics).
    All ranges hold together at 95 %.
    """
    apart = told_apart(samples)
    lower = [0] * len(samples)
    higher = [0] * len(samples)
    for low, high in apart:
        lower[high] += 1
        higher[low] += 1
    return [Place(1 + below, len(samples) - above) for below, above in zip(lower, higher, strict=True)]


def _index(sample: Sample) -> float:
    estimate = formulas.metrics(sample.scale, sample.ratings)["index"]
    return estimate.value if estimate else 0.0
