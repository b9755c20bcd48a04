"""How answers spread over the ratings, and how far the levels around a drop may be off. Pure.

Levels are shares of the scale, 0 to 1. tests/simulations/drops.py holds how often the intervals are right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import TYPE_CHECKING

from app.monitoring import tilts

if TYPE_CHECKING:
    from app.monitoring.drop import Cell


def shape_of(cells: Sequence["Cell"]) -> list[float]:
    """The share of each rating; half an answer is added to each, so that none is impossible."""
    counts = [sum(given) + 0.5 for given in zip(*(cell.counts for cell in cells), strict=True)]
    return [count / sum(counts) for count in counts]


def moments(shape: Sequence[float]) -> tuple[float, float]:
    """Mean and variance of an answer."""
    values = tilts.values(len(shape))
    mean = sum(q * v for q, v in zip(shape, values, strict=True))
    return mean, sum(q * v * v for q, v in zip(shape, values, strict=True)) - mean * mean


def of_usual(cells: Sequence["Cell"], se: float) -> float:
    """The standard error of what is usual on the weekdays of these answers, when that of all days is `se`.

    A seventh of the past tells of each weekday.
    """
    return se * sqrt(7 * _uneven((cell.day % 7, cell.n) for cell in cells))


def of_answers(cells: Sequence["Cell"], sd: float, rho: float) -> float:
    """The standard error of the level of these answers: each varies by itself, and those of a day together.

    `rho` is the variance that those of a day share, in units of the usual variance of an answer, `sd` squared.
    """
    n, (_, variance) = sum(cell.n for cell in cells), moments(shape_of(cells))
    return sqrt(variance / n + rho * sd**2 * _uneven((cell.day, cell.n) for cell in cells))


def _uneven(parts: Iterable[tuple[int, int]]) -> float:
    """The sum of the squared shares: one over their number when all are equal."""
    counts: dict[int, int] = defaultdict(int)
    for name, n in parts:
        counts[name] += n
    return sum(count**2 for count in counts.values()) / sum(counts.values()) ** 2
