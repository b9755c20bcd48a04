"""Answers by the day, drawn from a fixed seed: days that hang together, weekdays, two ways in."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.scores import baseline, days
from app.scores.days import Days
from app.touchpoints.scales import SCALES

STARS = SCALES["stars"]
SHAPES = {"skew": (0.05, 0.05, 0.10, 0.30, 0.50), "top": (0.04, 0.01, 0.01, 0.04, 0.90)}
_WORTH = np.arange(5) / 4
_WEEK = np.array([0.0, 0.0, 0.1, 0.1, -0.15, -0.15, 0.1])
_GRID = np.linspace(-1.6, 1.2, 113)
Counts = NDArray[np.int64]  # days x ratings


class World(NamedTuple):
    """How days differ: `tau` the deviation of a day's own level in deviations of the answers, `phi` how alike
    neighbouring days are, `week` whether weekdays differ."""

    rate: float
    tau: float = 0.0
    phi: float = 0.0
    week: bool = False
    shape: str = "skew"


def _tilted(shape: str) -> NDArray[np.float64]:
    """Probabilities of the ratings at levels of _GRID deviations above the usual one."""
    shares = np.array(SHAPES[shape])
    mean = shares @ _WORTH
    deviation = np.sqrt(shares @ _WORTH**2 - mean**2)
    found = []
    for step in _GRID:
        wanted, low, high = np.clip(mean + step * deviation, 0.01, 0.99), -60.0, 60.0
        for _ in range(60):
            middle = (low + high) / 2
            tilted = shares * np.exp(middle * (_WORTH - 0.5))
            low, high = (middle, high) if (tilted / tilted.sum()) @ _WORTH < wanted else (low, middle)
        found.append(tilted / tilted.sum())
    return np.array(found)


_TILTED = {shape: _tilted(shape) for shape in SHAPES}


def level(shape: str, shift: float) -> float:
    """The level (0..1) of answers that lie `shift` deviations above the usual ones."""
    return float(_TILTED[shape][round((shift - _GRID[0]) / (_GRID[1] - _GRID[0]))] @ _WORTH)


def effects(rng: np.random.Generator, world: World, length: int) -> NDArray[np.float64]:
    """What each day adds to the level, in deviations."""
    found = rng.normal(0, world.tau, length)
    for day in range(1, length if world.phi else 0):
        found[day] = world.phi * found[day - 1] + np.sqrt(1 - world.phi**2) * found[day]
    return found + (_WEEK[np.arange(length) % 7] if world.week else 0)


def answers(
    rng: np.random.Generator, world: World, length: int, shift: Sequence[float] | float = 0.0, share: object = 1.0
) -> Counts:
    """The counts of each day; `shift` moves its level, `share` is the part of the rate that comes."""
    level = effects(rng, world, length) + np.asarray(shift)
    n = rng.poisson(world.rate * np.broadcast_to(np.asarray(share, dtype=float), (length,)))
    return rated(rng, level, n, world.shape)


def rated(rng: np.random.Generator, level: NDArray[np.float64], n: NDArray[np.int64], shape: str = "skew") -> Counts:
    """The ratings of n answers a day, whose level lies so many deviations above the usual one."""
    place = np.clip(np.round((level - _GRID[0]) / (_GRID[1] - _GRID[0])), 0, len(_GRID) - 1).astype(int)
    return rng.multinomial(n, _TILTED[shape][place])


def histogram(counts: Counts) -> list[int]:
    """Days added, as the product has them: by rating 0..10."""
    return [0, *(int(n) for n in counts.sum(axis=0)), 0, 0, 0, 0, 0]


def rows(by_source: dict[str, Counts]) -> list[baseline.Row]:
    """Days as the product reads them; one without answers has no row."""
    return [
        (1 + day, source, [0, *map(int, row), 0, 0, 0, 0, 0])
        for source, counts in by_source.items()
        for day, row in enumerate(counts)
        if row.any()
    ]


def measured(by_source: dict[str, Counts]) -> Days:
    """What the product measures on these days."""
    return baseline.measure(STARS, "index", rows(by_source))


LEVEL = 100 * float(np.array(SHAPES["skew"]) @ _WORTH)
BASE = days.BASELINE_DAYS
