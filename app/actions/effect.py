"""Did the action help? What came after it, against what would have come without it (`expectation.py`). Pure.

All levels are 0..100. docs/decisions/0040-what-an-action-changed.md has the formulas and the simulated figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Literal

from app.actions import windows
from app.actions.expectation import FEW_OTHERS, Fleet, Guess, Told, drifted, mean_of, minus, predicted, shared
from app.actions.windows import WINDOW_DAYS, Window

Verdict = Literal["better", "worse", "no_evidence", "too_early", "too_few"]
LOOKS = (28, 56, 84)  # whole days after the action at which it is decided; in between the last look stands
Z = 2.29  # for three looks together to err as often as one does at 1.96 (Pocock)
_Z95 = 1.96
_TREND = 1.645


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
        raw = _without(minus(after, last), shared([_around(one) for one in others]))
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
    return minus(after, last)


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
