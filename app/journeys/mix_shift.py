"""Mix shift: did the index change, or only who answered? It can fall although each part rose (Simpson 1951). Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.journeys.consistency import ALPHA, mix_adjusted, mix_p
from app.journeys.counts import PeriodCounts
from app.scores import formulas
from app.scores.formulas import Rule, Weighed
from app.touchpoints.registry import Known

EFFECT = 0.5  # points of the 0-100 index: less is not worth a warning
NOBODY = (0,) * 11


def shift(members: Sequence[Known], now: PeriodCounts, before: PeriodCounts, rule: Rule) -> dict[str, Any]:
    """How the mix of sources and touchpoints moved between two periods, and the change of the index without that."""
    sources = _shares(_by_source(members, before), _by_source(members, now))
    touchpoints = _shares(_by_touchpoint(members, before), _by_touchpoint(members, now))
    found = mix_adjusted(_cells(members, now, before, rule))
    effect = _effect(members, now, before, rule, found.difference.value) if found else None
    shifted = _shifted(members, now, before)
    moved = shifted or _beyond_chance(sources) or (rule == "pooled" and _beyond_chance(touchpoints))
    return {
        "warning": bool(moved and effect is not None and abs(effect) >= EFFECT),
        "sources": sources,
        "touchpoints": touchpoints,
        "shifted": shifted,
        "adjusted": formulas.rounded("index", found.now) if found else None,
        "adjusted_difference": formulas.rounded("index", found.difference) if found else None,
        "adjusted_verdict": formulas.verdict(found.difference) if found else None,
        "effect": None if effect is None else round(effect, 1) + 0.0,
    }


def _by_source(members: Sequence[Known], heard: PeriodCounts) -> Mapping[str, int]:
    return sum((Counter(heard.rated(one)) for one in members), Counter())


def _by_touchpoint(members: Sequence[Known], heard: PeriodCounts) -> Mapping[str, int]:
    return {one.row.key: sum(heard.rated(one).values()) for one in members}


def _shares(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, Any]:
    return {"p": _short(mix_p(before, now)), "before": _percent(before), "now": _percent(now)}


def _short(p: float | None) -> float | None:
    return None if p is None else float(f"{p:.2g}")


def _percent(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {part: round(100 * n / total, 1) for part, n in sorted(counts.items()) if n}


def _beyond_chance(shares: Mapping[str, Any]) -> bool:
    return shares["p"] is not None and shares["p"] < ALPHA


def _shifted(members: Sequence[Known], now: PeriodCounts, before: PeriodCounts) -> list[str]:
    """Touchpoints whose own mix of sources shifted, adjusted for looking at all of them."""
    tested = [(one.row.key, p) for one in members if (p := mix_p(before.rated(one), now.rated(one))) is not None]
    adjusted = formulas.holm([p for _, p in tested])
    return [key for (key, _), p in zip(tested, adjusted, strict=True) if p < ALPHA]


def _cells(
    members: Sequence[Known], now: PeriodCounts, before: PeriodCounts, rule: Rule
) -> list[tuple[Weighed, Weighed]]:
    """Each source of each touchpoint (before, now), with its share of the index before."""
    found = []
    shares = before.pool(None, members, rule).shares
    for one in members:
        old, new = before.cells(one), now.cells(one)
        total = sum(before.rated(one).values())
        for source, (scale, counts, _) in old.items():
            weight = shares[one.row.key] * sum(counts) / total if total else 0.0
            found.append(((scale, counts, weight), new.get(source, (scale, NOBODY, 0.0))))
    return found


def _effect(
    members: Sequence[Known], now: PeriodCounts, before: PeriodCounts, rule: Rule, adjusted: float
) -> float | None:
    """Points of the plain change that the adjusted one does not have."""
    new, old = now.pool(None, members, rule).index, before.pool(None, members, rule).index
    return new.value - old.value - adjusted if new and old else None
