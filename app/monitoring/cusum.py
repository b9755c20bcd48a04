"""The statistic of a change: what days add to it, summed up from when it was last 0 (Page 1954). Pure."""

from collections.abc import Sequence
from math import exp, log

Path = Sequence[tuple[int, float]]  # days with answers, and what each adds to the statistic


def climb(path: Path, start: int) -> tuple[float, int]:
    """The statistic after these days, and the day on which it began to grow."""
    w, since = 0.0, start
    for day, gain in path:
        w += gain
        if w <= 0:
            w, since = 0.0, day + 1
    return w, since


def most(path: Path) -> float:
    """The highest that the statistic came on these days."""
    w, found = 0.0, 0.0
    for _, gain in path:
        w = max(0.0, w + gain)
        found = max(found, w)
    return found


def threshold(effective: float, per_alarm: float) -> float:
    """Where a change is told of so many independent answers a day, for one false alarm in so many touchpoint-years."""
    return max(3.0, log(max(365 * effective * per_alarm, 1.0)) - 4)


def dated(path: Path, since: int) -> tuple[int, int]:
    """The days between which the fall began with 95 %: each is as likely as what came from then on makes it."""
    gained, likelihood = 0.0, dict[int, float]()
    for day, gain in reversed(path):
        gained += gain
        likelihood[day] = gained
    most = max(likelihood.values(), default=0.0)
    weights = sorted(((exp(value - most), day) for day, value in likelihood.items()), reverse=True)
    whole, held, days = sum(weight for weight, _ in weights), 0.0, [since]
    for weight, day in weights:
        if held >= 0.95 * whole:
            break
        held += weight
        days.append(day)
    return min(days), max(days)
