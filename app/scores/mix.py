"""How much the shares of parts (sources, touchpoints) vary from day to day, and whether that moved a level. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import erfc, sqrt
from typing import NamedTuple

from app.scores.day_variance import LAGS, Cell
from app.scores.days import ASSUMED, Days, Part, fit, student, summary

Daily = Iterable[tuple[int, str, int]]  # day, part, answers


def share_days(columns: Sequence[Sequence[str]], daily: Daily) -> list[Days]:
    """How alike the days of each column's share are: the level of answers worth 1 in its parts, 0 outside."""
    days: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for day, part, n in daily:
        days[day][part] += n
    found = []
    for parts in columns:
        cells = [Cell(day, 0, "", sum(each.values()), sum(each[part] for part in parts)) for day, each in days.items()]
        inside = sum(cell.total for cell in cells)
        whole = sum(cell.n for cell in cells)
        one = summary(fit(cells, [whole - inside, inside], (0.0, 1.0)), cells)
        found.append(one._replace(span=_span(cells, inside / whole, one.span)) if one.measured else one)
    return found


def _span(cells: Sequence[Cell], share: float, days: int) -> int:
    """As how many days of like weight: a few days on which mail comes carry most of what its share varies by.

    A variance has 2 D / (kurtosis - 1) degrees of freedom (O'Neill 2014, The American Statistician 68), and LAGS
    autocovariances to each side make that as many fewer as they do of a normal one, whose kurtosis is 3.
    """
    squares = [(cell.total - share * cell.n) ** 2 / cell.n for cell in cells if cell.n]
    if not (whole := sum(squares)):
        return days
    kurtosis = len(squares) * sum(square**2 for square in squares) / whole**2
    return round((2 * LAGS + 1) * 2 * days / (kurtosis - 1 + 4 * LAGS))


def mean_days(daily: Sequence[tuple[int, str, int]]) -> Days:
    """The days of the shares of all parts as one: the mean of what they add (Rao and Scott 1981, JASA 76)."""
    sums: dict[str, int] = defaultdict(int)
    for _, part, n in daily:
        sums[part] += n
    whole, found = sum(sums.values()), share_days([[part] for part in sums], daily)
    weights = [(1 - n / whole) / (len(sums) - 1) for n in sums.values()]
    rho = sum(weight * one.rho * one.uneven for weight, one in zip(weights, found, strict=True))
    weekday = sum(weight * one.weekday for weight, one in zip(weights, found, strict=True))
    return Days(rho, weekday, 1.0, all(one.measured for one in found), min(one.span for one in found))


class Mix(NamedTuple):
    """Answers by part in two periods, each part at its `levels` of both (0..1).

    `days` are those of the shares; None takes them to vary as is assumed elsewhere. `weight`: beside other mixes.
    """

    levels: Mapping[str, float]
    now: Mapping[str, float]
    before: Mapping[str, float]
    days: Days | None = None
    weight: float = 1.0


def moved_p(mixes: Iterable[Mix], length: float) -> float:
    """P-value that the weighted sum of what independent mixes make of a level has the same mean in two periods.

    Both are `length` days long; every mix has answers in both. That the variances of days are estimates is taken to
    err in all of them alike, which is never too sure.
    """
    effect = variance = 0.0
    sides: list[Part] = []
    for mix in mixes:
        moved, within, sizes = _effect(mix)
        extra = (mix.days or ASSUMED).variance(length)
        weight = mix.weight * sqrt(within)
        effect += mix.weight * moved
        variance += weight**2 * sum(1 / n + extra for n in sizes)
        sides += (Part(n, n / (1 + n * extra), (mix.days or ASSUMED).freedom, weight) for n in sizes)
    return student(erfc(abs(effect) / sqrt(2 * variance)), sides, shared=True) if variance else 1.0


def _effect(mix: Mix) -> tuple[float, float, tuple[float, float]]:
    """What the shares moved, the variance of the levels over the parts, and the answers of both periods."""
    n, m = sum(mix.now.values()), sum(mix.before.values())
    moved = sum(level * (mix.now.get(part, 0) / n - mix.before.get(part, 0) / m) for part, level in mix.levels.items())
    shares = {part: (mix.now.get(part, 0) + mix.before.get(part, 0)) / (n + m) for part in mix.levels}
    mean = sum(share * mix.levels[part] for part, share in shares.items())
    return moved, sum(share * (mix.levels[part] - mean) ** 2 for part, share in shares.items()), (n, m)
