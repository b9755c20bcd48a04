"""Whole journeys whose level is said to fall or rise: how often where nothing happens, and how soon when all fall."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from app.monitoring import drop, levels
from app.monitoring.drop import Cell, Found, Past
from app.monitoring.together import Together
from tests.simulations.draws import Counts, World, answers, effects

MEMBERS, YEAR = 5, 364
PAST = drop.BASE_DAYS + drop.LAG_MAX
PER_ALARM = 1.0  # a false fall a year is allowed here, so that there are some to count
Days = list[Counts]  # of each touchpoint


class Alone(Together):
    """The control: touchpoints whose days are taken as independent of each other."""

    alike = 1.0  # type: ignore[assignment]


class Alarms(NamedTuple):
    """Falls or rises told of a journey-year, of each kind; and the same of the control."""

    told: float
    plain: float


class Sight(NamedTuple):
    """Of journeys that fell: the share told within 28 days as a whole, and the share of which any touchpoint was."""

    journey: float
    touchpoint: float


def false_a_year(world: World, years: int, *, shared: bool, each: int = 1, seed: int = 301) -> Alarms:
    """Looks on each day, or on every so many; with `shared` days all touchpoints have the same good and bad days."""
    told = {Together: 0, Alone: 0}
    for number in range(years):
        days = _drawn(world, PAST + YEAR, np.random.default_rng((seed, number)), shared=shared)
        stands = {(way, rise): False for way in told for rise in (False, True)}
        for today in range(PAST, PAST + YEAR, each):
            pasts = _pasts(days, today)
            for way, rise in stands:
                found = way(pasts, today).moved(PER_ALARM, rise=rise)
                before = stands[way, rise]
                stands[way, rise] = not levels.is_over(found) if before else levels.is_worth_telling(found)
                told[way] += stands[way, rise] > before
    return Alarms(*(told[way] / 2 / years for way in (Together, Alone)))


def sight(world: World, trials: int, fall: float, *, seed: int = 302) -> Sight:
    """All touchpoints fall by so many deviations."""
    seen = {"journey": 0, "touchpoint": 0}
    per_alarm = levels.per_alarm(50)
    for number in range(trials):
        rng = np.random.default_rng((seed, number))
        shift = np.where(np.arange(PAST + 28) < PAST, 0.0, -fall)
        days = [answers(rng, world, PAST + 28, shift) for _ in range(MEMBERS)]
        looks = [_pasts(days, PAST + day) for day in range(1, 29)]
        at = list(enumerate(looks, PAST + 1))
        seen["journey"] += any(levels.is_worth_telling(Together(pasts, day).moved(per_alarm)) for day, pasts in at)
        fell: Callable[[Past], Found] = lambda past: past.fell(per_alarm)  # noqa: E731
        seen["touchpoint"] += any(levels.is_worth_telling(fell(one)) for pasts in looks for one in pasts.values())
    return Sight(seen["journey"] / trials, seen["touchpoint"] / trials)


def _drawn(world: World, length: int, rng: np.random.Generator, *, shared: bool) -> Days:
    if not shared:
        return [answers(rng, world, length) for _ in range(MEMBERS)]
    weather = effects(rng, world._replace(week=False), length)
    return [answers(rng, world._replace(tau=0.0), length, weather) for _ in range(MEMBERS)]


def _pasts(days: Days, today: int) -> dict[str, Past]:
    found = {}
    for number, counts in enumerate(days):
        cells = [Cell(day, 1, "web", tuple(int(n) for n in counts[day])) for day in range(max(0, today - PAST), today)]
        if past := drop.past(cells, today):
            found[str(number)] = past
    return found
