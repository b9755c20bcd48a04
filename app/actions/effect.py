"""Did the action help? What came after it, against what would have come without it. Pure.

Without the action a touchpoint's level is expected to go on as its six windows before and its fleet say. That takes the
regression to the mean, however the touchpoint was chosen: a low month counts as one of six. All levels are 0..100.
docs/decisions/0040-what-an-action-changed.md has the formulas and the simulated figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Literal, NamedTuple

from app.actions import windows
from app.actions.windows import WINDOW_DAYS, Days, Noise, Window

Verdict = Literal["better", "worse", "no_evidence", "too_early", "too_few"]
LOOKS = (28, 56, 84)  # whole days after the action at which it is decided; in between the last look stands
Z = 2.29  # for three looks together to err as often as one does at 1.96 (Pocock)
_Z95 = 1.96
_STEP = 3.3  # deviations beyond which a window is another level, not the same one by chance
_TREND = 1.645
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


@dataclass(frozen=True, slots=True)
class Effect:
    """What can be said of one touchpoint; `spread` is the half of each interval, in deviations."""

    verdict: Verdict
    before: Window | None = None
    after: Window | None = None
    expected: Guess | None = None
    difference: Guess | None = None
    raw: Guess | None = None
    others: Guess | None = None
    needed: tuple[int, int] | None = None
    caveats: tuple[str, ...] = field(default=())


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
        steps = [_minus(b, a) for one in rows if (a := one.before[k - 1]) and (b := one.before[k])]
        common = mean_of(steps).value if len(steps) >= FEW_OTHERS else 0.0
        for value, variance in steps:
            total += ((value - common) ** 2 - variance) / variance**2
            load += 1 / variance**2
    return max(0.0, total / load) if load else 0.0


def _minus(one: Window, other: Window) -> Guess:
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


@dataclass(frozen=True, slots=True)
class Question:
    """One touchpoint, the others to compare with, and the fleet that says how levels behave."""

    own: Told
    others: Sequence[Told]
    fleet: Fleet
    look: int
    fresh: bool = False  # before is only what came after an alarm
    chosen: bool = False  # the others were named by whoever asks: fewer than five will do

    def of(self) -> Effect:
        """The effect as this look shows it."""
        own, last, after = self.own, self.own.before[-1], self.own.after
        if not own.enough or last is None or after is None:
            return Effect("too_few", last, after, caveats=self._caveats(None, 0.0))
        ahead = self.look / WINDOW_DAYS
        base = Guess(last.mean, last.variance + drifted(self.fleet, ahead)) if self.fresh else None
        guess = base or predicted(own.before, self.fleet, ahead)
        others = self._others(ahead)
        common = shared([self._against(one, ahead) for one in others])
        raw = _without(_minus(after, last), shared([_around(one) for one in others]))
        expected = _plus(guess, common)
        difference = Guess(after.mean - expected.value, after.variance + expected.variance)
        line, trend = (None, 0.0) if self.fresh else self._line(others, ahead)
        if line is not None:
            difference = Guess(_nearer(difference.value, line), difference.variance)
        verdict = decided(difference, raw)
        needed = self._needed(difference, guess, after) if verdict == "no_evidence" else None
        caveats = self._caveats(common, trend)
        return Effect(verdict, last, after, expected, difference, raw, common, needed, caveats)

    def _others(self, ahead: float) -> list[Told]:
        found = [one for one in self.others if one.enough]
        return found if self.chosen or len(found) >= FEW_OTHERS else []

    def _against(self, one: Told, ahead: float) -> Guess:
        """How far another touchpoint is from what was to be expected of it."""
        assert one.after is not None
        guess = predicted(one.before, self.fleet, ahead)
        return Guess(one.after.mean - guess.value, one.after.variance + guess.variance)

    def _line(self, others: Sequence[Told], ahead: float) -> tuple[float | None, float]:
        """What came after minus the line through the windows before, if they have a slope; and the slope."""
        points = []
        for k, w in enumerate(self.own.before):
            if w is not None:
                off = [b.mean - _level(one) for one in others if (b := one.before[k])]
                points.append(
                    (float(k), w.mean - (sum(off) / len(off) if off else 0.0), 1 / (w.variance + self.fleet.wander))
                )
        if len(points) < 3 or self.own.after is None:
            return None, 0.0
        load = sum(x for _, _, x in points)
        at, level = (sum(p[i] * p[2] for p in points) / load for i in (0, 1))
        width = sum(x * (k - at) ** 2 for k, _, x in points)
        slope = sum(x * (k - at) * (y - level) for k, y, x in points) / width
        if abs(slope) <= _TREND / sqrt(width):
            return None, 0.0
        off = [one.after.mean - _level(one) for one in others if one.after]
        now = self.own.after.mean - (sum(off) / len(off) if off else 0.0)
        return now - (level + slope * (windows.WINDOWS - 0.5 + ahead / 2 - at)), slope

    def _needed(self, difference: Guess, guess: Guess, after: Window) -> tuple[int, int] | None:
        """How many more answers, and days, until a change of this size (5 points at least) could be told."""
        room = (max(abs(difference.value), 5.0) / _Z95) ** 2 - guess.variance
        if room <= 0:
            return None  # levels wander that far by themselves
        one = self.own.noise.planned(1, self.own.rate)
        more = max(0, ceil(one / room) - after.n)
        waits = next((look - self.look for look in LOOKS if look > self.look), 0)
        return (more, max(waits, ceil(more / self.own.rate))) if more or waits else None

    def _caveats(self, common: Guess | None, slope: float) -> tuple[str, ...]:
        found = {
            "season_taken_off": common is not None,
            "mix_changed": _mix_changed(self.own),
            "trend_before": slope != 0,
            "few_weeks": not self.fresh and not all(self.own.before),
            "after_an_alert": self.fresh,
        }
        return tuple(name for name, holds in found.items() if holds)


def decided(difference: Guess, raw: Guess) -> Verdict:
    """`better` or `worse` only when what was expected and the window before both say so."""
    both = [(one.value, Z * sqrt(one.variance)) for one in (difference, raw)]
    if all(value > half for value, half in both):
        return "better"
    return "worse" if all(value < -half for value, half in both) else "no_evidence"


def overall(effects: Sequence[Effect]) -> Effect:
    """All touchpoints of an action together, weighed by precision. What the others did is common to all of them."""
    said = [one for one in effects if one.difference and one.raw]
    if not said:
        return Effect("too_early" if any(one.verdict == "too_early" for one in effects) else "too_few")
    season = max((one.others.variance for one in said if one.others), default=0.0)
    found = []
    for name in ("difference", "raw"):
        parts = [guess for one in said if (guess := getattr(one, name))]
        mean = mean_of([Guess(part.value, max(part.variance - season, 0.05 * part.variance)) for part in parts])
        found.append(Guess(mean.value, mean.variance + season))
    caveats = tuple(dict.fromkeys(name for one in said for name in one.caveats))
    return Effect(decided(found[0], found[1]), difference=found[0], raw=found[1], caveats=caveats)


def smallest(own: Told, fleet: Fleet, days: int) -> float:
    """The change that is told in four of five cases after so many days, in points."""
    answers = max(own.rate * days, 1e-9)
    variance = predicted(own.before, fleet, days / WINDOW_DAYS).variance + own.noise.planned(answers, own.rate)
    return (Z + 0.84) * sqrt(variance)


def _around(one: Told) -> Guess:
    last, after = one.before[-1], one.after
    assert last is not None and after is not None
    return _minus(after, last)


def _level(one: Told) -> float:
    known = [w.mean for w in one.before if w]
    return sum(known) / len(known)


def _plus(guess: Guess, common: Guess | None) -> Guess:
    return Guess(guess.value + common.value, guess.variance + common.variance) if common else guess


def _without(guess: Guess, common: Guess | None) -> Guess:
    return Guess(guess.value - common.value, guess.variance + common.variance) if common else guess


def _nearer(one: float, other: float) -> float:
    """Which is nearer to no change; 0 when they do not agree on the direction."""
    return 0.0 if one * other <= 0 else min(one, other, key=abs)


def _mix_changed(own: Told) -> bool:
    """Whether the shares of the sources shifted beyond chance, and moved the level by half a point or more."""
    last, after = own.before[-1], own.after
    if last is None or after is None:
        return False
    means: Mapping[str, float] = {
        source: part.total / part.n for source, part in windows_of(last, after).items() if part.n
    }
    level = sum(means[s] * part.n for s, part in last.sources.items()) / last.n
    now = sum(means[s] * part.n for s, part in after.sources.items()) / after.n
    apart = sum((means[s] - level) ** 2 * part.n for s, part in last.sources.items()) / last.n
    return abs(now - level) >= max(0.5, _Z95 * sqrt(apart * (1 / last.n + 1 / after.n)))


def windows_of(one: Window, other: Window) -> dict[str, windows.Sums]:
    """The sources of two windows together."""
    names = {*one.sources, *other.sources}
    return {s: windows.pooled((one.sources.get(s, windows.NONE), other.sources.get(s, windows.NONE))) for s in names}
