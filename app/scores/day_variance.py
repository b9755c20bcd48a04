"""What is usual of a touchpoint's days, and how much of the answers' variance those of a day share. Pure.

One place for verdicts, for drops and for effects of actions; formulas in docs/numbers.md.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple, Protocol

LAGS = 4  # neighbouring days up to so far apart
_SWEEPS = 4
_SOURCE, _OTHER = 20, 150  # answers that draw the effect of a source, a weekday or a part towards 0
_FLOOR = 0.05**2  # no days are taken to be more alike than this
_MANY = 84  # days from which on what comes out below 0 is set off against what comes out too high
_WEEK = 7  # days, and the degrees of freedom that the effects of weekdays take


class Counted(Protocol):
    """The answers of one day, part and source: how many, and the sum of their values."""

    @property
    def day(self) -> int: ...
    @property
    def part(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def n(self) -> float: ...
    @property
    def total(self) -> float: ...


class Cell(NamedTuple):
    """What is `Counted`, as such."""

    day: int  # ordinal, so that Monday is day % 7 == 1
    part: int  # of the day, or whatever else has a level of its own
    source: str
    n: float
    total: float


class Usual(NamedTuple):
    """A touchpoint's mean, and how far its sources, weekdays and parts lie from it."""

    mean: float
    source: dict[str, float]
    weekday: dict[int, float]
    part: dict[int, float]

    def expected(self, weekday: int, part: int, source: str) -> float:
        """The usual level of a weekday (0: Sunday, as ordinals have it), a part and a source."""
        known = self.weekday.get(weekday, 0.0) + self.part.get(part, 0.0)
        return self.mean + known + self.source.get(source, 0.0)


def usual(cells: Sequence[Counted], mean: float, part_draw: float = _OTHER) -> Usual:
    """Each effect with the others taken off, drawn towards 0 when it rests on few answers; parts by `part_draw`.

    The sweeps run over sums by (source, weekday, part), of which there are few.
    """
    sums: dict[tuple[str, int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for cell in cells:
        held = sums[cell.source, cell.day % _WEEK, cell.part]
        held[0] += cell.n
        held[1] += cell.total
    answers: list[dict[Any, float]] = [defaultdict(float), defaultdict(float), defaultdict(float)]
    for key, (n, _) in sums.items():
        for place in range(3):
            answers[place][key[place]] += n
    effects: list[dict[Any, float]] = [dict.fromkeys(known, 0.0) for known in answers]
    for _ in range(_SWEEPS):
        for place, draw in ((0, _SOURCE), (1, _OTHER), (2, part_draw)):
            rest: dict[Any, float] = dict.fromkeys(effects[place], 0.0)
            one, other = (at for at in range(3) if at != place)
            first, second = effects[one], effects[other]
            for key, (n, total) in sums.items():
                rest[key[place]] += total - n * (mean + (first[key[one]] + second[key[other]]))
            effects[place] = {name: off / (answers[place][name] + draw) for name, off in rest.items()}
    return Usual(mean, *effects)


class Alike(NamedTuple):
    """What days were found to share, in units of the answers' variance; each may come out below 0 by chance."""

    own: float  # variance of the days' own levels
    neighbours: Sequence[float]  # autocovariances, 1 to LAGS days apart
    days: int

    @property
    def cautious(self) -> float:
        """The whole, nothing below 0 believed and never 0: for alarms, effects and what is picked from many."""
        return max(max(0.0, self.own) + 2 * sum(max(0.0, one) for one in self.neighbours), _FLOOR)

    @property
    def level(self) -> float:
        """The whole as it was found, at least half of the days' own: for intervals, which `cautious` makes too wide.

        With fewer days than _MANY chance has too much of it, and intervals would be too narrow.
        """
        if self.days < _MANY:
            return self.cautious
        return max(self.own + 2 * sum(self.neighbours), self.own / 2, 0.0)


def rho(cells: Sequence[Counted], known: Usual, within: float, taken: int = _WEEK) -> float:
    """The variance of the days' own levels, neighbours included, over `within`, that of the answers; cautiously."""
    return alike(cells, known, within, taken).cautious


def alike(cells: Sequence[Counted], known: Usual, within: float, taken: int = _WEEK) -> Alike:
    """What the days share beyond what is `known`, whose effects took so many degrees of freedom."""
    residuals = _residuals(cells, known)
    days, n = len(residuals), sum(count for count, _ in residuals.values())
    typical = (n - sum(count**2 for count, _ in residuals.values()) / n) / max(days - 1, 1)
    between = sum(count * off**2 for count, off in residuals.values()) / max(days - taken, 1)
    own = (between - within) / typical / within if typical > 0 else 0.0
    weights = {day: count / (1 + count * max(0.0, own)) for day, (count, _) in residuals.items()}
    found = []
    for lag in range(1, LAGS + 1):
        pairs = [(day, day + lag) for day in residuals if day + lag in residuals]
        shared = [sqrt(weights[one] * weights[other]) for one, other in pairs]
        both = zip(shared, pairs, strict=True)
        sums = sum(weight * residuals[one][1] * residuals[other][1] for weight, (one, other) in both)
        found.append(sums / sum(shared) / within if pairs else 0.0)
    return Alike(own, found, days)


def _residuals(cells: Sequence[Counted], known: Usual) -> dict[int, tuple[float, float]]:
    """Answers of each day, and how far its mean lies from what was usual for it."""
    found: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    places: dict[tuple[int, int, str], float] = {}
    for cell in cells:
        place = cell.day % _WEEK, cell.part, cell.source
        if place not in places:
            places[place] = known.expected(*place)
        day = found[cell.day]
        day[0] += cell.n
        day[1] += cell.total - cell.n * places[place]
    return {day: (n, off / n) for day, (n, off) in found.items() if n}
