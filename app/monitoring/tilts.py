"""Exponential tilts of a histogram: its shape at another level. Pure."""

from collections.abc import Sequence
from math import exp, log

_STEPS, _EXACT, _LONGEST = 60, 1e-6, 2.0  # Newton's error is about the square of its last step


class Tilts:
    """The shares q of ratings worth 0 to 1, in equal steps, and the exponents t for which q exp(t v) has a mean.

    Each is looked for from the last one found: ask for means in their order.
    """

    def __init__(self, shape: Sequence[float]) -> None:
        self._shape, self._width = shape, len(shape) - 1
        self._near = 0.0, *self._moments(0.0)[1:]

    def at(self, mean: float) -> tuple[float, float]:
        """The exponent t, and the logarithm of the sum of q exp(t v)."""
        t, near, spread = self._near
        t += _step(mean - near, spread)
        for _ in range(_STEPS):
            total, m, spread = self._moments(t)
            step = _step(mean - m, spread)
            t += step
            if abs(step) < _EXACT:
                break
        self._near = t, mean, spread
        return t, log(total) + step * (m + spread * step / 2)

    def pairs(self, levels: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """What an answer adds to the CUSUM when the level may be the second of each two, and not the first one.

        A slope times the answer's value, and a constant.
        """
        first, second = ([self.at(mean) for mean in means] for means in zip(*levels, strict=True))
        return [(t1 - t0, norm0 - norm1) for (t0, norm0), (t1, norm1) in zip(first, second, strict=True)]

    def _moments(self, t: float) -> tuple[float, float, float]:
        """The sum of q exp(t v), and the mean and the variance of v in it."""
        ratio = exp(t / self._width)
        power, total, first, second = 1.0, 0.0, 0.0, 0.0
        for place, q in enumerate(self._shape):
            weight = q * power
            total += weight
            first += place * weight
            second += place * place * weight
            power *= ratio
        mean = first / total / self._width
        return total, mean, second / total / self._width**2 - mean * mean


def _step(off: float, spread: float) -> float:
    return min(max(off / max(spread, 1e-4), -_LONGEST), _LONGEST)


def tilt(shape: Sequence[float], mean: float) -> float:
    """The exponent t for which the shares q exp(t v) have this mean."""
    return Tilts(shape).at(mean)[0]


def values(width: int) -> list[float]:
    """What each rating is worth, as a share of the scale."""
    return [place / (width - 1) for place in range(width)]
