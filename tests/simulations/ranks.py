"""Orders claimed among touchpoints that are all equal."""

import random
from math import sqrt

from app.dashboard.ranks import Sample, told_apart
from app.scores.day_variance import Cell
from app.scores.days import BASELINE_DAYS, Days, fit, summary
from app.touchpoints.scales import SCALES

THUMBS = SCALES["thumbs"]
LOW, HIGH = THUMBS.low, THUMBS.high
PERIOD = 30


def days_of(chance: random.Random, share: float, rate: int, tau: float, phi: float, days: int) -> list[tuple[int, int]]:
    """(answers, high ones) of each day; a day's level varies by `tau`, and is like the one before by `phi`."""
    found, state, spread = [], chance.gauss(0, 1), sqrt(share * (1 - share))
    for _ in range(days):
        state = phi * state + sqrt(1 - phi * phi) * chance.gauss(0, 1)
        level = min(0.999, max(0.001, share + tau * spread * state))
        found.append((rate, sum(chance.random() < level for _ in range(rate))))
    return found


def sample(chance: random.Random, share: float, rate: int, tau: float, phi: float, *, plain: bool) -> Sample:
    """One touchpoint; how alike its days are is measured on the days before (`plain`: not at all)."""
    before = [] if plain else days_of(chance, share, rate, tau, phi, BASELINE_DAYS)
    now = days_of(chance, share, rate, tau, phi, PERIOD)
    cells = [Cell(day, 0, "web", n, high) for day, (n, high) in enumerate(before)]
    high = sum(count for _, count in before)
    usual = fit(cells, [len(before) * rate - high, high], [0.0, 1.0])
    alike: Days | None = None if plain else summary(usual, cells)
    counts = [0] * 11
    counts[HIGH] = sum(count for _, count in now)
    counts[LOW] = PERIOD * rate - counts[HIGH]
    return Sample(THUMBS, counts, alike, PERIOD)


def wrong(
    runs: int, seed: int, *, share: float, rate: int, tau: float, phi: float, plain: bool, among: int = 8
) -> float:
    """The share of lists of equal touchpoints in which some are told apart."""
    chance, found = random.Random(seed), 0
    for _ in range(runs):
        found += bool(told_apart([sample(chance, share, rate, tau, phi, plain=plain) for _ in range(among)]))
    return found / runs
