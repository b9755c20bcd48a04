"""False silences of a touchpoint-year, and how long it takes until answers that stop are told of."""

import random
from collections.abc import Callable, Sequence

from app.monitoring import silence

HOUR, DAY = 3600, 86_400
OPEN = range(9, 19)
Told = Callable[[Sequence[tuple[int, int]], int], bool]


def now_told(hours: Sequence[tuple[int, int]], now: int) -> bool:
    """The rule in use."""
    found = silence.look(hours, now)
    return bool(found and found.told)


def naive(hours: Sequence[tuple[int, int]], now: int) -> bool:
    """The control: a steady pace (Poisson), days all alike, and a silence that is improbable at a thousandth."""
    end = hours[-1][0] + HOUR
    usual = sum(n for start, n in hours if start >= end - 28 * DAY) / 28
    return now - end >= DAY and usual * (now - end) / DAY >= 6.9


def year(chance: random.Random, rate: float, varies: float = 0.0, *, weekends: bool = True) -> list[tuple[int, int]]:
    """(start, answers) of the hours of a year; a day's own volume varies by `varies` of itself (gamma)."""
    found = []
    for day in range(52 * 7):
        if not weekends and day % 7 > 4:
            continue
        busy = chance.gammavariate(1 / varies**2, varies**2) if varies else 1.0
        lam = rate * (1 if weekends else 7 / 5) * busy
        by_hour: dict[int, int] = {}
        for at in arrivals(chance, lam):
            hour = OPEN[int(at * len(OPEN))]
            by_hour[hour] = by_hour.get(hour, 0) + 1
        found += [(day * DAY + hour * HOUR, n) for hour, n in sorted(by_hour.items())]
    return found


def arrivals(chance: random.Random, expected: float) -> list[float]:
    """The moments (0..1) of a Poisson number of arrivals."""
    found, at = [], chance.expovariate(expected)
    while at < 1:
        found.append(at)
        at += chance.expovariate(expected)
    return found


def false_a_year(told: Told, rate: float, years: int, seed: int, **kind: float) -> float:
    """How many silences are told of in a year although all is well, from the third week on.

    Surprise grows until the next answer comes, so each gap is looked at once, in the hour before that.
    """
    chance, alarms = random.Random(seed), 0
    for _ in range(years):
        hours = year(chance, rate, **kind)
        for place in range(1, len(hours)):
            begins, ends = hours[place - 1][0], hours[place][0]
            if ends - begins > DAY and begins >= 14 * DAY:
                alarms += told(hours[max(0, place - 56 * 10) : place], ends)
    return alarms * 364 / (364 - 14) / years


def days_until_told(told: Told, rate: float, stops: int, seed: int, **kind: float) -> float:
    """Days, in the median, from the last answer until it is told that none come."""
    chance, waits = random.Random(seed), []
    for _ in range(stops):
        hours = year(chance, rate, **kind)
        last = hours[-1][0]
        waits.append(next(hour for hour in range(24, 24 * 90) if told(hours, last + HOUR + hour * HOUR)) / 24)
    return sorted(waits)[len(waits) // 2]


KINDS: dict[str, dict[str, float]] = {
    "Poisson": {},
    "closed at weekends": {"weekends": False},
    "days vary by half": {"varies": 0.5},
}
