"""From a journey and a window to its score: its counts are read, the rest is arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple, cast

from sqlmodel import Session, col, select

from app.journeys import journeys, mix_shift, periods
from app.journeys.changes import Change, Changes, between
from app.journeys.consistency import Difference, Pool, differing, weakest
from app.journeys.periods import Periods
from app.journeys.schemas import JourneyScoreQuery
from app.models import Journey, Stage, Touchpoint
from app.scores import changes, formulas, verdicts
from app.scores.formulas import Estimate, Rule
from app.touchpoints.registry import Known, known


class Apart(NamedTuple):
    """The pairs that differ, and how many were compared: stages, and touchpoints within a stage."""

    stages: tuple[list[Difference], int]
    touchpoints: tuple[list[Difference], int]


@dataclass(frozen=True, slots=True)
class Asked:
    """A journey with the touchpoints of each stage, and what counted there."""

    row: Journey
    steps: Sequence[tuple[Stage, Sequence[Known]]]
    rule: Rule
    periods: Periods

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
    counted = periods.read(session, list(found.values()), query)
    found = whole(Asked(row, steps, query.rule or cast("Rule", row.rule), counted))
    standing = None if query.segment else changes.of_journeys(session).get(key)
    return {**found, "change": standing and standing.change}


def whole(asked: Asked) -> dict[str, Any]:
    """The score of a journey. Each kind of claim is one family, whose p-values are adjusted together."""
    now, before = asked.periods.now, asked.periods.before
    stages = [now.pool(stage.position, members, asked.rule) for stage, members in asked.steps]
    within = {stage.position: [now.pool(one.row.key, [one]) for one in members] for stage, members in asked.steps}
    apart = Apart(differing([stages]), differing(within.values()))
    parts = [members for _, members in asked.steps]
    moved = between(now, before, parts, asked.rule, asked.periods.rows) if before else None
    return {
        "journey": asked.row.key,
        "segment": asked.periods.segment,
        "definition": formulas.DEFINITION,
        "rule": asked.rule,
        "period": asked.periods.period,
        **_figures(asked, asked.members, moved and moved.whole),
        "target": _target(asked),
        "weakest": _weakest("stage", stages, apart.stages),
        "stages": [
            _stage(asked, place, _weakest("touchpoint", within[stage.position], apart.touchpoints), moved)
            for place, (stage, _) in enumerate(asked.steps)
        ],
        "consistency": _consistency(asked, within, apart),
        "mix": before
        and moved
        and mix_shift.shift(asked.members, now, before, asked.rule, moved.whole.moved, asked.periods.rows),
    }


def _index(estimate: Estimate | None) -> dict[str, float] | None:
    return formulas.rounded("index", estimate)


def _figures(asked: Asked, members: Sequence[Known], change: Change | None) -> dict[str, Any]:
    """Count, index and trend of some touchpoints taken together."""
    now = asked.periods.now
    rated = sum(sum(now.rated(one).values()) for one in members)
    index = _index(now.pool(None, members, asked.rule).index)
    return {
        "count": now.count(one.row.key for one in members),
        "rated_count": rated,
        "index": index and index | {"n": rated},
        "trend": change and _trend(asked, members, change),
    }


def _trend(asked: Asked, members: Sequence[Known], change: Change) -> dict[str, Any]:
    before, moved = asked.periods.before, change.moved
    assert before is not None
    return {
        "verdict": change.verdict,
        "difference": _index(moved and moved.difference),
        "unadjusted": _index(moved and moved.unadjusted),
        "interval": "days",
        "mix_shifted": bool(moved and moved.mix_shifted),
        "too_few": bool(moved and moved.few),
        "corrected_for": change.corrected_for,
        "previous": _index(before.pool(None, members, asked.rule).index),
        "previous_count": before.count(one.row.key for one in members),
    }


def _target(asked: Asked) -> dict[str, Any] | None:
    """Whether the index wanted for the whole is reached, as far as can be told; None without one, and of a segment."""
    if asked.row.target is None or asked.periods.segment:
        return None
    value, counted = asked.row.target["value"], asked.periods
    pool = counted.now.pool(None, asked.members, asked.rule)
    status = formulas.target_status(pool.level, value)
    if pool.level and not counted.over:
        error, answers = formulas.pool_error(pool.by_days.values(), "importance")
        status = verdicts.running(pool.level.value, error * sqrt(answers), answers, counted.now.length, value)
    return {**asked.row.target, "status": status, "final": counted.over}


def _stage(asked: Asked, place: int, weakest_: dict[str, Any] | None, moved: Changes | None) -> dict[str, Any]:
    stage, members = asked.steps[place]
    return {
        **stage.model_dump(include={"position", "name", "phase"}),
        **_figures(asked, members, moved and moved.stages[place]),
        "weakest": weakest_,
        "touchpoints": [
            {"touchpoint": one.row.key, **_figures(asked, [one], moved and moved.touchpoints[one.row.key])}
            for one in members
        ],
    }


def _weakest(what: str, pools: Sequence[Pool], apart: tuple[list[Difference], int]) -> dict[str, Any] | None:
    differences, compared = apart
    found = weakest(pools, differences)
    if found is None:
        return None
    lowest, shared = found
    verdict = "cannot_be_told_apart" if shared else "weakest"
    index = _index(lowest.index)
    return {
        "verdict": verdict,
        what: lowest.name,
        "index": index and index | {"n": lowest.n},
        "shared_with": [one.name for one in shared],
        "corrected_for": compared,
    }


def _consistency(asked: Asked, within: Mapping[int, Sequence[Pool]], apart: Apart) -> dict[str, Any]:
    """What differs, of each kind."""
    by_source = {one.row.key: asked.periods.now.sources(one) for one in asked.members}
    (between_, stage_pairs), (touchpoints, touchpoint_pairs) = apart
    sources, source_pairs = differing(by_source.values())
    return {
        "compared": {"stages": stage_pairs, "touchpoints": touchpoint_pairs, "sources": source_pairs},
        "stages": [_difference(found, stage_pairs) for found in between_],
        "touchpoints": [
            {"stage": _owner(within, found.first), **_difference(found, touchpoint_pairs)} for found in touchpoints
        ],
        "sources": [
            {"touchpoint": _owner(by_source, found.first), **_difference(found, source_pairs)} for found in sources
        ],
    }


def _owner(families: Mapping[Any, Sequence[Pool]], one: Pool) -> Any:
    return next(name for name, family in families.items() if any(member is one for member in family))


def _difference(found: Difference, compared: int) -> dict[str, Any]:
    p = float(f"{found.p:.2g}")
    both = {"first": found.first.name, "second": found.second.name}
    return {**both, "difference": _index(found.estimate), "p": p, "corrected_for": compared}
