"""Segments of a touchpoint that are all alike: how often one is said to differ, and how often a low one is found."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from app.scores import segment_pool, segment_verdicts
from app.scores.days import values
from app.scores.segment_verdicts import Day
from tests.simulations.claims import Rates
from tests.simulations.draws import STARS, World, answers, histogram

WORTH = values(STARS, "index")
SIZES = tuple(int(size) for size in np.geomspace(40, 1500, 20))


def trial(
    rng: np.random.Generator, tau: float, *, low: int, length: int, on: int, shape: str
) -> tuple[bool, bool, int]:
    """Whether a sound segment of 20 is said to differ, plainly too, and how many of `low` ones; `on` so many days."""
    wholes, days = {}, []
    for number, size in enumerate(SIZES):
        world = World(size / on, tau, shape=shape)
        counts = answers(rng, world, on, -0.4 if number % 6 == 1 and number // 6 < low else 0.0)
        name, start = str(number), int(rng.integers(0, length - on + 1))
        wholes[name] = segment_verdicts.whole(STARS, histogram(counts), WORTH)
        for day, row in enumerate(counts):
            if row.sum():
                days.append(Day(name, start + day, float(row.sum()), float(row @ np.array(WORTH))))
    found, _ = segment_verdicts.compare(wholes, days)
    bad = {str(number) for number in range(20) if number % 6 == 1 and number // 6 < low}
    claimed = {name for name, one in found.items() if one.verdict == "differs"}
    return bool(claimed - bad), _plainly(wholes, bad), len(claimed & bad)


def _plainly(wholes: dict[str, segment_verdicts.Whole], bad: set[str]) -> bool:
    """Whether a plain 95 % interval of the difference to the mean of all leaves out 0 for a sound segment."""
    n, total = sum(one.n for one in wholes.values()), sum(one.total for one in wholes.values())
    for name, one in wholes.items():
        within = one.squares / one.n - (one.total / one.n) ** 2 if one.n else 0.0
        if one.n and name not in bad and abs(one.total / one.n - total / n) > 1.96 * np.sqrt(within / one.n):
            return True
    return False


def stores(tau: float, trials: int, *, low: int = 0, on: int = 30, shape: str = "skew", seed: int = 161) -> Rates:
    """20 segments of 40 to 1,500 answers on 30 days, or each on a few days of their own (`on`)."""
    rng = np.random.default_rng(seed)
    runs = [trial(rng, tau, low=low, length=30, on=on, shape=shape) for _ in range(trials)]
    wrong, plain, power = (sum(run[place] for run in runs) for place in range(3))
    return Rates(100 * wrong / trials, 100 * plain / trials, 100 * power / (trials * low) if low else float("nan"))


LEVELS = (-0.8, -0.2, 0.2, 0.8)  # of touchpoints, in deviations of the answers


def mixed_trial(rng: np.random.Generator, tau: float, *, low: int, places: bool) -> tuple[bool, bool, int]:
    """Stores with another mix of touchpoints each: whether a sound one is said to differ (or, with `places`, has one
    that is wrong), whether it is without the levels of touchpoints taken out, and how many of `low` ones are found."""
    wholes: dict[int, dict[str, segment_verdicts.Whole]] = {}
    days: dict[int, list[Day]] = {}
    shares = rng.dirichlet(np.full(len(LEVELS), 0.7), len(SIZES))
    for at, level in enumerate(LEVELS):
        wholes[at], days[at] = {}, []
        for number, size in enumerate(SIZES):
            shift = level + (-0.4 if number % 6 == 1 and number // 6 < low else 0.0)
            counts = answers(rng, World(size * shares[number, at] / 30, tau), 30, shift)
            wholes[at][str(number)] = segment_verdicts.whole(STARS, histogram(counts), WORTH)
            rated = [(day, row) for day, row in enumerate(counts) if row.sum()]
            days[at] += [Day(str(number), day, float(row.sum()), float(row @ np.array(WORTH))) for day, row in rated]
    bad = {str(number) for number in range(20) if number % 6 == 1 and number // 6 < low}
    alike = dict.fromkeys(wholes, 0.0)
    naive = segment_verdicts.measure(segment_pool.wholes(wholes, alike), _together(days, alike))
    measured = segment_pool.measured(wholes, lambda above: _together(days, above))
    claimed, plain = _claimed(measured), _claimed(naive) - bad
    return _misplaced(measured, bad) if places else bool(claimed - bad), bool(plain), len(claimed & bad)


def _together(days: dict[int, list[Day]], above: Mapping[int, float]) -> list[Day]:
    """The days of each store at all touchpoints, less how far these lie above the others."""
    sums = defaultdict[tuple[str, int], list[float]](lambda: [0.0, 0.0])
    for at, some in days.items():
        for day in some:
            cell = sums[day.segment, day.day]
            cell[0] += day.n
            cell[1] += day.total - above[at] * day.n
    return [Day(*key, *values) for key, values in sums.items()]


def _claimed(measured: segment_verdicts.Measured) -> set[str]:
    return {name for name, one in segment_verdicts.against_usual(measured).items() if one.verdict == "differs"}


def _misplaced(measured: segment_verdicts.Measured, bad: set[str]) -> bool:
    """Whether a store's places leave out one that it shares: the low ones share the first, the others the rest."""
    low, told = len(bad & measured.means.keys()), len(measured.means)
    for name, place in segment_verdicts.places(measured).items():
        first, last = (1, low) if name in bad else (low + 1, told)
        if place.first > first or place.last < last:
            return True
    return False


def mixed(tau: float, trials: int, *, low: int = 0, places: bool = False, seed: int = 162) -> Rates:
    """20 segments over four touchpoints of different levels."""
    rng = np.random.default_rng(seed)
    runs = [mixed_trial(rng, tau, low=low, places=places) for _ in range(trials)]
    wrong, plain, power = (sum(run[place] for run in runs) for place in range(3))
    found = 100 * power / (trials * low) if low else float("nan")
    return Rates(100 * wrong / trials, 100 * plain / trials, found)
