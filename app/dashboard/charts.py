"""Where the marks of a chart stand: per cent across, viewBox units up and down. Pure.

A strict content security policy allows no `style`, so each picture is SVG whose positions are attributes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby

from app.scores.formulas import Estimate

_LEVELS = (40, 50, 60, 70, 80, 90)
FEW = 10  # below it, a figure is shown pale and is not ranked


def level(index: float | None) -> str:
    """The class that colours an index of 0-100: l1 (poor) to l7 (good), as it is printed, without decimals."""
    if index is None:
        return "few"
    return f"l{1 + sum(round(index) >= bound for bound in _LEVELS)}"


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def runs(points: Sequence[Estimate | None]) -> list[list[tuple[int, Estimate]]]:
    """The points cut where one is missing: a gap stays a gap."""
    found = []
    for missing, part in groupby(enumerate(points), key=lambda at: at[1] is None):
        if not missing:
            found.append([(place, point) for place, point in part if point is not None])
    return found


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + " ".join(f"{number(x)} {number(y)}" for x, y in points)


class Curve:
    """A line with its band over `points` (index 0-100, None for a gap) in a viewBox of `width` x `height`.

    `low` and `high` are the values at the lower and the upper edge. What reaches beyond is cut.
    """

    def __init__(self, points: Sequence[Estimate | None], low: float, high: float, width: float, height: float) -> None:
        self._low, self._high, self._height = low, high, height
        self._step = width / max(1, len(points))
        self._runs = runs(points)

    def _x(self, place: int) -> float:
        return (place + 0.5) * self._step

    def _y(self, value: float) -> float:
        inside = min(self._high, max(self._low, value))
        return self._height * (self._high - inside) / (self._high - self._low)

    def bands(self) -> list[str]:
        """A closed path for each run without a gap."""
        found = []
        for run in self._runs:
            above = [(self._x(place), self._y(point.high)) for place, point in run]
            below = [(self._x(place), self._y(point.low)) for place, point in reversed(run)]
            found.append(_path(above + below) + "Z")
        return found

    def lines(self) -> list[str]:
        """An open path for each run; a run of one point is a dot."""
        found = []
        for run in self._runs:
            path = _path((self._x(place), self._y(point.value)) for place, point in run)
            found.append(path + "h0" if len(run) == 1 else path)
        return found

    def end(self) -> str | None:
        """The last point, as a path of no length with round ends."""
        if not self._runs:
            return None
        place, point = self._runs[-1][-1]
        return f"M{number(self._x(place))} {number(self._y(point.value))}h0"


SPARK = 50  # points that a small trend is high, so that slopes can be compared


def spark(points: Sequence[Estimate | None]) -> Curve | None:
    """A small trend around the middle of what it draws; None with fewer than two points."""
    values = sorted(point.value for point in points if point)
    if len(values) < 2:
        return None
    middle = (values[0] + values[-1]) / 2
    low = min(max(middle - SPARK / 2, 0), 100 - SPARK)
    return Curve(points, low, low + SPARK, 100, 32)


def per_cent(part: float, whole: float) -> str:
    """`part` of `whole` as an SVG length."""
    return f"{number(100 * part / whole) if whole else 0}%"


def across(second: float, edges: Sequence[float]) -> float:
    """How many steps of a chart lie before a moment, 0 or all of them for one outside.

    `edges` are where the steps begin, and where the last one ends. Each step is drawn equally wide: months, too.
    """
    inside = min(max(second, edges[0]), edges[-1])
    step = min(bisect_right(edges, inside), len(edges) - 1) - 1
    return step + (inside - edges[step]) / (edges[step + 1] - edges[step])
