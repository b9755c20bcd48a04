"""Times of the week said to stand out where none does."""

import numpy as np

from app.dashboard import heatmap
from app.scores.days import Days
from tests.simulations.claims import LENGTH, Rates
from tests.simulations.draws import BASE, STARS, Counts, World, answers, histogram, measured

OPEN = {8: 0.4, 14: 0.4, 20: 0.2}  # the hour at which a part of the day is answered, and its share
INDEPENDENT = Days(0.0, 0.0, 1.0, measured=True)


def standing_out(world: World, trials: int, seed: int = 51) -> Rates:
    """28 days of equal times: one is named; plainly: with answers taken as independent.

    Found: one afternoon of the week that lies 0.8 deviations lower.
    """
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        came = answers(rng, world, BASE + LENGTH)
        alike = measured({"web": came[:BASE]})
        cells = _cells(rng, came[BASE:])
        wrong.append(heatmap.worst(STARS, cells, alike, LENGTH) is not None)
        plain.append(heatmap.worst(STARS, cells, INDEPENDENT, LENGTH) is not None)
        if trial % 2 == 0:
            low = answers(rng, world._replace(rate=world.rate * OPEN[14]), LENGTH // 7, -0.8)
            cells[2, 14] = _row(histogram(low))
            found.append(heatmap.worst(STARS, cells, alike, LENGTH) == (2, (12, 18)))
    return Rates(*(100 * float(np.mean(part)) for part in (wrong, plain, found)))


def _cells(rng: np.random.Generator, days: Counts) -> dict[tuple[int, int], tuple[int, ...]]:
    """The answers of each weekday and hour; a day's answers fall on its hours by chance."""
    parts = rng.multinomial(days, list(OPEN.values()))  # days x ratings x hours
    return {
        (weekday, hour): _row(histogram(parts[weekday::7, :, place]))
        for weekday in range(7)
        for place, hour in enumerate(OPEN)
    }


def _row(ratings: list[int]) -> tuple[int, ...]:
    return (sum(ratings), 0, *ratings)
