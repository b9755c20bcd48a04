"""The chart of a touchpoint's trend: where its curve, its bars, and the period that is looked at stand. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.dashboard import charts
from app.scores.formulas import Estimate

_LABELS = 7  # days that are named below, at most about so many
_BAR = 0.74  # of a step


@dataclass(frozen=True, slots=True)
class Trend:
    """The index and the answers of each step, oldest first.

    `edges` are where the steps begin in seconds since 1970, and where the last one ends; `over` is how many of them are
    over: one more may be running.
    """

    points: Sequence[Estimate | None]
    counts: Sequence[int]
    edges: Sequence[int]
    over: int
    zone: ZoneInfo

    @property
    def steps(self) -> int:
        return len(self.points)

    @property
    def days(self) -> list[date]:
        """The first day of each step."""
        return [datetime.fromtimestamp(start, self.zone).date() for start in self.edges[:-1]]

    @property
    def curve(self) -> charts.Curve:
        """What is over, in a viewBox one unit wide for each step and 100 high."""
        return self._curve([*self.points[: self.over], *[None] * (self.steps - self.over)])

    @property
    def running(self) -> Estimate | None:
        """The step that is not over yet."""
        return self.points[self.over] if self.over < self.steps else None

    @property
    def joint(self) -> list[str]:
        """A path from the last step that is over to the running one."""
        last = self.points[self.over - 1] if self.over else None
        return self._curve([*[None] * (self.over - 1), last, self.running]).lines() if last and self.running else []

    def _curve(self, points: Sequence[Estimate | None]) -> charts.Curve:
        return charts.Curve(points, 0, 100, self.steps, 100)

    @property
    def most(self) -> int:
        """The answers of the busiest step."""
        return max(self.counts, default=0)

    @property
    def bars(self) -> list[tuple[str, str, float, bool]]:
        """Each bar's place, width and height, and whether its step is over."""
        return [
            (
                self.x(place + (1 - _BAR) / 2),
                charts.per_cent(_BAR, self.steps),
                25 * count / self.most,
                place < self.over,
            )
            for place, count in enumerate(self.counts)
            if count
        ]

    @property
    def labels(self) -> list[tuple[str, date]]:
        every = max(1, round(self.steps / _LABELS))
        return [(self.x(place), day) for place, day in enumerate(self.days) if place % every == 0]

    @property
    def rows(self) -> list[tuple[date, Estimate | None, int]]:
        """The numbers as a table has them."""
        return list(zip(self.days, self.points, self.counts, strict=True))

    def x(self, steps: float) -> str:
        """A place so many steps from the left."""
        return charts.per_cent(steps, self.steps)

    def clear(self, since: float, until: float, uprights: Iterable[float]) -> str:
        """The middle of the widest gap that uprights leave between two places (in steps): most room for a word."""
        edges = [since, *sorted(x for x in uprights if since < x < until), until]
        _, left, right = max((right - left, left, right) for left, right in pairwise(edges))
        return self.x((left + right) / 2)

    def span(self, since: int, until: int) -> tuple[float, float]:
        """Between how many steps a period lies."""
        return charts.across(since, self.edges), charts.across(until, self.edges)
