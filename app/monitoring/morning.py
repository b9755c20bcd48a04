"""What the days before today came to at a touchpoint: an hour only adds its answers to them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.monitoring.cusum import threshold
from app.monitoring.drop import Cell, Line, Past, Place, Walk


class Way(NamedTuple):
    """The statistic of one direction as the last day left it, and what an answer of today adds."""

    w: float
    lines: Mapping[Place, Line]

    def now(self, today: Iterable[Cell], rho: float) -> float:
        """The statistic with the answers of today so far."""
        gain, n = 0.0, 0
        for cell in today:
            if cell.place in self.lines:
                slope, constant = self.lines[cell.place]
                gain += slope * cell.total + constant * cell.n
                n += cell.n
        return max(0.0, self.w + gain / (1 + (n - 1) * rho)) if n else self.w


class Morning(NamedTuple):
    """Of a touchpoint that is watched; `effective` is as in `Past`, `rho` as in its baseline."""

    effective: float
    rho: float
    ways: tuple[Way, Way]

    def is_steady(self, today: Sequence[Cell], per_alarm: float) -> bool:
        """Whether neither a fall nor a rise is to be told: the same as a whole look at all days would find."""
        h = threshold(self.effective, per_alarm)
        return all(way.now(today, self.rho) < h for way in self.ways)


def of(past: Past, today: int) -> Morning:
    """The days before `today`."""
    places = [(today % 7, part, source) for part in range(4) for source in past.fit.shapes]
    fall, rise = (_way(past, walk, today, places) for walk in (past.falls, past.rises))
    return Morning(past.effective, past.fit.rho, (fall, rise))


def _way(past: Past, walk: Walk, today: int, places: Sequence[Place]) -> Way:
    w = 0.0
    for day, gain in walk.path:
        if day < today:
            w = max(0.0, w + gain)
    lines = {**walk.lines, **past.lines([place for place in places if place not in walk.lines], walk.levels)}
    return Way(w, {place: lines[place] for place in places})
