"""The effect of an action, and what could be told of a planned one, as the API says it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from math import ceil, sqrt
from typing import Any

from sqlmodel import Session

from app.actions import effect, expectation, history
from app.actions.effect import LOOKS, Effect, Question, Z
from app.actions.expectation import Guess, Told
from app.actions.history import BEFORE, Taken
from app.actions.windows import Window, weights
from app.models import Action, Alert
from app.touchpoints import registry
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

_Z95 = 1.959963984540054
_INDEX = (0.0, 100.0)


@dataclass
class Reading:
    """What was read for one action: the fleet's days, and what else was done there."""

    session: Session
    action: Action
    at: datetime

    @property
    def metric(self) -> str:
        return self.action.metric or "index"

    @cached_property
    def fleet(self) -> list[Known]:
        return history.fleet(self.session, self.metric, [*self.action.touchpoints, *self.action.compare_with])

    @cached_property
    def days(self) -> dict[int, Any]:
        started = self.action.started_at or self.at
        since = started.date().toordinal() - BEFORE - 2
        return history.days(self.session, self.fleet, self.metric, since, self.at.date().toordinal() + 2)

    @cached_property
    def begun(self) -> list[Action]:
        return history.begun(self.session, self.at)

    @cached_property
    def _told(self) -> dict[tuple[int, int, int, int], Told | None]:
        return {}

    def told(self, known: Known, start: int, after: int, look: int, fresh: int | None = None) -> Told | None:
        """The touchpoint's days around the action, summed up once."""
        asked = known.id, start, after, look
        if fresh is not None or asked not in self._told:
            by = weights(known.scale, self.metric)[known.scale.low : known.scale.high + 1]
            found = expectation.told(self.days[known.id], start, after, look, by, fresh)
            if fresh is not None:
                return found
            self._told[asked] = found
        return self._told[asked]

    def of(self, known: Known) -> Effect:
        """The effect at one touchpoint, at the first look that decided it, else at the last one there was."""
        taken = history.taken(self.action, known.zone, self.at)
        if taken is None:
            return Effect("too_early")
        looks = [look for look in LOOKS if look <= taken.passed]
        if taken.after is None or not looks:
            return self._early(known, taken)
        for look in looks:
            found = self._look(known, taken.start, taken.after, look)
            if found.verdict in ("better", "worse"):
                break
        return found

    def _fresh(self, known: Known) -> int | None:
        """The day from which answers count when the action came out of an alert: the day after that was raised."""
        if self.action.alert is None:
            return None
        return self._raised.astimezone(known.zone).date().toordinal() + 1

    @cached_property
    def _raised(self) -> datetime:
        """When the alert was raised; of one that is not ours, when the action was written down."""
        said = self.action.alert or ""
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
        alert = self.session.get(Alert, number)
        return alert.opened_at if alert else self.action.created_at

    def _early(self, known: Known, taken: Taken) -> Effect:
        own = self.told(known, taken.start, taken.today, 1)
        waits = LOOKS[0] - taken.passed
        before = own.before[-1] if own else None
        if own is None or not own.rate:
            return Effect("too_early", before)
        return Effect("too_early", before, needed=(ceil(own.rate * waits), waits))

    def _look(self, known: Known, start: int, after: int, look: int) -> Effect:
        since, until = start - BEFORE, after + look
        busy = history.busy(self.begun, since, until)
        fresh = self._fresh(known)
        own = self.told(known, start, after, look, fresh)
        if own is None:
            return Effect("too_few")
        chosen = bool(self.action.compare_with)
        calm = [one for one in self.fleet if one.key not in busy and one.key not in self.action.touchpoints]
        others = [one for one in self.fleet if one.key in self.action.compare_with] if chosen else calm
        others_told = [one for other in others if (one := self.told(other, start, after, look))]
        fleet = expectation.fleet_of([one for other in calm if (one := self.told(other, start, after, look))] or [own])
        found = Question(own, others_told, fleet, look, fresh is not None, chosen).of()
        overlaps = busy.get(known.key, set()) - {self.action.id}
        return replace(found, caveats=(*found.caveats, "overlaps")) if overlaps else found


def read(session: Session, action: Action, at: datetime) -> dict[str, Any]:
    """The effect of an action at each of its touchpoints and overall."""
    reading = Reading(session, action, at)
    by_key = {known.key: known for known in reading.fleet}
    found = [(by_key[key], reading.of(by_key[key])) for key in action.touchpoints if key in by_key]
    compared = action.compare_with
    items = [
        {
            "touchpoint": known.key,
            "scale": known.scale.name,
            "bounds": known.scale.bounds(reading.metric),
            **_said(one, reading.metric, known.scale, compared),
        }
        for known, one in found
    ]
    scales = {known.scale.bounds(reading.metric) for known, _ in found}
    alike = len(scales) == 1
    whole = effect.overall([one for _, one in found])
    scale = found[0][0].scale if found else None
    metric = reading.metric if alike else "index"
    return {"action": action.id, "touchpoints": items, "overall": _said(whole, metric, scale, compared)}


def _said(one: Effect, metric: str, scale: Scale | None, compared: list[str]) -> dict[str, Any]:
    bounds = scale.bounds(metric) if scale else _INDEX
    unit = _Unit(bounds, 2 if metric == "mean" else 1)
    return {
        "verdict": one.verdict,
        "metric": metric,
        "before": unit.window(one.before),
        "after": unit.window(one.after),
        "expected": unit.level(one.expected, Z),
        "difference": unit.change(one.difference),
        "needed": {"answers": one.needed[0], "days": one.needed[1]} if one.needed else None,
        "caveats": list(one.caveats),
        "comparison": {"touchpoints": compared, "difference": unit.change(one.others)} if one.others else None,
    }


@dataclass(frozen=True, slots=True)
class _Unit:
    """Hundredths as what a metric is counted in."""

    bounds: tuple[float, float]
    digits: int

    def _round(self, value: float) -> float:
        return round(value, self.digits) + 0.0

    def level(self, guess: Guess | None, z: float) -> dict[str, float] | None:
        if guess is None:
            return None
        half = z * sqrt(guess.variance)
        low, high = self.bounds
        cut = (min(100.0, max(0.0, x)) for x in (guess.value, guess.value - half, guess.value + half))
        values = [self._round(low + (high - low) * x / 100) for x in cut]
        return dict(zip(("value", "low", "high"), values, strict=True))

    def change(self, guess: Guess | None) -> dict[str, float] | None:
        if guess is None:
            return None
        step, half = (self.bounds[1] - self.bounds[0]) / 100, Z * sqrt(guess.variance)
        values = [self._round(step * x) for x in (guess.value, guess.value - half, guess.value + half)]
        return dict(zip(("value", "low", "high"), values, strict=True))

    def window(self, w: Window | None) -> dict[str, Any] | None:
        if w is None:
            return None
        period = {"since": date.fromordinal(w.since), "until": date.fromordinal(w.until - 1), "count": w.n}
        return period | (self.level(Guess(w.mean, w.variance), _Z95) or {})


def plan(session: Session, key: str, at: datetime) -> dict[str, Any]:
    """How large a change of the index could be told after how many days, and which touchpoints to compare with."""
    known = registry.known(registry.by_key(session, key))
    reading = Reading(session, Action(title="", touchpoints=[key], created_by="", started_at=at), at)
    today = at.astimezone(known.zone).date().toordinal()
    own = reading.told(known, today, today, 1) if known.id in reading.days else None
    busy = history.busy(reading.begun, today - BEFORE, today + 1)
    calm = [one for one in reading.fleet if one.key != key and one.key not in busy]
    told = [(one, found) for one in calm if (found := reading.told(one, today, today, 1)) and _steady(found)]
    if own is None or not _steady(own):
        return {"touchpoint": key, "metric": "index", "per_day": None, "tellable": [], "compare_with": []}
    fleet = expectation.fleet_of([one for _, one in told] or [own])
    level = _mean(own)
    near = sorted(told, key=lambda pair: (pair[0].row.channel != known.row.channel, abs(_mean(pair[1]) - level)))
    tellable = [
        {"days": look, "answers": round(own.rate * look), "change": round(effect.smallest(own, fleet, look), 1)}
        for look in LOOKS
    ]
    return {
        "touchpoint": key,
        "metric": "index",
        "per_day": round(own.rate, 1),
        "tellable": tellable,
        "compare_with": [one.key for one, _ in near[:10]],
    }


def _steady(one: Told) -> bool:
    last = one.before[-1]
    return last is not None and last.n >= expectation.FEW_ANSWERS and last.days >= expectation.FEW_DAYS


def _mean(one: Told) -> float:
    last = one.before[-1]
    return last.mean if last else 0.0
