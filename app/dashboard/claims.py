"""All that one touchpoint's page claims is one family: at most one page in twenty says anything that is not so. Pure.

The change against the period before has half of that twentieth, since it is what the page is opened for. The other half
is shared by the other kinds of claims, and what a kind has by its claims (Holm 1979 with weights).
"""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

from app.dashboard import heatmap
from app.dashboard.levels import Level
from app.dashboard.ranks import Sample, p_values
from app.scores.formulas import holm
from app.scores.verdicts import ALPHA, Moved

CHANGE, TOGETHER, TREND, TARGET = "change", "all sources together", "trend", "target"
TIMES, SOURCES, SEGMENTS, WORDS = "times of the week", "sources", "segments", "words"
ALONE = ""  # the name of a claim that is the only one of its kind
Looked = Mapping[str, Mapping[Any, float]]  # p-values of claims taken alone, by kind and name


class Claims(NamedTuple):
    """P-values adjusted for the whole page, how much of the 5 % each kind has, and how many claims were looked at."""

    adjusted: Looked
    shares: Mapping[str, float]
    corrected_for: int

    def p(self, kind: str, name: Hashable = ALONE) -> float:
        """1 for what was not looked at."""
        return self.adjusted.get(kind, {}).get(name, 1.0)

    def found(self, kind: str) -> list[Any]:
        """The claims of a kind that hold."""
        return [name for name, p in self.adjusted.get(kind, {}).items() if p < ALPHA]


def looked(
    standing: Level,
    trend: Moved | None,
    heat: heatmap.Cells,
    sources: Mapping[str, Sample],
    segments: Mapping[tuple[str, ...], float],
) -> Looked:
    """What the page looks at. Words have their share whether anybody asks for them or not."""
    moved, scale = standing.moved, standing.known.scale
    pairs, names = p_values(list(sources.values())), list(sources)
    return {
        CHANGE: _alone(moved.p if moved and moved.tested else None),
        TOGETHER: _alone(moved.together_p if moved and moved.difference != moved.unadjusted else None),
        TREND: _alone(trend.p if trend and trend.tested else None),
        TARGET: _alone(standing.target_p),
        TIMES: heatmap.p_values(scale, heat, standing.days, standing.window.days),
        SOURCES: {(names[low], names[high]): p for (low, high), p in pairs.items()},
        SEGMENTS: segments,
        WORDS: _alone(1.0),
    }


def _alone(p: float | None) -> dict[str, float]:
    return {} if p is None else {ALONE: p}


def judged(looked: Looked) -> Claims:
    """The claims of a page beside each other; a kind without any takes no share."""
    looked = {kind: claims for kind, claims in looked.items() if claims}
    shares = _shares(looked)
    names = [(kind, name) for kind, claims in looked.items() for name in claims]
    weights = [shares[kind] / len(looked[kind]) for kind, _ in names]
    adjusted: dict[str, dict[Any, float]] = {kind: {} for kind in looked}
    for (kind, name), p in zip(names, holm([looked[kind][name] for kind, name in names], weights), strict=True):
        adjusted[kind][name] = p
    return Claims(adjusted, shares, len(names))


def settle(standing: Level, claims: Claims) -> None:
    """Have a touchpoint say of change, mix and target only what holds beside all else on its page."""
    if standing.moved:
        standing.verdict = standing.moved.verdict(claims.p(CHANGE))
        standing.mix_alone = standing.verdict == "no_evidence" and claims.p(TOGETHER) < ALPHA
    if standing.target and claims.p(TARGET) >= ALPHA and standing.target["status"] != "no_data":
        standing.target = standing.target | {"status": "undecided"}


def _shares(kinds: Looked) -> dict[str, float]:
    others = [kind for kind in kinds if kind != CHANGE]
    if CHANGE not in kinds:
        return dict.fromkeys(others, 1 / len(others)) if others else {}
    return {CHANGE: 0.5 if others else 1.0} | dict.fromkeys(others, 0.5 / max(1, len(others)))
