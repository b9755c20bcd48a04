"""Tablets said to be silent that are only off because the shop is closed, and how soon one is missed that broke."""

import random
from collections.abc import Callable, Iterator

from app.monitoring import silence
from tests.simulations.silences import DAY, HOUR, OPEN, arrivals

YEARS_DAYS = 364
Rule = Callable[[list[tuple[int, int]], int, int], bool]
_WEEKS_S = silence.WEEKS * 7 * DAY
CLOSED: dict[str, Callable[[random.Random, int], bool]] = {
    "open every day": lambda _chance, _day: False,
    "closed at weekends": lambda _chance, day: day % 7 > 4,
    "closed on Sundays and ten holidays": lambda chance, day: day % 7 == 6 or chance.random() < 10 / 313,
}


def naive(_: list[tuple[int, int]], heard: int, now: int) -> bool:
    """The control: a day without a sign of it."""
    return now - heard >= DAY


def _years(chance: random.Random, rate: float, closed: str, days: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Each day that is open, with its hours with answers on tablets; a tablet reports while it is open."""
    for day in range(days):
        if CLOSED[closed](chance, day):
            continue
        by_hour: dict[int, int] = {}
        for at in arrivals(chance, rate):
            hour = OPEN[int(at * len(OPEN))]
            by_hour[hour] = by_hour.get(hour, 0) + 1
        yield day, [(day * DAY + hour * HOUR, n) for hour, n in sorted(by_hour.items())]


def false_a_year(rule: Rule, rate: float, closed: str, years: int, seed: int = 411) -> float:
    """How often a tablet that works is said to be silent, from the ninth week on; looks after each hour."""
    chance, alarms, weeks = random.Random(seed), 0, 0
    for _ in range(years):
        known: list[tuple[int, int]] = []
        heard: int | None = None
        for day, hours in _years(chance, rate, closed, YEARS_DAYS):
            opens = day * DAY + OPEN[0] * HOUR
            if heard is not None and day >= silence.WEEKS * 7:
                before = [one for one in known if one[0] >= heard - _WEEKS_S]
                alarms += rule(before, heard, opens)  # the longer it is off, the more it is missed: the last look tells
            known, heard = known + hours, day * DAY + OPEN[-1] * HOUR + HOUR - 60
        weeks += 52 - silence.WEEKS
    return alarms * 52 / weeks


def hours_until_told(rate: float, closed: str, stops: int, seed: int = 412) -> float:
    """Hours, in the median, from the last sign of a tablet that broke while the shop was open until it is told."""
    chance, waits = random.Random(seed), []
    for _ in range(stops):
        days = list(_years(chance, rate, closed, 70))
        day = chance.choice([day for day, _ in days if day >= 60])
        heard = day * DAY + chance.choice(OPEN) * HOUR
        known = [one for _, hours in days for one in hours if heard - _WEEKS_S <= one[0] < heard]
        looks = range(heard // HOUR + 1, heard // HOUR + 24 * 30)
        waits.append(next(at for at in looks if silence.is_tablet_silent(known, heard, at * HOUR)) - heard // HOUR)
    return sorted(waits)[len(waits) // 2]
