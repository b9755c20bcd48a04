"""When a drop that was told is over: how often it ends while the level is still low, and how soon when it came back.

The rule in use is that of `levels`: the statistic is low, or the way back was found (`Past.is_back`).
"""

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from statistics import median
from typing import NamedTuple

from app.monitoring import levels
from app.monitoring.drop import Cell, Found, Past, past
from tests.monitoring.test_drop import TODAY, answers

FLEET, LOW_DAYS, AFTER_DAYS = 50, 24, 40
PER_ALARM = levels.per_alarm(FLEET)
Told = tuple[int, Found]  # the day on which a drop was found, and its numbers
Rule = Callable[[Past, Told], bool]


class Ends(NamedTuple):
    """Of the drops that were told: the share that ended although the level stayed low, how often each was told, and
    the days in the median from the day the level came back to the end (None: most never ended)."""

    false: float
    told: float
    wait: float | None


def by_statistic(known: Past, _: Told) -> bool:
    """The first half of the rule in use."""
    return levels.is_over(known.fell(PER_ALARM))


def by_way_back(known: Past, told: Told) -> bool:
    """Its second half."""
    day, found = told
    return known.is_back(day, abs(found.before - found.after), found.n, PER_ALARM)


def in_use(known: Past, told: Told) -> bool:
    return by_statistic(known, told) or by_way_back(known, told)


def naive(known: Past, _: Told) -> bool:
    """The control: over as soon as it would not be told anew."""
    found = known.fell(PER_ALARM)
    return found.w < found.h


def of(rule: Rule, trials: int, fall: float = 0.5, seed: int = 0) -> Ends:
    """Daily looks at 50 answers a day from two sources."""
    false, told, waits = 0, [], list[float]()
    for number in range(seed, seed + trials):
        low = answers(number, days=200, fall=fall, fell_on=TODAY - LOW_DAYS)
        steps = list(_steps(rule, low, TODAY - LOW_DAYS, LOW_DAYS))
        if "told" in steps:
            told.append(steps.count("told"))
            false += "ended" in steps
            waits.append(_wait(rule, number, fall))
    wait = median(waits)
    return Ends(false / len(told), sum(told) / len(told), wait if wait < AFTER_DAYS else None)


def _steps(rule: Rule, cells: list[Cell], first: int, days: int) -> Iterator[str]:
    """What each day's look does: tells, ends, or neither, and then whether an alert stands."""
    told: Told | None = None
    for day in range(first, first + days):
        known, step = past(cells, day), "stands" if told else ""
        found = known.fell(PER_ALARM) if known else Found()
        if known and told and rule(known, told):
            told, step = None, "ended"
        elif found.fell:
            told, step = (told[0] if told else day, found), step or "told"  # an alert that stands grows
        yield step


def _wait(rule: Rule, number: int, fall: float) -> float:
    """Days from the return of the level until the drop is over; AFTER_DAYS when it is not by then."""
    back, fell = TODAY - AFTER_DAYS, TODAY - AFTER_DAYS - LOW_DAYS
    low = answers(number, days=240, fall=fall, fell_on=fell)
    usual = [cell for cell in answers(number + 1000, days=240) if cell.day >= back]
    steps = _steps(rule, [cell for cell in low if cell.day < back] + usual, fell, LOW_DAYS + AFTER_DAYS)
    return sum(1 for _ in takewhile(lambda step: step in ("told", "stands"), islice(steps, LOW_DAYS, None)))
