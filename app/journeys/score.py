"""From a journey and a window to its score: counts out of the rollup, then arithmetic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.journeys import journeys, mix_shift
from app.journeys.consistency import Pool, differing, weakest
from app.journeys.counts import PeriodCounts
from app.journeys.schemas import JourneyScoreQuery
from app.models import Journey, Stage, Touchpoint
from app.scores import counts as rollup
from app.scores import formulas, serve
from app.scores.buckets import to_time
from app.scores.counts import Counts
from app.scores.formulas import Estimate, Rule
from app.scores.rollup import COUNTED
from app.scores.schemas import ScoresQuery
from app.scores.score import Window
from app.touchpoints.registry import Known, known


@dataclass(frozen=True, slots=True)
class Asked:
    """A journey with the touchpoints of each stage, what was heard there, and before that when it is to be compared."""

    row: Journey
    steps: Sequence[tuple[Stage, Sequence[Known]]]
    rule: Rule
    now: PeriodCounts
    before: PeriodCounts | None

    @property
    def members(self) -> list[Known]:
        """Each touchpoint once, however many stages it stands in."""
        return list({one.id: one for _, members in self.steps for one in members}.values())


def read(session: Session, key: str, query: JourneyScoreQuery) -> dict[str, Any]:
    """The score of the journey `key`; Problem not_found, or invalid_request for an empty window."""
    row = journeys.by_key(session, key)
    stages = journeys.stages(session, row)
    keys = {key for stage in stages for key in stage.touchpoints}
    found = {one.key: known(one) for one in session.exec(select(Touchpoint).where(col(Touchpoint.key).in_(keys)))}
    steps = [(stage, [found[key] for key in stage.touchpoints]) for stage in stages]
    period, now, before = _listen(session, list(found.values()), query)
    rule = query.rule or cast("Rule", row.rule)
    return whole(Asked(row, steps, rule, now, before)) | {"period": period}


def _listen(
    session: Session, members: Sequence[Known], query: JourneyScoreQuery
) -> tuple[dict[str, Any], PeriodCounts, PeriodCounts | None]:
    """The period, what was heard in it, and before it; touchpoints that share a time zone are read together."""
    question = ScoresQuery(**query.model_dump(exclude={"rule"}))
    firsts = rollup.first_hours(session, [one.id for one in members])
    first = min(firsts.values(), default=None)
    zones = sorted({one.zone.key for one in members}) or ["UTC"]
    windows: list[Window] = []
    now: dict[str, dict[str, Counts]] = {}
    before: dict[str, dict[str, Counts]] = {}
    for zone in map(ZoneInfo, zones):
        window = serve.bounds(question, zone, first)
        windows.append(window)
        together = [one for one in members if one.zone.key == zone.key]
        now |= _counts(session, together, serve.spans_of(question, window))
        if query.compare:
            earlier = window.before()
            before |= _counts(session, together, rollup.window(earlier.since, earlier.until, zone))
    return _period(windows, zones), PeriodCounts(now), PeriodCounts(before) if query.compare else None


def _counts(session: Session, members: Sequence[Known], over: Any) -> dict[str, dict[str, Counts]]:
    found = rollup.read(session, [one.id for one in members], over)
    return {
        one.row.key: {source: counts for (source, part), counts in found.get(one.id, {}).items() if part == COUNTED}
        for one in members
    }


def _period(windows: Sequence[Window], zones: Sequence[str]) -> dict[str, Any]:
    """A date means each touchpoint's own midnight, so that the period of several zones is their union."""
    since, until = min(window.since for window in windows), max(window.until for window in windows)
    zone = zones[0] if len(zones) == 1 else "UTC"
    return {"since": to_time(since), "until": to_time(until), "timezone": zone}


def whole(asked: Asked) -> dict[str, Any]:
    """The score of a journey without its period."""
    stages = [asked.now.pool(stage.position, members, asked.rule) for stage, members in asked.steps]
    return {
        "journey": asked.row.key,
        "definition": formulas.DEFINITION,
        "rule": asked.rule,
        **_figures(asked, asked.members),
        "target": _target(asked),
        "weakest": _weakest("stage", stages),
        "stages": [_stage(asked, stage, members) for stage, members in asked.steps],
        "consistency": _consistency(asked, stages),
        "mix": None if asked.before is None else mix_shift.shift(asked.members, asked.now, asked.before, asked.rule),
    }


def _index(estimate: Estimate | None) -> dict[str, float] | None:
    return formulas.rounded("index", estimate)


def _figures(asked: Asked, members: Sequence[Known]) -> dict[str, Any]:
    """Count, index and trend of some touchpoints taken together."""
    keys = [one.row.key for one in members]
    index = asked.now.pool(None, members, asked.rule).index
    trend = None
    if asked.before is not None:
        previous = asked.before.pool(None, members, asked.rule).index
        change = formulas.subtract(index, previous) if index and previous else None
        trend = {
            "verdict": formulas.verdict(change),
            "difference": _index(change),
            "previous": _index(previous),
            "previous_count": asked.before.count(keys),
        }
    rated = sum(sum(asked.now.rated(one).values()) for one in members)
    found = _index(index)
    resting = found and found | {"n": rated}
    return {"count": asked.now.count(keys), "rated_count": rated, "index": resting, "trend": trend}


def _target(asked: Asked) -> dict[str, Any] | None:
    """Whether the index wanted for the whole is reached, as far as the interval can tell; None without a target."""
    if asked.row.target is None:
        return None
    index = asked.now.pool(None, asked.members, asked.rule).index
    return {**asked.row.target, "status": formulas.target_status(index, asked.row.target["value"])}


def _stage(asked: Asked, stage: Stage, members: Sequence[Known]) -> dict[str, Any]:
    return {
        **stage.model_dump(include={"position", "name", "phase"}),
        **_figures(asked, members),
        "weakest": _weakest("touchpoint", _each(asked, members)),
        "touchpoints": [{"touchpoint": one.row.key, **_figures(asked, [one])} for one in members],
    }


def _each(asked: Asked, members: Iterable[Known]) -> list[Pool]:
    return [asked.now.pool(one.row.key, [one]) for one in members]


def _weakest(what: str, pools: Sequence[Pool]) -> dict[str, Any] | None:
    found = weakest(pools)
    if found is None:
        return None
    lowest, shared = found
    verdict = "cannot_be_told_apart" if shared else "weakest"
    index = _index(lowest.index)
    return {
        "verdict": verdict,
        what: lowest.name,
        "index": index and index | {"n": sum(sum(counts) for _, counts, _ in lowest.members.values())},
        "shared_with": [one.name for one in shared],
    }


def _consistency(asked: Asked, stages: Sequence[Pool]) -> dict[str, Any]:
    """Each kind of comparison is one family: its p-values are adjusted together."""
    between, stage_pairs = differing([stages])
    within = {stage.position: _each(asked, members) for stage, members in asked.steps}
    touchpoints, touchpoint_pairs = differing(within.values())
    by_source = {one.row.key: asked.now.sources(one) for one in asked.members}
    sources, source_pairs = differing(by_source.values())
    return {
        "compared": {"stages": stage_pairs, "touchpoints": touchpoint_pairs, "sources": source_pairs},
        "stages": [_difference(found) for found in between],
        "touchpoints": [{"stage": _owner(within, found.first), **_difference(found)} for found in touchpoints],
        "sources": [{"touchpoint": _owner(by_source, found.first), **_difference(found)} for found in sources],
    }


def _owner(families: Mapping[Any, Sequence[Pool]], one: Pool) -> Any:
    return next(name for name, family in families.items() if any(member is one for member in family))


def _difference(found: Any) -> dict[str, Any]:
    p = float(f"{found.p:.2g}")
    return {"first": found.first.name, "second": found.second.name, "difference": _index(found.estimate), "p": p}
