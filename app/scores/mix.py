"""How much the shares of parts (sources, touchpoints) vary from day to day, and whether that moved a level. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import erfc, sqrt

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


def moved_p(
    levels: Mapping[str, float], now: Mapping[str, float], before: Mapping[str, float], length: float, days: Days | None
) -> float:
    """P-value that the mix of parts at these `levels` has the same mean in two periods of so many days.

    `now` and `before` are answers by part, `days` those of the shares; None takes them as vary as is assumed elsewhere.
    """
    n, m = sum(now.values()), sum(before.values())
    effect = sum(level * (now.get(part, 0) / n - before.get(part, 0) / m) for part, level in levels.items())
    shares = {part: (now.get(part, 0) + before.get(part, 0)) / (n + m) for part in levels}
    mean = sum(share * levels[part] for part, share in shares.items())
    within = sum(share * (levels[part] - mean) ** 2 for part, share in shares.items())
    if not within:
        return 1.0
    alike = days or ASSUMED
    extra = alike.variance(length)
    p = erfc(abs(effect) / sqrt(2 * within * (1 / n + 1 / m + 2 * extra)))
    return student(p, [Part(size, size / (1 + size * extra), alike.freedom) for size in (n, m)], shared=True)
