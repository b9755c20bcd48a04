"""Places in a list as ranges, where chance could have made the order. Pure."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from app.scores import formulas
from app.touchpoints.scales import Scale

ALPHA = 0.05


class Sample(NamedTuple):
    """The ratings given at one touchpoint, or through one source."""

    scale: Scale
    ratings: Sequence[int]


class Place(NamedTuple):
    """The places, counted from 1, that are compatible with what was seen."""

    first: int
    last: int


def told_apart(samples: Sequence[Sample]) -> set[tuple[int, int]]:
    """The pairs (lower, higher), as positions in `samples`, whose index differs for real (Holm over all pairs, 5 %)."""
    pairs = list(combinations(range(len(samples)), 2))
    p_values = []
    for one, other in pairs:
        p = formulas.difference_p(*samples[one], *samples[other])
        p_values.append(1.0 if p is None else p)
    index = [_index(sample) for sample in samples]
    return {
        (one, other) if index[one] < index[other] else (other, one)
        for (one, other), p in zip(pairs, formulas.holm(p_values), strict=True)
        if p < ALPHA
    }


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
    estimate = formulas.metrics(*sample)["index"]
    return estimate.value if estimate else 0.0
