"""Floods said where what is set aside is as usual, and floods that are not said."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from app.monitoring import flood

DAY, YEAR = 24, 364
OPEN = range(8, 22)
Limit = Callable[[Sequence[int]], float]
Hours = NDArray[np.int64]


def naive(days: Sequence[int]) -> float:
    """The control: two deviations above the mean."""
    return float(np.mean(days) + 2 * np.std(days))


def hours(rng: np.random.Generator, rate: float, extra: float, days: int) -> Hours:
    """What is set aside in each hour, of `rate` a day; the variance of a day's number is 1 + `extra` times its mean."""
    usual = rng.gamma(rate / extra, extra, days) if extra else np.full(days, rate)
    spread = rng.multinomial(rng.poisson(usual), [1 / len(OPEN)] * len(OPEN))
    found = np.zeros((days, DAY), dtype=np.int64)
    found[:, list(OPEN)] = spread
    return found.ravel()


def told(limit: Limit, given: Hours) -> list[int]:
    """The hours at which a flood begins to be told: looks after each hour, at the 24 before it and the 28 days then."""
    sums = np.concatenate([[0], np.cumsum(given)])
    found, there = [], False
    for now in range((flood.DAYS + 1) * DAY, len(given) + 1):
        last = int(sums[now] - sums[now - DAY])
        ends = now - DAY * np.arange(1, flood.DAYS + 1)
        before, there = there, last > 0 and last > limit([int(n) for n in sums[ends] - sums[ends - DAY]])
        found += [now] if there and not before else []
    return found


def false_a_year(limit: Limit, rate: float, extra: float, years: int, seed: int = 401) -> float:
    """Floods told in a year in which nothing happens."""
    rng = np.random.default_rng(seed)
    return sum(len(told(limit, hours(rng, rate, extra, YEAR))) for _ in range(years)) / years


def found(rate: float, extra: float, attack: int, trials: int, seed: int = 402) -> float:
    """The share of attacks of so many answers, set aside within an hour at noon, that are told within that day."""
    rng, seen = np.random.default_rng(seed), 0
    for _ in range(trials):
        given = hours(rng, rate, extra, flood.DAYS + 3)
        given[(flood.DAYS + 2) * DAY + 12] += attack
        seen += any(at > (flood.DAYS + 2) * DAY + 12 for at in told(flood.limit, given))
    return seen / trials
