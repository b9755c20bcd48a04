"""What may be claimed of a change: within sources, with the variance of days, corrected for many claims. Pure."""

from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from operator import mul
from typing import NamedTuple

from app.scores import formulas, mix
from app.scores.days import Days, always_valid, always_valid_p, values
from app.scores.formulas import Estimate, TargetStatus, Verdict
from app.touchpoints.scales import Scale

FEW = 10  # ratings in either period below which no change is told
ALPHA = 0.05
_Z = 1.959963984540054
_MONTH = 30  # days after which a running period is decided anyway
_PSEUDO = 0.6  # answers added at each end, as the intervals of a mean do
Histogram = Sequence[float]  # counts by rating 0..10
BySource = Mapping[str, Histogram]


class Moved(NamedTuple):
    """How a metric moved between two periods, with intervals that know of days."""

    difference: Estimate | None  # within sources; None when no source has answers in both periods
    unadjusted: Estimate  # of all answers, whatever their source
    few: bool
    p: float  # two-sided, of `difference`; 1 where no verdict may be taken
    mix_p: float = 0.0  # that the mix of sources moved nothing; 0 where that is not tested

    def verdict(self, adjusted: float | None = None) -> Verdict:
        """`up` or `down` when the p-value, adjusted for what else is looked at, is below 5 %."""
        p = self.p if adjusted is None else adjusted
        if self.difference is None or p >= ALPHA:
            return "no_evidence"
        return "up" if self.difference.value > 0 else "down"

    @property
    def tested(self) -> bool:
        """Whether there is anything a verdict could be taken of."""
        return self.difference is not None and not self.few

    @property
    def together_p(self) -> float:
        """The p-value that all answers together did not move, or not by their mix; 1 where no verdict may be taken."""
        return 1.0 if self.few else max(_p(self.unadjusted), self.mix_p)

    @property
    def mix_shifted(self) -> bool:
        """Whether all answers together moved, and by their mix: within the sources nothing did, or the other way."""
        plain = "no_evidence" if self.few else formulas.verdict(self.unadjusted)
        return plain not in ("no_evidence", self.verdict()) and self.mix_p < ALPHA


def compare(scale: Scale, metric: str, now: BySource, before: BySource, length: float, days: Days) -> Moved | None:
    """`metric` now against before, two periods of `length` days each; None when either has no ratings."""
    sizes, earlier = ({source: sum(counts) for source, counts in period.items()} for period in (now, before))
    n, m = sum(sizes.values()), sum(earlier.values())
    if not n or not m:
        return None
    extra = days.variance(length, widened=True)
    sure = _all(now, n, extra), _all(before, m, extra)
    unadjusted = formulas.difference(scale, metric, *sure)
    assert unadjusted is not None
    difference: Estimate | None = unadjusted
    if len(sizes) > 1 or sizes.keys() != earlier.keys():
        weights = {
            source: size * earlier[source] / (size + earlier[source])
            for source, size in sizes.items()
            if size and earlier.get(source)
        }
        sides = (_alike(now, sizes, weights, extra), _alike(before, earlier, weights, extra)) if weights else None
        difference = formulas.difference(scale, metric, *sides) if sides else None
    few = min(n, m) < FEW
    mixed = not few and difference != unadjusted and _p(unadjusted) < ALPHA
    p = 1.0 if few or difference is None else _p(difference)
    moved_by = [mix_of(scale, metric, now, before, days.mix)] if mixed else []
    return Moved(difference, unadjusted, few, p, mix.moved_p(moved_by, length))


def mix_of(scale: Scale, metric: str, now: BySource, before: BySource, alike: Days | None) -> mix.Mix:
    """The mix of sources, each at its level of both periods; `alike` are the days of their shares."""
    worth, none = values(scale, metric), [0.0] * 11
    sizes, earlier = ({name: _rated(scale, counts) for name, counts in period.items()} for period in (now, before))
    levels = {}
    for source in now.keys() | before.keys():
        both = [n + m for n, m in zip(now.get(source, none), before.get(source, none), strict=True)]
        if size := _rated(scale, both):
            inside = both[scale.low : scale.high + 1]
            levels[source] = sum(n * value for n, value in zip(inside, worth, strict=True)) / size
    return mix.Mix(levels, sizes, earlier, alike)


def level(scale: Scale, metric: str, counts: Histogram, length: float, days: Days) -> Estimate | None:
    """`metric` of a period of `length` days, with an interval for the level behind it rather than for its answers."""
    return formulas.estimate(scale, metric, days.thinned(counts, length, widened=True))


def target(
    scale: Scale, metric: str, value: float, counts: Histogram, length: float, days: Days, *, over: bool
) -> TargetStatus:
    """Whether a period reached `value`: by its level when it is over, before that by an interval for any look."""
    found = level(scale, metric, counts, length, days)
    if over or found is None:
        return formulas.target_status(found, value)
    deviation = _deviation(scale, metric, counts)
    return running(found.value, deviation, days.effective(_rated(scale, counts), length), length, value)


def target_p(
    scale: Scale, metric: str, value: float, counts: Histogram, length: float, days: Days, *, over: bool
) -> float:
    """The p-value that belongs to `target`: below 5 % where that decides."""
    found = level(scale, metric, counts, length, days)
    if found is None:
        return 1.0
    if over:
        return _p(Estimate(found.value - value, found.low - value, found.high - value))
    effective = days.effective(_rated(scale, counts), length)
    far = (found.value - value) / _deviation(scale, metric, counts)
    return always_valid_p(far, effective, _at_the_end(effective, length))


def _rated(scale: Scale, counts: Histogram) -> float:
    return sum(counts[scale.low : scale.high + 1])


def _deviation(scale: Scale, metric: str, counts: Histogram) -> float:
    """Of one answer."""
    inside = counts[scale.low : scale.high + 1]
    n, worth = sum(inside), values(scale, metric)
    mean = (sum(c * w for c, w in zip(inside, worth, strict=True)) + _PSEUDO) / (n + 2 * _PSEUDO)
    squares = (sum(c * w * w for c, w in zip(inside, worth, strict=True)) + _PSEUDO) / (n + 2 * _PSEUDO)
    low, high = scale.bounds(metric)
    return sqrt(squares - mean**2) * (high - low)


def running(level: float, deviation: float, effective: float, length: float, value: float) -> TargetStatus:
    """Whether a period that is not over has reached `value` after `length` days, however often that is asked.

    `deviation` is that of one answer, `effective` how many independent ones the level rests on.
    """
    half = always_valid(effective, _at_the_end(effective, length))
    if half is None:
        return "undecided"
    return formulas.target_status(Estimate(level, level - half * deviation, level + half * deviation), value)


def _at_the_end(effective: float, length: float) -> float:
    """The effective answers to be expected when a period is over that has had so many in `length` days."""
    return effective * max(1.0, _MONTH / max(1.0, length))


def pooled(parts: Sequence[tuple[Moved, float]], unadjusted: Estimate, *, few: bool) -> Moved:
    """How several things moved as one: the mean of their own changes at weights that are the same for both periods.

    Its interval is made from theirs (MOVER: Zou and Donner 2008, Statistics in Medicine 27). What has no change of its
    own, as no source of it has answers in both periods, is left out.
    """
    changes = [(moved.difference, weight) for moved, weight in parts if moved.difference and weight]
    whole = sum(weight for _, weight in changes)
    if not whole:
        return Moved(None, unadjusted, few, 1.0)
    value = sum(weight * one.value for one, weight in changes) / whole
    below = sqrt(sum((weight * (one.value - one.low)) ** 2 for one, weight in changes)) / whole
    above = sqrt(sum((weight * (one.high - one.value)) ** 2 for one, weight in changes)) / whole
    difference = Estimate(value, value - below, value + above)
    return Moved(difference, unadjusted, few, 1.0 if few else _p(difference))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted so that at most 5 % of what is then below 5 % is false, in the order given.

    Benjamini and Hochberg 1995, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57.
    """
    adjusted = [0.0] * len(p_values)
    least = 1.0
    for rank, place in reversed(list(enumerate(sorted(range(len(p_values)), key=p_values.__getitem__), 1))):
        least = min(least, p_values[place] * len(p_values) / rank)
        adjusted[place] = least
    return adjusted


def together(moves: Sequence[Moved | None]) -> tuple[list[Verdict | None], int]:
    """The verdict of each of many changes looked at together, and for how many it was corrected."""
    tested = [place for place, moved in enumerate(moves) if moved and moved.tested]
    adjusted = benjamini_hochberg([moved.p for place in tested if (moved := moves[place])])
    by_place = dict(zip(tested, adjusted, strict=True))
    return [moved and moved.verdict(by_place.get(place)) for place, moved in enumerate(moves)], len(tested)


def _all(period: BySource, n: float, extra: float) -> list[float]:
    """All answers of a period, as so many independent ones as tell as much."""
    each = 1 / (1 + n * extra)
    return [each * count for count in map(sum, zip(*period.values(), strict=True))]


def _alike(period: BySource, sizes: Mapping[str, float], weights: Mapping[str, float], extra: float) -> list[float]:
    """A period with its sources at fixed weights, as so many independent answers as tell as much.

    A source of n and m answers weighs n m / (n + m), which makes the difference of the two periods most certain (Mantel
    and Haenszel 1959); a source that has answers in one period only weighs nothing.
    """
    whole = sum(weights.values())
    answers = whole**2 / sum(weight**2 / sizes[source] for source, weight in weights.items())
    each = answers / (1 + answers * extra) / whole
    shares = [each * weight / sizes[source] for source, weight in weights.items()]
    columns = zip(*(period[source] for source in weights), strict=True)
    return [sum(map(mul, shares, column)) for column in columns]


def _p(difference: Estimate) -> float:
    """The p-value that belongs to an interval: below 5 % when it leaves out 0."""
    towards = difference.value - difference.low if difference.value > 0 else difference.high - difference.value
    return erfc(_Z * abs(difference.value) / towards / sqrt(2)) if towards else 1.0
