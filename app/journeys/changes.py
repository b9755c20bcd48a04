"""How a journey, its stages and its touchpoints moved against the period before: within sources, by days. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from app.journeys.counts import PeriodCounts
from app.scores import formulas, mix, verdicts
from app.scores.baseline import Row
from app.scores.formulas import Rule, Verdict
from app.scores.mix import Mix
from app.scores.verdicts import ALPHA, FEW, Moved
from app.touchpoints.registry import Known

Rows = Mapping[str, Iterable[Row]]  # of the days before both periods, by touchpoint


class Change(NamedTuple):
    """What moved, and what may be said of it beside so many others."""

    moved: Moved | None
    verdict: Verdict | None
    corrected_for: int


class Changes(NamedTuple):
    """Of the whole, of each stage in order, and of each touchpoint by key: three families, each looked at together."""

    whole: Change
    stages: Sequence[Change]
    touchpoints: Mapping[str, Change]


def between(
    now: PeriodCounts, before: PeriodCounts, stages: Sequence[Sequence[Known]], rule: Rule, rows: Rows
) -> Changes:
    """The changes of the touchpoints of each stage, of the stages and of the whole, in which each counts once.

    `rows` are those of the days before both periods, by touchpoint.
    """
    members = {one.row.key: one for stage in stages for one in stage}
    moves = {key: touchpoint(one, now, before) for key, one in members.items()}
    (whole,) = _together([_several(list(members.values()), now, before, rule, moves, rows)])
    each = _together([_several(stage, now, before, rule, moves, rows) for stage in stages])
    return Changes(whole, each, dict(zip(moves, _together(list(moves.values())), strict=True)))


def touchpoint(one: Known, now: PeriodCounts, before: PeriodCounts) -> Moved | None:
    """How the index of one touchpoint moved, as its own score says it."""
    sources = now.by_source(one), before.by_source(one)
    return verdicts.compare(one.scale, "index", *sources, now.length, now.alike(one))


def _several(
    members: Sequence[Known],
    now: PeriodCounts,
    before: PeriodCounts,
    rule: Rule,
    moves: Mapping[str, Moved | None],
    rows: Rows,
) -> Moved | None:
    new, old = now.pool(None, members, rule), before.pool(None, members, rule)
    if not new.level or not old.level:
        return None
    parts = [
        (moved, _weight(rule, one, new.size(one.row.key), old.size(one.row.key)))
        for one in members
        if (moved := moves[one.row.key])
    ]
    moved = verdicts.pooled(parts, formulas.subtract(new.level, old.level), few=min(new.n, old.n) < FEW)
    if moved.together_p >= ALPHA or moved.difference == moved.unadjusted:
        return moved
    return moved._replace(mix_p=mix.moved_p(_mixes(members, now, before, rule, rows), now.length))


def _mixes(members: Sequence[Known], now: PeriodCounts, before: PeriodCounts, rule: Rule, rows: Rows) -> list[Mix]:
    """The mix of all sources of all touchpoints as one; where touchpoints have fixed weights, that of each of them."""
    each = {
        one.row.key: verdicts.mix_of(one.scale, "index", now.by_source(one), before.by_source(one), now.alike(one).mix)
        for one in members
    }
    if rule != "pooled":
        shares = now.pool(None, members, rule).shares
        both = {key: own for key, own in each.items() if sum(own.now.values()) and sum(own.before.values())}
        return [own._replace(weight=shares[key]) for key, own in both.items()]
    daily = [
        (day, f"{key}/{source}", n) for key in each for day, source, found in rows.get(key, ()) if (n := sum(found))
    ]
    days = mix.mean_days(daily) if len({part for _, part, _ in daily}) > 1 else None
    levels = _named({key: own.levels for key, own in each.items()})
    new, old = (
        _named({key: own.now for key, own in each.items()}),
        _named({key: own.before for key, own in each.items()}),
    )
    return [Mix(levels, new, old, days)]


def _named(by_touchpoint: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {f"{key}/{source}": found for key, own in by_touchpoint.items() for source, found in own.items()}


def _weight(rule: Rule, one: Known, now: float, before: float) -> float:
    """`pooled`: the weight that makes the difference most certain, as among sources (Mantel and Haenszel 1959)."""
    return {"pooled": now * before / (now + before), "equal": 1.0, "importance": one.row.importance}[rule]


def _together(moves: Iterable[Moved | None]) -> list[Change]:
    moves = list(moves)
    told, tested = verdicts.together(moves)
    return [Change(moved, verdict, tested) for moved, verdict in zip(moves, told, strict=True)]
