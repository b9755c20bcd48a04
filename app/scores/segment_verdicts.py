"""Which segments differ for real: days taken as what they are, and many looked at together. Pure.

A segment is compared with the usual one, the weighted median of all: against the rest every sound store is better as
soon as one is bad. docs/decisions/0055 has the formulas and how often they are wrong.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import erfc, exp, inf, log, sqrt
from typing import Literal, NamedTuple

from app.scores.formulas import Estimate, holm
from app.touchpoints.scales import Scale

LEAST = 30  # ratings of a segment below which nothing is said of it
_RARE = 5  # of those at the rarer end that are to be expected, for a normal deviate
ALPHA = 0.05
_Z = 1.959963984540054
_PSEUDO = 0.6  # answers added at each end
_MEDIAN = 1.57  # variance of a median of many, over that of their mean
Verdict = Literal["differs", "no_evidence", "too_few"]


class Day(NamedTuple):
    """The ratings of a segment on one day: how many, and the sum of their values (0..1)."""

    segment: str
    day: int
    n: float
    total: float


class Whole(NamedTuple):
    """The ratings of a segment in the whole period: how many, the sum of their values (0..1) and of the squares."""

    n: float
    total: float
    squares: float


class Compared(NamedTuple):
    """A segment beside the usual one, in units of the values (0..1)."""

    difference: Estimate | None
    verdict: Verdict
    p: float = 1.0  # of this difference alone


class Place(NamedTuple):
    """The places, counted from 1, that are compatible with what was seen."""

    first: int
    last: int


class _Spread(NamedTuple):
    """Variance of the answers, of days around their segment's mean, and the degrees of freedom of the latter."""

    within: float
    days: float
    freedom: float


def whole(scale: Scale, counts: Sequence[int], worth: Sequence[float]) -> Whole:
    """What a histogram (0..10) tells of `worth`, the value of each rating of the scale."""
    inside = list(zip(counts[scale.low : scale.high + 1], worth, strict=True))
    return Whole(sum(n for n, _ in inside), sum(n * w for n, w in inside), sum(n * w * w for n, w in inside))


class Moved(NamedTuple):
    """A segment's mean in two periods, in units of the values (0..1), and the p-value that they are the same."""

    before: float
    after: float
    p: float


def moved(wholes: Sequence[Mapping[str, Whole]], days: Sequence[Iterable[Day]]) -> dict[str, Moved]:
    """How each segment moved from the first to the second of two periods; what has too few in one is not there.

    The p-values are each one's own: whoever looks at several corrects them.
    """
    both = {f"{at}{name}": one for at, found in enumerate(wholes) for name, one in found.items()}
    told = measure(both, (day._replace(segment=f"{at}{day.segment}") for at, some in enumerate(days) for day in some))
    found = {}
    for name in wholes[0]:
        ends = f"0{name}", f"1{name}"
        if all(end in told.means for end in ends):
            before, after = (told.means[end] for end in ends)
            size = sum(told.sizes[end] for end in ends)
            found[name] = Moved(before, after, _p((after - before) / sqrt(size), told.freedom))
    return found


class Measured(NamedTuple):
    """The segments of which something can be told: their means, the variances of these, and degrees of freedom."""

    means: Mapping[str, float]
    sizes: Mapping[str, float]
    freedom: float


def measure(wholes: Mapping[str, Whole], days: Iterable[Day]) -> Measured:
    """What there is to compare, nothing of fewer than two. `days` may be the last ones of a long period."""
    by_segment: defaultdict[str, list[Day]] = defaultdict(list)
    for day in days:
        by_segment[day.segment].append(day)
    least = _least(wholes.values())
    told = [name for name, one in wholes.items() if one.n >= least and len(by_segment[name]) > 1]
    if len(told) < 2:
        return Measured({}, {}, 1.0)
    spread = _spread([wholes[name] for name in told], [by_segment[name] for name in told])
    means = {name: wholes[name].total / wholes[name].n for name in told}
    sizes = {name: _variance(wholes[name], by_segment[name], spread) for name in told}
    return Measured(means, sizes, spread.freedom)


def compare(wholes: Mapping[str, Whole], days: Iterable[Day]) -> tuple[dict[str, Compared], int]:
    """Each segment beside the usual one, and how many were compared, of what `measure` takes."""
    measured = measure(wholes, days)
    return dict.fromkeys(wholes, Compared(None, "too_few")) | against_usual(measured), tested(measured)


def tested(measured: Measured) -> int:
    """Among how many comparisons with the usual one each was taken; two are compared once."""
    n = len(measured.means)
    return n if n > 2 else n // 2


def against_usual(measured: Measured) -> dict[str, Compared]:
    """Each segment beside the usual one (Holm over all)."""
    if not measured.means:
        return {}
    found = _beside(measured.means, measured.sizes)
    plain = [_p(value / sqrt(size), measured.freedom) for value, size in found.values()]
    p_values = holm(plain) if len(found) > 2 else plain
    reach, said = _quantile(measured.freedom), {}
    for (name, (value, size)), own, p in zip(found.items(), plain, p_values, strict=True):
        half = reach * sqrt(size)
        verdict: Verdict = "differs" if p < ALPHA else "no_evidence"
        said[name] = Compared(Estimate(value, value - half, value + half), verdict, own)
    return said


def places(measured: Measured) -> dict[str, Place]:
    """The places that each segment may have among all, the lowest first (Holm over all pairs, 5 %).

    As in Mohamad, Goeman and van Zwet 2022 (Electronic Journal of Statistics 16): behind all that are lower for real,
    before all that are higher for real; all ranges hold together at 95 %.
    """
    names = sorted(measured.means, key=measured.means.__getitem__)
    below, above = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    pairs = list(combinations(names, 2))
    p_values = holm([_apart(measured, low, high) for low, high in pairs])
    for (low, high), p in zip(pairs, p_values, strict=True):
        if p < ALPHA:
            below[high] += 1
            above[low] += 1
    return {name: Place(1 + below[name], len(names) - above[name]) for name in names}


def _apart(measured: Measured, low: str, high: str) -> float:
    size = measured.sizes[low] + measured.sizes[high]
    return _p((measured.means[high] - measured.means[low]) / sqrt(size), measured.freedom)


def _least(wholes: Iterable[Whole]) -> float:
    """How many ratings a segment needs: more where nearly all ratings are the same."""
    n = total = 0.0
    for one in wholes:
        n, total = n + one.n, total + one.total
    rare = min(total, n - total) / n if n else 0.0
    return max(LEAST, _RARE / rare) if rare else inf


def _spread(wholes: Sequence[Whole], days: Sequence[Sequence[Day]]) -> _Spread:
    """Pooled over segments: each day beside its segment's mean of these days."""
    n = sum(one.n for one in wholes)
    within = sum(one.n * _steady(one) for one in wholes) / max(1.0, n - len(wholes))
    between = cells = answers = uneven = 0.0
    for some in days:
        size = sum(day.n for day in some)
        mean = sum(day.total for day in some) / size
        between += sum(day.n * (day.total / day.n - mean) ** 2 for day in some)
        cells, answers = cells + len(some), answers + size
        uneven += sum(day.n**2 for day in some) / size
    freedom = cells - len(days)
    typical = (answers - uneven) / freedom
    return _Spread(within, max(0.0, (between / freedom - within) / typical), freedom)


def _steady(one: Whole) -> float:
    """Variance of the answers with a part of one at each end, as the intervals of a mean have it."""
    n, mean = one.n + 2 * _PSEUDO, (one.total + _PSEUDO) / (one.n + 2 * _PSEUDO)
    return (one.squares + _PSEUDO) / n - mean**2


def _variance(one: Whole, days: Sequence[Day], spread: _Spread) -> float:
    """Of a segment's mean; in a longer period than `days` the other days are taken to be as uneven as these."""
    size = sum(day.n for day in days)
    return spread.within / one.n + spread.days * sum(day.n**2 for day in days) / (size * max(one.n, size))


def _beside(means: Mapping[str, float], sizes: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """How far each segment lies from the usual one, and the variance of that; of two, from the other one."""
    if len(means) == 2:
        (one, first), (other, second) = means.items()
        both = sizes[one] + sizes[other]
        return {one: (first - second, both), other: (second - first, both)}
    weights = {name: 1 / size for name, size in sizes.items()}
    usual, unsure = _median(means, weights), _MEDIAN / sum(weights.values())
    return {name: (mean - usual, sizes[name] + unsure) for name, mean in means.items()}


def _median(means: Mapping[str, float], weights: Mapping[str, float]) -> float:
    passed, half = 0.0, sum(weights.values()) / 2
    for name in sorted(weights, key=means.__getitem__):
        passed += weights[name]
        if passed >= half:
            return means[name]
    raise AssertionError("half of the weight is passed at the last one")


def _p(t: float, freedom: float) -> float:
    """Two-sided p-value of Student's t, as a normal deviate by Wallace 1959, Annals of Mathematical Statistics 30."""
    z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log(1 + t * t / freedom))
    return erfc(z / sqrt(2))


def _quantile(freedom: float) -> float:
    """The t that leaves 5 % outside: `_p` the other way round."""
    z = _Z * (8 * freedom + 3) / (8 * freedom + 1)
    return sqrt(freedom * (exp(z * z / freedom) - 1)) if z * z / freedom < 700 else inf
