"""Every number a score shows, computed from a histogram: value and 95 % interval. Pure arithmetic, no I/O.

A histogram is a sequence of 11 counts: `counts[r]` answers gave the rating r (0..10). Counts outside the scale are
not looked at. Every metric is linear in the histogram (a weight per rating), so histograms can be added and taken
apart. docs/decisions/0004-honest-numbers.md has the reasons and the measured coverage.
"""

from collections.abc import Iterable, Sequence
from math import erfc, sqrt
from operator import mul
from typing import Literal, NamedTuple

from app.touchpoints.scales import Scale

DEFINITION = "2026-2"
"""Names this set of formulas in every answer; changes whenever a number could come out differently."""

Counts = Sequence[int]
Histogram = Sequence[float]  # counts that need not be whole: answers that hang together may count for fewer
Weighed = tuple[Scale, Histogram, float]
Rule = Literal["pooled", "equal", "importance"]
Verdict = Literal["up", "down", "no_evidence"]
TargetStatus = Literal["met", "not_met", "undecided", "no_data"]

_Z = 1.959963984540054  # two-sided 95 %
_PSEUDO = 0.6  # answers added at each end of the scale; with _NUDGE found by enumeration, see the decision record
_NUDGE = 0.2  # of an answer, by which each end of a mean's interval is moved outwards


class Estimate(NamedTuple):
    """A value with its 95 % interval, unrounded; low <= value <= high."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """The same on another scale; `factor` is positive."""
        return Estimate(*(factor * part for part in self))


class _Sample(NamedTuple):
    """A histogram moved to 0..1: answers, mean; mean and variance again with the pseudo-answers of `_sample`."""

    n: float
    mean: float
    steady_mean: float
    steady_variance: float


_STEPS = tuple(range(11))  # from the poorest rating to the best
_SQUARES = tuple(step * step for step in _STEPS)


def metrics(scale: Scale, counts: Histogram) -> dict[str, Estimate | None]:
    """All metrics `scale` reports, in its order; every one None when nobody answered."""
    sample = _sample(scale, counts)
    if sample is None:
        return dict.fromkeys(scale.metrics)
    n, mean = sample.n, sample.mean
    low, high = _mean_interval(mean, _effective(sample))
    share = scale.metrics[2]
    return {
        "mean": _mean(scale, mean, low, high),
        "index": Estimate(100 * mean, 100 * low, 100 * high),
        share: _nps(counts, n) if share == "nps" else _share(_satisfied(scale, counts), n),
    }


def estimate(scale: Scale, metric: str, counts: Histogram) -> Estimate | None:
    """One of the `metrics` alone, for a third of the work."""
    n = sum(counts[scale.low : scale.high + 1])
    if not n:
        return None
    if metric == "nps":
        return _nps(counts, n)
    if metric not in ("mean", "index"):
        return _share(_satisfied(scale, counts), n)
    sample = _sample(scale, counts)
    assert sample is not None
    low, high = _mean_interval(sample.mean, _effective(sample))
    if metric == "mean":
        return _mean(scale, sample.mean, low, high)
    return Estimate(100 * sample.mean, 100 * low, 100 * high)


def _mean(scale: Scale, mean: float, low: float, high: float) -> Estimate:
    """The mean rating of a mean from 0 (the poorest rating) to 1."""
    span = scale.high - scale.low
    if scale.reversed:
        return Estimate(scale.high - span * mean, scale.high - span * high, scale.high - span * low)
    return Estimate(scale.low + span * mean, scale.low + span * low, scale.low + span * high)


def _satisfied(scale: Scale, counts: Histogram) -> float:
    box = scale.satisfied
    return sum(counts[box.start : box.stop])


def index_value(scale: Scale, counts: Counts) -> float | None:
    """The 0-100 index alone, for sorting many; None when nobody answered."""
    within = scale.upward(counts)
    n = sum(within)
    return 100 * sum(map(mul, _STEPS, within)) / (n * (scale.high - scale.low)) if n else None


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share (0..1) seen in n, with a continuity correction of half an answer.

    It holds the share and stays within 0..1. Without the correction it leaves out a share that is 5 % of 20 in 7.5 % of
    samples. Wilson 1927, JASA 22; Newcombe 1998, Statistics in Medicine 17, method 4.
    """
    return _nudged(share, n, 0.5)


def difference(scale: Scale, metric: str, now: Histogram, before: Histogram) -> Estimate | None:
    """`metric` now minus before, two independent periods; None when either has no answers."""
    new, old = estimate(scale, metric, now), estimate(scale, metric, before)
    return subtract(new, old) if new and old else None


def subtract(now: Estimate, before: Estimate) -> Estimate:
    """Difference of two independent estimates, its interval made from theirs.

    Newcombe 1998, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17,
    method 10; for other quantities Zou and Donner 2008 (MOVER), Statistics in Medicine 27.
    """
    value = now.value - before.value
    below = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    above = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(value, value - below, value + above)


def trend(scale: Scale, metric: str, now: Counts, before: Counts) -> Verdict | None:
    """Whether `metric` moved between two periods; None when either has no answers."""
    return verdict(difference(scale, metric, now, before))


def verdict(change: Estimate | None) -> Verdict | None:
    """`up` or `down` only when the interval of the difference leaves out 0."""
    if change is None:
        return None
    return "up" if change.low > 0 else "down" if change.high < 0 else "no_evidence"


def target_status(estimate: Estimate | None, value: float) -> TargetStatus:
    """`met` when the whole interval has reached `value`, `not_met` when all of it is below."""
    if estimate is None:
        return "no_data"
    return "met" if estimate.low >= value else "not_met" if estimate.high < value else "undecided"


def shares(items: Iterable[Weighed], rule: Rule) -> list[float]:
    """The share of each (scale, counts, importance) in their pool; all 0.0 when none of them has answers and weight.

    The rule says what weighs: `pooled` every answer the same, `equal` every touchpoint with answers the same,
    `importance` the number given.
    """
    weights = []
    for scale, counts, importance in items:
        n = sum(counts[scale.low : scale.high + 1])
        weights.append({"pooled": n, "equal": 1.0, "importance": importance}[rule] if n else 0.0)
    total = sum(weights)
    return [weight / total if total > 0 else 0.0 for weight in weights]


def pool(items: Iterable[Weighed], rule: Rule) -> Estimate | None:
    """The 0-100 index of several touchpoints (scale, counts, importance); None when none has answers and weight.

    A mean of independent samples, weighed by `shares`; its interval is that of a mean at the effective number of
    answers (Korn and Graubard 1998, Survey Methodology 24; Dean and Pagano 2015, JSSAM 3), so that a pool of one
    touchpoint is that touchpoint's own index.
    """
    parts = _parts(items, rule)
    if not parts:
        return None
    mean = min(1.0, sum(share * sample.mean for sample, share in parts))
    steady = sum(share * sample.steady_mean for sample, share in parts)
    low, high = _mean_interval(mean, steady * (1 - steady) / _pooled_variance(parts))
    return Estimate(100 * mean, 100 * low, 100 * high)


def pool_error(items: Iterable[Weighed], rule: Rule) -> tuple[float, float]:
    """The standard error of a pool that has answers, in points of the index, and how many answers it stands for.

    That many (Kish 1965) of one touchpoint, each with the deviation of error * sqrt(answers), would tell as much.
    """
    parts = _parts(items, rule)
    return 100 * sqrt(_pooled_variance(parts)), 1 / sum(share**2 / sample.n for sample, share in parts)


def _parts(items: Iterable[Weighed], rule: Rule) -> list[tuple[_Sample, float]]:
    items = list(items)
    weighed = zip(items, shares(items, rule), strict=True)
    return [(sample, share) for (scale, counts, _), share in weighed if share and (sample := _sample(scale, counts))]


def _pooled_variance(parts: Iterable[tuple[_Sample, float]]) -> float:
    return sum(share**2 * sample.steady_variance / sample.n for sample, share in parts)


def contrast_p(items: Iterable[Weighed]) -> float | None:
    """Two-sided p-value that a sum of independent indexes (scale, counts, weight) is 0; the weights sum to 0.

    With the differences of two pools' `shares` as weights it compares the pools, and what stands in both of them
    cancels. 1.0 when nothing is left to compare; None when something with a weight has no answers. Normal
    approximation with the variances of `_sample`.
    """
    parts = [(_sample(scale, counts), weight) for scale, counts, weight in items if weight]
    value = variance = 0.0
    for sample, weight in parts:
        if sample is None:
            return None
        value += weight * sample.mean
        variance += weight**2 * sample.steady_variance / sample.n
    return erfc(abs(value) / sqrt(2 * variance)) if parts else 1.0


def difference_p(scale: Scale, counts: Histogram, other_scale: Scale, other_counts: Histogram) -> float | None:
    """Two-sided p-value of "these two independent histograms have the same index"; None when either is empty.

    The score test of two proportions (its variance is that of the common mean, as the hypothesis has it) with the
    effective numbers of answers of `_sample`; between histograms of two ratings it is nearly the chi-square test.
    """
    one, other = _sample(scale, counts), _sample(other_scale, other_counts)
    if one is None or other is None:
        return None
    answers, other_answers = _effective(one), _effective(other)
    common = (answers * one.steady_mean + other_answers * other.steady_mean) / (answers + other_answers)
    error = sqrt(common * (1 - common) * (1 / answers + 1 / other_answers))
    return erfc(abs(one.mean - other.mean) / error / sqrt(2))


def holm(p_values: Sequence[float], weights: Sequence[float] = ()) -> list[float]:
    """P-values adjusted for looking at all of them together, in the order given; all weigh the same without `weights`.

    Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
    """
    weights = weights or [1.0] * len(p_values)
    adjusted = [0.0] * len(p_values)
    floor, left = 0.0, sum(weights)
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place] / weights[place]):
        floor = max(floor, min(1.0, left * p_values[place] / weights[place]))
        adjusted[place] = floor
        left -= weights[place]
    return adjusted


def rounded(metric: str, estimate: Estimate | None) -> dict[str, float] | None:
    """JSON form: the mean with two decimals, all others with one. Rounding keeps low <= value <= high."""
    if estimate is None:
        return None
    digits = 2 if metric == "mean" else 1
    value, low, high = estimate
    # + 0.0 turns -0.0 into 0.0
    return {"value": round(value, digits) + 0.0, "low": round(low, digits) + 0.0, "high": round(high, digits) + 0.0}


def said(metric: str, estimate: Estimate | None) -> Estimate | None:
    """The estimate as the API says it. Pages print this: rounded twice or once, 34.46 would be 35 here and 34 there."""
    figures = rounded(metric, estimate)
    return Estimate(**figures) if figures else None


def _sample(scale: Scale, counts: Histogram) -> _Sample | None:
    """What the interval of a mean needs to know of a histogram.

    Among all distributions on 0..1 with mean m the one with nothing but both ends has the largest variance, m(1-m),
    and is a share, for which Wilson's interval is right. A calmer histogram is worth more answers than it has: n times
    m(1-m) over its variance. Pseudo-answers at both ends keep that ratio steady when n is small, as Agresti and Coull
    1998 do for shares ("Approximate is better than 'exact'", The American Statistician 52); equal ratings claim no
    certainty, and a histogram of the two ends only is worth exactly n.
    """
    inside = scale.upward(counts)
    n = sum(inside)
    if n == 0:
        return None
    span = scale.high - scale.low
    total = sum(map(mul, inside, _STEPS)) / span
    squares = sum(map(mul, inside, _SQUARES)) / (span * span)
    steady = (total + _PSEUDO) / (n + 2 * _PSEUDO)
    return _Sample(n, total / n, steady, (squares + _PSEUDO) / (n + 2 * _PSEUDO) - steady * steady)


def _effective(sample: _Sample) -> float:
    """How many answers with only the two end ratings would tell the mean as well as these."""
    return sample.n * sample.steady_mean * (1 - sample.steady_mean) / sample.steady_variance


def _mean_interval(mean: float, answers: float) -> tuple[float, float]:
    """Wilson's interval with a small continuity correction, which lifts the coverage he has near both ends."""
    return _nudged(mean, answers, _NUDGE)


def _nudged(share: float, n: float, by: float) -> tuple[float, float]:
    """Wilson's interval of a share seen in n, each end moved outwards `by` so much of an answer."""
    return _wilson_low(max(0.0, share - by / n), n), 1 - _wilson_low(max(0.0, 1 - share - by / n), n)


def _wilson_low(share: float, n: float) -> float:
    """The smaller root of n(share - p)^2 = z^2 p(1 - p), in the form that loses no digits."""
    e = _Z * _Z / n
    return share * share / (share + e / 2 + sqrt(e * (share * (1 - share) + e / 4)))


def _share(hits: float, n: float) -> Estimate:
    share = hits / n
    return Estimate(100 * share, 100 * _wilson_low(share, n), 100 - 100 * _wilson_low(1 - share, n))


def _nps(counts: Histogram, n: float) -> Estimate:
    """Net Promoter Score by the adjusted Wald interval, cut at -100 and 100.

    Rocks 2016, "Interval estimation for the Net Promoter Score", The American Statistician 70: three answers are
    added, 3/4 to promoters, 3/4 to detractors and 3/2 to passives. With one answer that interval can leave out the
    plain value; it is then stretched to it.
    """
    promoters, detractors = sum(counts[9:]), sum(counts[:7])
    up, down = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    centre, half = 100 * (up - down), 100 * _Z * sqrt((up + down - (up - down) ** 2) / (n + 3))
    value = 100 * (promoters - detractors) / n
    return Estimate(value, min(value, max(-100.0, centre - half)), max(value, min(100.0, centre + half)))
