"""Orders claimed among touchpoints that are all equal, by the product and by answers taken as independent."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from app.dashboard.ranks import Sample, places, told_apart
from app.scores.day_variance import Cell
from app.scores.days import BASELINE_DAYS, fit, summary
from app.touchpoints.scales import SCALES
from tests.simulations.claims import Rates
from tests.simulations.draws import World, effects

THUMBS = SCALES["thumbs"]
PERIOD = 30
Days = NDArray[np.int64]  # two columns: answers of a day, and those of them that are high


def days_of(rng: np.random.Generator, world: World, share: float) -> Days:
    """The days before a period and of it; of a day's answers `share` are high in the mean."""
    level = share + sqrt(share * (1 - share)) * effects(rng, world, BASELINE_DAYS + PERIOD)
    n = rng.poisson(world.rate, len(level))
    return np.stack([n, rng.binomial(n, np.clip(level, 0.001, 0.999))], axis=1)


def sample(days: Days, *, plain: bool) -> Sample:
    """One touchpoint; how alike its days are is measured on the days before (`plain`: not at all)."""
    before, now = days[:BASELINE_DAYS], days[BASELINE_DAYS:].sum(axis=0)
    cells = [Cell(day, 0, "web", int(n), int(high)) for day, (n, high) in enumerate(before) if n]
    n, high = (int(part) for part in before.sum(axis=0))
    counts = [0] * 11
    counts[THUMBS.low], counts[THUMBS.high] = int(now[0] - now[1]), int(now[1])
    return Sample(THUMBS, counts, None if plain else summary(fit(cells, [n - high, high], [0.0, 1.0]), cells), PERIOD)


def order(world: World, trials: int, *, share: float = 0.85, among: int = 8, seed: int = 21) -> Rates:
    """Lists of equal touchpoints in which some are told apart; found: the first place of one 0.5 deviations lower."""
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        lists = [days_of(rng, world, share) for _ in range(among)]
        wrong.append(bool(told_apart([sample(days, plain=False) for days in lists])))
        plain.append(bool(told_apart([sample(days, plain=True) for days in lists])))
        if trial % 4 == 0:
            lists[0] = days_of(rng, world, share - 0.5 * sqrt(share * (1 - share)))
            found.append(places([sample(days, plain=False) for days in lists])[0].last == 1)
    return Rates(*(100 * float(np.mean(part)) for part in (wrong, plain, found)))
