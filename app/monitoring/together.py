"""Whether the level of several touchpoints fell (or rose) together, and since when. Pure.

What the answers of each touchpoint add for a fall by half a deviation is added up: each is compared with its own past,
so that more answers from a harsher one are no fall. Days that are good or bad at all of them at once weigh less.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

from app.monitoring import cusum, drop
from app.monitoring.cusum import Path
from app.monitoring.drop import Found, Part, Past
from app.scores.day_variance import LAGS


@dataclass(frozen=True)
class Together:
    """The pasts of some touchpoints by key, as of the day `today`; `weights` of their levels, else their answers."""

    pasts: Mapping[str, Past]
    today: int
    weights: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def start(self) -> int:
        """The first day that is compared: with the answers of all of them it is later than that of each."""
        return self.today - drop.lag(sum(past.rate for past in self.pasts.values()))

    @cached_property
    def alike(self) -> float:
        """The variance of their sum in units of the sum of their variances, neighbouring days included; at least 1."""
        moves = [_moves(past) for past in self.pasts.values()]
        whole = _added(moves)
        apart = sum(_spread(one) for one in moves)
        return max(1.0, _spread(whole) / apart) if apart else 1.0

    def threshold(self, per_alarm: float) -> float:
        return cusum.threshold(sum(past.effective for past in self.pasts.values()) / self.alike, per_alarm)

    def moved(self, per_alarm: float, *, rise: bool = False) -> Found:
        """Whether they fell together; `sources` of what is found are the touchpoints."""
        walks = [past.rises if rise else past.falls for past in self.pasts.values()]
        path = self._path(walk.path for walk in walks)
        (w, since), h = cusum.climb(path, self.start), self.threshold(per_alarm)
        if w < h:
            return Found(w=w, h=h)
        parts = self._parts(since)
        weights = [self.weights.get(part.source, float(part.n)) for part in parts]
        shares = [weight / sum(weights) for weight in weights]
        errors = [self.pasts[part.source].errors(since) for part in parts]
        before, after = (
            sum(share * getattr(part, end) for share, part in zip(shares, parts, strict=True))
            for end in ("before", "after")
        )
        before_se, after_se = (
            sqrt(self.alike * sum((share * both[end]) ** 2 for share, both in zip(shares, errors, strict=True)))
            for end in (0, 1)
        )
        dated, n = cusum.dated(path, since), sum(part.n for part in parts)
        return Found(False, True, since, *dated, w, h, before, after, n, parts, before_se, after_se)

    def is_back(self, day: int, told: Iterable[Part], per_alarm: float, *, rise: bool = False) -> bool:
        """Whether the levels came back after `day`, when they were `told`."""
        ways = [
            self.pasts[one.source].way_back(day, abs(one.after - one.before), one.n, rise=rise)
            for one in told
            if one.source in self.pasts
        ]
        return cusum.most(self._path(ways)) >= self.threshold(per_alarm)

    def _path(self, paths: Iterable[Path]) -> Path:
        gains = _added(dict(path) for path in paths)
        return [(day, gains[day] / self.alike) for day in sorted(gains) if day >= self.start]

    def _parts(self, since: int) -> tuple[Part, ...]:
        found = [(key, past.parts(since)) for key, past in self.pasts.items()]
        return tuple(_whole(key, parts) for key, parts in found if parts)


def _whole(key: str, parts: tuple[Part, ...]) -> Part:
    n = sum(part.n for part in parts)
    before, after = (sum(part.n * getattr(part, end) for part in parts) / n for end in ("before", "after"))
    return Part(key, before, after, n)


def _moves(past: Past) -> dict[int, float]:
    """How far the answers of each usual day strayed together, each day counting as much as it does for a fall."""
    off: dict[int, float] = defaultdict(float)
    n: dict[int, int] = defaultdict(int)
    for cell in past.base:
        off[cell.day] += cell.total - cell.n * past.fit.usual(cell.place)
        n[cell.day] += cell.n
    return {day: off[day] / (past.fit.sd * (1 + (n[day] - 1) * past.fit.rho)) for day in off}


def _added(parts: Iterable[Mapping[int, float]]) -> dict[int, float]:
    found: dict[int, float] = defaultdict(float)
    for part in parts:
        for day, value in part.items():
            found[day] += value
    return found


def _spread(moves: Mapping[int, float]) -> float:
    """The sum of squares of what LAGS + 1 days in a row came to."""
    days = range(min(moves), max(moves) + 1) if moves else ()
    return sum(sum(moves.get(day + ahead, 0.0) for ahead in range(LAGS + 1)) ** 2 for day in days)
