"""How often the intervals of a drop that is told hold the levels before and after it."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from app.monitoring import levels
from app.monitoring.drop import Cell, Found, past
from tests.simulations import draws
from tests.simulations.draws import World, answers

FLEET, DAYS, FELL_FOR = 50, 200, 21


class Held(NamedTuple):
    """In per cent of the drops that were told: the level before and after held by its interval, and after by that of
    answers that stand alone (the control); and how many of the trials were told."""

    before: float
    after: float
    plain: float
    told: float


def coverage(world: World, fall: float, trials: int, seed: int = 9) -> Held:
    """Daily looks; what is said on the day on which a fall is told, of the level that was put in."""
    rng, held = np.random.default_rng(seed), []
    true = [draws.level(world.shape, shift) for shift in (0, -fall)]
    for _ in range(trials):
        shift = np.r_[np.zeros(DAYS - FELL_FOR), np.full(FELL_FOR, -fall)]
        given = answers(rng, world, DAYS, shift)
        cells = [Cell(day, 1, "web", tuple(map(int, row))) for day, row in enumerate(given) if row.any()]
        if told := _told(cells):
            today, found = told
            plain = levels.Z * _plain(given[found.since : today + 1])
            held.append([*_holds(found, true), abs(found.after - true[1]) <= plain])
    return Held(*(100 * np.mean(held, axis=0)), told=100 * len(held) / trials)


def _told(cells: list[Cell]) -> tuple[int, Found] | None:
    """The first day on which the fall is told, and what is said then."""
    for day in range(DAYS - FELL_FOR, DAYS):
        known = past(cells, day)
        found = known.fell(levels.per_alarm(FLEET)) if known else Found()
        if found.fell and found.since >= DAYS - FELL_FOR - 14:
            return day, found
    return None


def _plain(given: draws.Counts) -> float:
    """The standard error of answers that stand alone."""
    shares = given.sum(axis=0) / given.sum()
    worth = np.arange(len(shares)) / (len(shares) - 1)
    return sqrt((shares @ worth**2 - (shares @ worth) ** 2) / given.sum())


def _holds(found: Found, true: list[float]) -> list[bool]:
    said = ((found.before, found.before_se), (found.after, found.after_se))
    return [abs(level - one) <= levels.Z * se for (level, se), one in zip(said, true, strict=True)]
