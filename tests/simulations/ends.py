"""When a drop that was told is over: how often it ends while the level is still low, and how soon when it came back."""

from collections.abc import Callable, Iterator
from statistics import median
from typing import NamedTuple

from app.monitoring import levels
from app.monitoring.drop import Cell, Found, past
from tests.monitoring.test_drop import TODAY, answers

FLEET, LOW_DAYS, AFTER_DAYS = 50, 24, 40
Rule = Callable[[Found], bool]


class Ends(NamedTuple):
    """Of the drops that were told: the share that ended although the level stayed low, how often each was told, and
    the days in the median from the day the level came back to the end (None: most never ended)."""

    false: float
    told: float
    wait: float | None


def in_use(found: Found) -> bool:
    return levels.is_over(found)


def naive(found: Found) -> bool:
    """The control: over as soon as it would not be told anew."""
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
    """What each day's look does."""
    stands = False
    for day in range(first, first + days):
        known = past(cells, day)
        found = known.fell(levels.per_alarm(FLEET)) if known else Found()
        before, stands = stands, not rule(found) if stands else found.fell
        yield "told" if stands > before else "ended" if stands < before else ""


def _wait(rule: Rule, number: int, fall: float) -> float:
    """Days from the return of the level until the drop is over; AFTER_DAYS when it is not by then."""
    back, fell = TODAY - AFTER_DAYS, TODAY - AFTER_DAYS - LOW_DAYS
    low = answers(number, days=240, fall=fall, fell_on=fell)
    usual = [cell for cell in answers(number + 1000, days=240) if cell.day >= back]
    cells = [cell for cell in low if cell.day < back] + usual
    return next((day for day in range(AFTER_DAYS) if rule(_found(cells, back + day))), AFTER_DAYS)


def _found(cells: list[Cell], day: int) -> Found:
    known = past(cells, day)
    assert known
    return known.fell(levels.per_alarm(FLEET))
