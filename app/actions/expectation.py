"""What a touchpoint's level would be without an action: out of its own windows before and out of its fleet. Pure.

That takes the regression to the mean, however the touchpoint was chosen: a low month counts as one of six. All levels
are 0..100. docs/decisions/0040-what-an-action-changed.md has the formulas and the simulated figures.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from app.actions import windows
from app.actions.windows import WINDOW_DAYS, Days, Noise, Window

_STEP = 3.3  # deviations beyond which a window is another level, not the same one by chance
FEW_ANSWERS, FEW_DAYS, FEW_OTHERS = 30, 7, 5


class Guess(NamedTuple):
    """A value and the variance of it."""

    value: float
    variance: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """How far levels lie apart (mean, spread: a variance), and how much one wanders from window to window."""

    mean: float
    spread: float
    wander: float


@dataclass(frozen=True, slots=True)
class Told:
    """The days of one touchpoint, summed up around an action: six windows before, one after."""

    noise: Noise
    before: Sequence[Window | None]
    after: Window | None
    rate: float  # answers a day before the action

    @property
    def enough(self) -> bool:
        return all(w and w.n >= FEW_ANSWERS and w.days >= FEW_DAYS for w in (self.before[-1], self.after))


def told(days: Days, start: int, after: int, look: int, by: Sequence[float], fresh: int | None = None) -> Told | None:
    """A touchpoint's days around an action from the day `start` on, looked at `look` days from the day `after` on.

    `fresh` is the day after the alarm that it came out of: the days that raised the alarm tell nothing. None without
    any answers in the 112 days before.
    """
    noise = windows.noise(days, start, by)
    if noise is None:
        return None
    before = windows.before(days, noise, start)
    if fresh is not None:
        before = [*[None] * (len(before) - 1), windows.window(days, noise, max(fresh, start - 112), start)]
    n = sum(w.n for w in before if w)
    span = WINDOW_DAYS * sum(w is not None for w in before) if fresh is None else max(1, start - fresh)
    return Told(noise, before, windows.window(days, noise, after, after + look), n / max(span, 1))


def fleet_of(all_told: Iterable[Told]) -> Fleet:
    """What the touchpoints have in common, those without an action or an alarm."""
    rows = [one for one in all_told if any(one.before)]
    wander = _wander(rows)
    averages = [_average(one, wander) for one in rows]
    mean, spread = _laird(averages)
    return Fleet(mean, spread, wander)


def _average(one: Told, wander: float) -> Guess:
    known = [w for w in one.before if w]
    load = [1 / (w.variance + wander) for w in known]
    return Guess(sum(w.mean * x for w, x in zip(known, load, strict=True)) / sum(load), 1 / sum(load) + wander)


def _wander(rows: Sequence[Told]) -> float:
    """How much levels move from window to window beyond chance and beyond what all of them do: a variance."""
    total = load = 0.0
    for k in range(1, windows.WINDOWS):
        steps = [minus(b, a) for one in rows if (a := one.before[k - 1]) and (b := one.before[k])]
        common = mean_of(steps).value if len(steps) >= FEW_OTHERS else 0.0
        for value, variance in steps:
            total += ((value - common) ** 2 - variance) / variance**2
            load += 1 / variance**2
    return max(0.0, total / load) if load else 0.0


def minus(one: Window, other: Window) -> Guess:
    return Guess(one.mean - other.mean, one.variance + other.variance)


def mean_of(guesses: Sequence[Guess]) -> Guess:
    """Their mean, weighed by precision."""
    load = sum(1 / one.variance for one in guesses)
    return Guess(sum(one.value / one.variance for one in guesses) / load, 1 / load)


def _laird(guesses: Sequence[Guess]) -> tuple[float, float]:
    """Mean and variance of the levels behind the guesses.

    DerSimonian and Laird 1986, "Meta-analysis in clinical trials", Controlled Clinical Trials 7.
    """
    if len(guesses) < 2:
        return (guesses[0].value if guesses else 50.0), 25.0**2  # nothing known of a fleet: anything is possible
    load = [1 / one.variance for one in guesses]
    mean = mean_of(guesses).value
    excess = sum(x * (one.value - mean) ** 2 for x, one in zip(load, guesses, strict=True)) - (len(guesses) - 1)
    spread = max(0.0, excess / (sum(load) - sum(x * x for x in load) / sum(load)))
    return mean_of([Guess(one.value, one.variance + spread) for one in guesses]).value, spread


def predicted(before: Sequence[Window | None], fleet: Fleet, ahead: float) -> Guess:
    """The level to be expected over `ahead` windows (at least one) after those before, if nothing is done."""
    value, variance = fleet.mean, fleet.spread
    begun = False
    for w in before:
        variance += fleet.wander if begun else 0.0
        if w is None:
            continue
        apart = abs(w.mean - value) / sqrt(variance + w.variance)
        if begun and apart > _STEP:
            value, variance = w.mean, w.variance
        else:
            gain = variance / (variance + w.variance)
            value, variance = value + gain * (w.mean - value), variance * (1 - gain)
        begun = True
    return Guess(value, variance + drifted(fleet, ahead))


def drifted(fleet: Fleet, ahead: float) -> float:
    """What wandering adds to the variance of the mean over the next `ahead` windows."""
    k = max(1.0, ahead)
    return fleet.wander * (k + 1) * (2 * k + 1) / (6 * k)


def shared(differences: Sequence[Guess]) -> Guess | None:
    """What happened at the others too: their mean, with a variance out of how they differ among themselves."""
    if not differences:
        return None
    value, least = mean_of(differences)
    count = len(differences)
    load = [1 / one.variance for one in differences]
    seen = sum(x * x * (one.value - value) ** 2 for x, one in zip(load, differences, strict=True)) / sum(load) ** 2
    seen *= count / max(count - 1, 1)
    return Guess(value, seen if count >= FEW_OTHERS else max(seen, least))
