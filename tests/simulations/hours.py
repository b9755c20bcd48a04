"""Times of the week said to stand out where none does."""

import numpy as np

from app.dashboard import claims, heatmap
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
        cells = by_hour(rng, came[BASE:])
        wrong.append(_worst(cells, alike) is not None)
        plain.append(_worst(cells, INDEPENDENT) is not None)
        if trial % 2 == 0:
            low = answers(rng, world._replace(rate=world.rate * OPEN[14]), LENGTH // 7, -0.8)
            cells[2, 14] = _row(histogram(low))
            found.append(_worst(cells, alike) == (2, (12, 18)))
    return Rates(*(100 * float(np.mean(part)) for part in (wrong, plain, found)))


def _worst(cells: heatmap.Cells, days: Days) -> heatmap.Place | None:
    """The time that is named where the page says nothing else."""
    judged = claims.judged({claims.TIMES: heatmap.p_values(STARS, cells, days, LENGTH)})
    return heatmap.lowest(STARS, cells, judged.found(claims.TIMES))


def by_hour(rng: np.random.Generator, days: Counts) -> dict[tuple[int, int], tuple[int, ...]]:
    """The answers of each weekday and hour; a day's answers fall on its hours by chance."""
    parts = rng.multinomial(days, list(OPEN.values()))  # days x ratings x hours
    return {
        (weekday, hour): _row(histogram(parts[weekday::7, :, place]))
        for weekday in range(7)
        for place, hour in enumerate(OPEN)
    }


def _row(ratings: list[int]) -> tuple[int, ...]:
    return (sum(ratings), 0, *ratings)
