"""Segments named beside a drop although their own level did not fall.

The day from which they are compared was chosen by the drop itself, so that all of them look lower since then.
"""

import numpy as np

from app.monitoring import drop, levels, where
from app.monitoring.drop import Cell
from app.scores.days import values
from app.scores.formulas import holm
from app.scores.segment_verdicts import ALPHA, Day, Moved, Whole, moved, whole
from tests.simulations.claims import Rates
from tests.simulations.draws import STARS, Counts, World, answers, histogram

STORES, PAST, DAYS = 10, drop.BASE_DAYS + drop.LAG_MAX, 28
WORTH = values(STARS, "index")
PER_ALARM = 200.0  # of a fleet of fifty


def named(world: World, trials: int, *, low: int, fall: float, seed: int = 421) -> Rates:
    """Drops on the day they are told: with a sound store named, also plainly (each at 5 %); share of low ones found.

    `low` of ten stores fall by so many deviations; `world` is that of a store.
    """
    rng = np.random.default_rng(seed)
    runs = [run for _ in range(trials) if (run := _trial(rng, world, low, fall))]
    wrong, plain, found = (sum(run[place] for run in runs) for place in range(3))
    return Rates(100 * wrong / len(runs), 100 * plain / len(runs), 100 * found / (len(runs) * low))


def _trial(rng: np.random.Generator, world: World, low: int, fall: float) -> tuple[bool, bool, int] | None:
    """Whether a sound store is named, whether plainly, and how many low ones are; None where no drop is told."""
    shift = np.where(np.arange(PAST + DAYS) < PAST, 0.0, -fall)
    counts = [answers(rng, world, PAST + DAYS, shift if number < low else 0.0) for number in range(STORES)]
    together = [Cell(day, 1, "web", tuple(map(int, row))) for day, row in enumerate(np.sum(counts, axis=0))]
    for today in range(PAST + 1, PAST + DAYS + 1):
        known = drop.past(together[today - PAST : today], today)
        found = known.fell(PER_ALARM) if known else drop.Found()
        if levels.is_worth_telling(found):
            return _names(counts, found.since, today, {str(number) for number in range(low)})
    return None


def _names(counts: list[Counts], since: int, today: int, bad: set[str]) -> tuple[bool, bool, int]:
    periods = (max(0, since - where.BASE_DAYS), since), (since, today)
    wholes, spread = zip(*(_heard(counts, *period) for period in periods), strict=True)
    told = moved(wholes, spread)
    sure = _fell(told, dict(zip(told, holm([one.p for one in told.values()]), strict=True)))
    plain = _fell(told, {name: one.p for name, one in told.items()})
    return bool(sure - bad), bool(plain - bad), len(sure & bad)


def _fell(told: dict[str, Moved], p_values: dict[str, float]) -> set[str]:
    return {name for name, one in told.items() if p_values[name] < ALPHA and one.after < one.before}


def _heard(counts: list[Counts], since: int, until: int) -> tuple[dict[str, Whole], list[Day]]:
    wholes = {str(number): whole(STARS, histogram(one[since:until]), WORTH) for number, one in enumerate(counts)}
    rated = [
        Day(str(number), day, float(one[day].sum()), float(one[day] @ np.array(WORTH)))
        for number, one in enumerate(counts)
        for day in range(since, until)
        if one[day].sum()
    ]
    return wholes, rated
