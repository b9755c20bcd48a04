"""Silence: whether a touchpoint that no longer gets answers would have got some by now. Pure.

A day's number of answers is taken as negative binomial: how busy a day is varies beyond chance, and what is usual is
known from N answers only. Weekdays and hours are those of the touchpoint itself, so closing times are no silence.
docs/numbers.md has the formula and its error rates.
"""

from collections.abc import Sequence
from math import log
from typing import NamedTuple

WEEKS = 8  # before the last answer, from which what is usual is known; from the first answer on if that is later
_LEAST_WEEKS = 2
LEAST = 20  # answers in them below which nothing is said
FALSE_A_YEAR = 0.1  # silences told of a touchpoint in a year although all is well
TABLET_AFTER_H, TABLET_UNKNOWN_H = 24, 72
_LEAST_VARIATION = 0.01
_HOUR, _DAY, _WEEK = 3600, 86_400, 7 * 86_400


class Silence(NamedTuple):
    """How surprising it is that nothing came, what is needed to tell of it, and how many answers a day are usual."""

    surprise: float
    needed: float
    hours: int
    usual: float

    @property
    def told(self) -> bool:
        """Whether to tell of it: at least a day, and more surprising than what chance brings FALSE_A_YEAR times."""
        return self.hours >= 24 and self.surprise >= self.needed


def look(hours: Sequence[tuple[int, int]], now: int, false_a_year: float = FALSE_A_YEAR) -> Silence | None:
    """The silence since the last answer; None where too little is known or no whole hour is over since.

    `hours` are (start in seconds, answers) of the hours with answers, oldest first, those of the WEEKS before the last
    one at least; `now` is in seconds. Local hours or those of UTC serve alike, as weeks are compared with weeks.
    """
    if not hours:
        return None
    end = hours[-1][0] + _HOUR
    first = next(start for start, _ in hours if start >= end - WEEKS * _WEEK)
    weeks = max(_LEAST_WEEKS, -(-(end - first) // _WEEK))
    since = end - weeks * _WEEK  # a young touchpoint had no answers before its first ones, which says nothing
    known = [(start - since, n) for start, n in hours if start >= since]
    total = sum(n for _, n in known)
    silent = (now - end) // _HOUR
    if total < LEAST or silent < 1:
        return None
    days = [0] * (7 * weeks)
    usual = [0.0] * (7 * 24)
    for after, n in known:
        days[after // _DAY] += n
        usual[after % _WEEK // _HOUR] += n / weeks
    lost = [sum(usual[hour % len(usual)] for hour in range(day, min(day + 24, silent))) for day in range(0, silent, 24)]
    needed = log(365 * total / (7 * weeks) / false_a_year)
    return Silence(surprise(lost, total, variation(days)), needed, silent, total / (7 * weeks))


def expected(hours: Sequence[tuple[int, int]], since: int, now: int) -> float:
    """How many answers the WEEKS before `since` let expect from then to `now`, by the hours of the week."""
    usual = [0.0] * (7 * 24)
    for start, n in hours:
        usual[start % _WEEK // _HOUR] += n / WEEKS
    return sum(usual[hour % _WEEK // _HOUR] for hour in range(since, now, _HOUR))


def is_tablet_silent(hours: Sequence[tuple[int, int]], heard: int, now: int) -> bool:
    """Whether a tablet that reported last at `heard` is missed: after a day in which somebody would have answered.

    `hours` are those with answers on tablets at its touchpoints, of the WEEKS before that. Over night, and where its
    touchpoints' own hours say that nobody comes, it may be off; where too few answers tell when they do, for longer.
    """
    if sum(n for _, n in hours) < LEAST:
        return now - heard >= TABLET_UNKNOWN_H * _HOUR
    whole = -(-heard // _HOUR) * _HOUR, now // _HOUR * _HOUR  # it reported in the hour that was running
    return now - heard >= TABLET_AFTER_H * _HOUR and expected(hours, *whole) >= 1


def variation(days: Sequence[int]) -> float:
    """How much a day's number varies beyond chance, its weekday taken off: variance over mean squared.

    `days` are whole weeks of counts by day.
    """
    weeks = len(days) // 7
    expected = [sum(days[weekday::7]) / weeks for weekday in range(7)]
    pairs = [(n, expected[day % 7]) for day, n in enumerate(days) if expected[day % 7]]
    beyond = sum((n - e) ** 2 * weeks / (weeks - 1) - e for n, e in pairs)
    return max(_LEAST_VARIATION, beyond / sum(e * e for _, e in pairs))


def surprise(lost: Sequence[float], total: int, varies: float) -> float:
    """Minus the logarithm of the probability that none came where `lost` were to be expected, by day.

    The second factor is for what is usual being known from `total` answers only.
    """
    whole = sum(lost)
    if not whole:
        return 0.0
    return sum(log(1 + varies * day) / varies for day in lost) * total * log(1 + whole / total) / whole
