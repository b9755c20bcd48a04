"""Whether answers spread over parts (sources, touchpoints) as before: a chi-square that knows of days. Pure."""

from collections.abc import Mapping
from math import erfc, exp, pi, sqrt

from app.scores.days import Part, student
from app.scores.mix import Daily, share_days
from app.scores.verdicts import FEW

SPARSE = 5  # Cochran 1954: below this many expected answers the chi-square approximation fails
Parts = list[str]


def mix_p(before: Mapping[str, int], now: Mapping[str, int], daily: Daily = (), length: float = 0.0) -> float | None:
    """P-value that answers spread over parts as before; None with fewer than two parts, or FEW answers on a side.

    The smallest parts are taken together until both periods would expect SPARSE answers of each. Pearson's chi-square
    is divided by how much more the shares vary than those of independent answers would (Rao and Scott 1981, JASA 76),
    measured on the `daily` answers before both periods, which are `length` days long; 0 takes answers as independent.
    """
    sums = sum(before.values()), sum(now.values())
    if min(sums) < FEW:
        return None
    columns = _columns(before, now)
    if len(columns) < 2:
        return None
    total, freedom = sum(sums), len(columns) - 1
    shares = [sum(period.get(part, 0) for period in (before, now) for part in parts) / total for parts in columns]
    statistic = 0.0
    for parts, share in zip(columns, shares, strict=True):
        for period, n in zip((before, now), sums, strict=True):
            statistic += (sum(period.get(part, 0) for part in parts) - n * share) ** 2 / (n * share)
    if not length:
        return chi_square_p(statistic, freedom)
    days = share_days(columns, daily)
    extra = sum((1 - share) * one.variance(length) for share, one in zip(shares, days, strict=True)) / freedom
    p = chi_square_p(statistic / (1 + 2 * extra / (1 / sums[0] + 1 / sums[1])), freedom)
    sides = (Part(n, n / (1 + n * extra), min(one.freedom for one in days)) for n in sums)
    return student(p, sides, shared=True)  # both periods have the variance of the same days before them


def _columns(before: Mapping[str, int], now: Mapping[str, int]) -> list[Parts]:
    """The parts, the smallest ones taken together."""
    sums = sum(before.values()), sum(now.values())

    def size(parts: Parts) -> int:
        return sum(before.get(part, 0) + now.get(part, 0) for part in parts)

    columns = sorted(([part] for part in before.keys() | now.keys()), key=lambda parts: (-size(parts), parts))
    while len(columns) > 1 and min(sums) * size(columns[-1]) / sum(sums) < SPARSE:
        columns.append(columns.pop() + columns.pop())
        columns.sort(key=size, reverse=True)
    return columns


def chi_square_p(value: float, freedom: int) -> float:
    """Upper tail of the chi-square distribution for whole degrees of freedom (Abramowitz and Stegun 26.4.4, 26.4.5)."""
    half = value / 2
    if freedom % 2:
        term, tail, k = 2 * sqrt(half / pi) * exp(-half), erfc(sqrt(half)), 3
    else:
        term, tail, k = exp(-half), 0.0, 2
    while k <= freedom:
        tail += term
        term *= value / k
        k += 2
    return min(1.0, tail)
