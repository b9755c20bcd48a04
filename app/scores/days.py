"""How much the days of a touchpoint hang together, and what that does to the uncertainty of a period. Pure.

Answers of one day share its weather, its staff and its outage, so a thousand answers of one day tell less than a
thousand of thirty days. `fit` measures it on days before what is judged; docs/numbers.md has formulas and error rates.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import erfc, exp, log, log1p, sqrt
from statistics import NormalDist
from typing import NamedTuple

from app.scores.day_variance import LAGS, Cell, Usual, alike, usual
from app.touchpoints.scales import Scale

BASELINE_DAYS = 112
LEAST_ANSWERS, LEAST_DAYS = 100, 14  # below either, how alike days are cannot be measured
_ALPHA = 0.05
_FIRST = 20  # effective answers from which on the always-valid interval holds


class Fit(NamedTuple):
    """A touchpoint's usual level (0..1) and how it varies."""

    usual: Usual
    within: float  # variance of the answers
    rho: float  # variance of the days' own levels, neighbours included, over `within`; cautious
    level: float  # the same as intervals take it
    se: float  # of the mean


class Days(NamedTuple):
    """What a verdict needs to know of days: `rho`, the variance of weekdays, how unevenly answers fall on days."""

    rho: float
    weekday: float  # over the variance of the answers
    uneven: float  # days * sum n_d^2 / (sum n_d)^2; 1 when every day has the same number
    measured: bool
    span: int = BASELINE_DAYS  # days on which it was measured
    mix: "Days | None" = None  # those of the shares of sources, where there are several
    level: float | None = None  # `rho` as one interval takes it; None: the same

    @property
    def freedom(self) -> float:
        """Degrees of freedom of `rho`: a sum of autocovariances over +-LAGS days is that uncertain.

        Never below 4, so that a young touchpoint is not less sure of itself than one of which `rho` is assumed.
        """
        return max(4.0, self.span / (2 * LAGS + 1))

    def variance(self, days: float, *, widened: bool = False) -> float:
        """Variance of the mean of `days` days beyond that of its answers, in units of the answers' variance.

        Whole weeks hold each weekday alike; what is over is a draw of weekdays without putting back. `widened`: for one
        interval, from `level`, and so much larger that the normal interval made with it is Student's, as that is only
        an estimate. What is picked as the largest of many goes by `rho`, whose errors are all to the safe side.
        """
        days = max(1.0, days)
        over = days % 7
        rho = self.rho if self.level is None or not widened else self.level
        found = rho * self.uneven / days + self.weekday * over * (7 - over) / 6 / days**2
        return found * _widening(self.freedom) if widened else found

    def effective(self, n: float, days: float) -> float:
        """How many independent answers tell as much as `n` of so many days, as an interval takes what was measured."""
        return n / (1 + n * self.variance(days, widened=self.measured))

    def thinned(self, counts: Sequence[float], days: float, *, widened: bool = False) -> list[float]:
        """A histogram of so many days as that of its effective answers."""
        share = 1 / (1 + sum(counts) * self.variance(days, widened=widened))
        return [share * count for count in counts]


@lru_cache(maxsize=256)
def _widening(freedom: float) -> float:
    """Square of the 97.5 % point of Student's t over that of the normal (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(1 - _ALPHA / 2)
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return (t / z) ** 2


class Part(NamedTuple):
    """A sample within a comparison: its answers, how many independent ones they are worth, its weight."""

    n: float
    effective: float
    freedom: float  # of what its days were measured with
    weight: float = 1.0


def student(p: float, parts: Iterable[Part], *, shared: bool = False) -> float:
    """A two-sided normal p-value, as the variance of days is only estimated: Student's t instead of the normal.

    Degrees of freedom by Satterthwaite 1946, the variance of answers being known; the tail of t by Wallace 1959.
    `shared`: one estimate is behind all parts, so that its error does not average out over them.
    """
    whole = unsure = root = 0.0
    for part in parts:
        if part.n and part.weight:
            variance = part.weight**2 / part.effective
            of_days = variance * (1 - part.effective / part.n)
            whole += variance
            unsure += of_days**2 / part.freedom
            root += of_days / sqrt(part.freedom)
    unsure = root**2 if shared else unsure
    if not unsure or not 0 < p < 1:
        return p
    freedom, z = whole**2 / unsure, NormalDist().inv_cdf(p / 2)
    deviate = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(z * z / freedom))
    return erfc(deviate / sqrt(2))


ASSUMED = Days(0.0225, 0.0, 1.0, measured=False)
"""Where nothing was measured: days that vary by 0.15 of the answers' deviation."""


def values(scale: Scale, metric: str) -> tuple[float, ...]:
    """What each rating of the scale adds to `metric`, moved to 0..1; the metric is linear in it."""
    if metric in ("mean", "index"):
        return tuple(scale.height(rating) for rating in scale.ratings)
    if metric == "nps":
        return tuple(
            0.0 if rating in scale.poor else 1.0 if rating in scale.satisfied else 0.5 for rating in scale.ratings
        )
    return tuple(float(rating in scale.satisfied) for rating in scale.ratings)


def fit(cells: Sequence[Cell], histogram: Sequence[float], worth: Sequence[float]) -> Fit | None:
    """The usual level and its variation; None with fewer than LEAST_ANSWERS answers or LEAST_DAYS days.

    `histogram` are the counts of all cells by rating, `worth` the value of each rating (0..1).
    """
    n = float(sum(histogram))
    if n < LEAST_ANSWERS or len({cell.day for cell in cells if cell.n}) < LEAST_DAYS:
        return None
    shares = tuple((count + 0.5) / (n + 0.5 * len(histogram)) for count in histogram)
    mean = sum(share * value for share, value in zip(shares, worth, strict=True))
    within = sum(share * value**2 for share, value in zip(shares, worth, strict=True)) - mean**2
    known = usual(cells, mean)
    shared = alike(cells, known, within)
    days = len({cell.day for cell in cells if cell.n})
    return Fit(known, within, shared.cautious, shared.level, sqrt(within / n + shared.cautious * within / days))


def summary(found: Fit | None, cells: Iterable[Cell]) -> Days:
    """What verdicts need of a fit; ASSUMED without one."""
    if found is None:
        return ASSUMED
    weekdays = found.usual.weekday
    spread = sum(effect**2 for effect in weekdays.values()) / max(1, len(weekdays))
    days = len({cell.day for cell in cells})
    uneven = unevenness(cells)
    return Days(found.rho, spread / found.within, uneven, measured=True, span=days, level=found.level)


def unevenness(cells: Iterable[Cell]) -> float:
    """Days from the first to the last, times the share of answers that a random answer's own day holds; 1 when even."""
    by_day: dict[int, float] = defaultdict(float)
    for cell in cells:
        by_day[cell.day] += cell.n
    span = max(by_day) - min(by_day) + 1
    return max(1.0, span * sum(n * n for n in by_day.values()) / sum(by_day.values()) ** 2)


def always_valid(effective: float, at_the_end: float) -> float | None:
    """Half the width, in deviations of the answers, of an interval that may be looked at any time; None below 20.

    Waudby-Smith et al. 2021, "Time-uniform central limit theory and asymptotic confidence sequences"; the mixture is
    Robbins 1970. It is narrowest near half of `at_the_end`, the effective answers expected when the period is over.
    """
    if effective < _FIRST:
        return None
    best = _mixture(at_the_end)
    grown = effective * best + 1
    return sqrt(2 * grown / (effective**2 * best) * log(sqrt(grown) / _ALPHA))


def always_valid_p(far: float, effective: float, at_the_end: float) -> float:
    """The level at which the interval of `always_valid` has what lies `far` deviations off just at its end."""
    if effective < _FIRST:
        return 1.0
    best = _mixture(at_the_end)
    grown = effective * best + 1
    return min(1.0, sqrt(grown) * exp(-((far * effective) ** 2) * best / (2 * grown)))


def _mixture(at_the_end: float) -> float:
    return (-2 * log(_ALPHA) + log(-2 * log(_ALPHA)) + 1) / (at_the_end / 2)
