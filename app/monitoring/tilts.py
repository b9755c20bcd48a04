"""Exponential tilts of a histogram: its shape at another level. Pure."""

from collections.abc import Sequence
from math import exp, log


def pair(shape: Sequence[float], first: float, second: float) -> tuple[float, float]:
    """What one answer adds to the CUSUM when the level may be the second one: a slope times its value, a constant."""
    t0, t1 = tilt(shape, first), tilt(shape, second)
    return t1 - t0, _norm(shape, t0) - _norm(shape, t1)


def _norm(shape: Sequence[float], t: float) -> float:
    return log(sum(q * exp(t * v) for q, v in zip(shape, values(len(shape)), strict=True)))


def tilt(shape: Sequence[float], mean: float) -> float:
    """The exponent t for which the shares q exp(t v) have this mean (damped Newton)."""
    worth = values(len(shape))
    t = 0.0
    for _ in range(60):
        weights = [q * exp(t * v) for q, v in zip(shape, worth, strict=True)]
        total = sum(weights)
        m = sum(w * v for w, v in zip(weights, worth, strict=True)) / total
        if abs(m - mean) < 1e-7:
            break
        spread = sum(w * v * v for w, v in zip(weights, worth, strict=True)) / total - m * m
        t += min(max((mean - m) / max(spread, 1e-4), -2.0), 2.0)
    return t


def values(width: int) -> list[float]:
    """What each rating is worth, as a share of the scale."""
    return [place / (width - 1) for place in range(width)]
