"""Mix shift: did the index change, or only who answered? It can fall although each part rose (Simpson 1951). Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.journeys.changes import Rows
from app.journeys.chi_square import mix_p
from app.journeys.counts import PeriodCounts
from app.scores import formulas
from app.scores.formulas import Estimate, Rule
from app.scores.mix import Daily
from app.scores.verdicts import ALPHA, Moved
from app.touchpoints.registry import Known

EFFECT = 0.5  # points of the 0-100 index: less is not worth a warning


def shift(
    members: Sequence[Known], now: PeriodCounts, before: PeriodCounts, rule: Rule, moved: Moved | None, rows: Rows
) -> dict[str, Any]:
    """How the mix of sources and touchpoints moved between two periods, and the change of the index without that.

    `moved` is how the whole moved. All that is looked at is one family: p-values are adjusted together (Holm).
    """
    sources = _by_source(members, before), _by_source(members, now)
    touchpoints = _by_touchpoint(members, before), _by_touchpoint(members, now)
    tests = {
        ("sources", ""): mix_p(*sources, _sources(rows), now.length),
        ("touchpoints", ""): mix_p(*touchpoints, _touchpoints(rows), now.length),
    }
    for one in members:
        own = _sources({one.row.key: rows.get(one.row.key, ())})
        tests["own", one.row.key] = mix_p(before.rated(one), now.rated(one), own, now.length)
    known = {name: p for name, p in tests.items() if p is not None}
    adjusted = dict(zip(known, formulas.holm(list(known.values())), strict=True))
    beyond = {name for name, p in adjusted.items() if p < ALPHA}
    difference = moved and moved.difference
    effect = moved.unadjusted.value - difference.value if moved and difference else None
    relevant = beyond - ({("touchpoints", "")} if rule != "pooled" else set())
    return {
        "warning": bool(relevant and effect is not None and abs(effect) >= EFFECT),
        "sources": _shares(*sources, adjusted.get(("sources", ""))),
        "touchpoints": _shares(*touchpoints, adjusted.get(("touchpoints", ""))),
        "shifted": [key for what, key in tests if what == "own" and (what, key) in beyond],
        "corrected_for": len(known),
        "adjusted": formulas.rounded("index", _without(members, now, rule, effect)),
        "adjusted_difference": formulas.rounded("index", difference),
        "adjusted_verdict": moved.verdict() if moved and difference else None,
        "effect": None if effect is None else round(effect, 1) + 0.0,
    }


def _by_source(members: Sequence[Known], heard: PeriodCounts) -> Mapping[str, int]:
    return sum((Counter(heard.rated(one)) for one in members), Counter())


def _by_touchpoint(members: Sequence[Known], heard: PeriodCounts) -> Mapping[str, int]:
    return {one.row.key: sum(heard.rated(one).values()) for one in members}


def _sources(rows: Rows) -> Daily:
    return [(day, source, sum(ratings)) for own in rows.values() for day, source, ratings in own]


def _touchpoints(rows: Rows) -> Daily:
    return [(day, key, sum(ratings)) for key, own in rows.items() for day, _, ratings in own]


def _shares(before: Mapping[str, int], now: Mapping[str, int], p: float | None) -> dict[str, Any]:
    short = None if p is None else float(f"{p:.2g}")
    return {"p": short, "before": _percent(before), "now": _percent(now)}


def _percent(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {part: round(100 * n / total, 1) for part, n in sorted(counts.items()) if n}


def _without(members: Sequence[Known], now: PeriodCounts, rule: Rule, effect: float | None) -> Estimate | None:
    """The index now without what the shifted mix added to it."""
    level = now.pool(None, members, rule).level
    if level is None or effect is None:
        return None
    return Estimate(*(min(100.0, max(0.0, figure - effect)) for figure in level))
