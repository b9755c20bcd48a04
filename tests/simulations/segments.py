"""Segments of a touchpoint that are all alike: how often one is said to differ, and how often a low one is found."""

import numpy as np

from app.scores import segment_verdicts
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
