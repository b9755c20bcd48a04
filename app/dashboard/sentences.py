"""Sentences about levels and changes. Pure; a claim is made only where the interval bears it."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from app.dashboard.levels import Level, worst_first
from app.dashboard.localized import Localized
from app.dashboard.periods import Period

HURTS_BELOW = 60  # an index from here on is not called painful, even where it is the lowest


def overview(standings: Sequence[Level], t: Localized, worst: Markup) -> Markup:
    """One sentence on the lowest touchpoint (`worst` is its name, as a link), one on the targets."""
    ranked = [standing for standing in worst_first(standings) if standing.place]
    if not ranked:
        return t("overview.few") if any(standing.n for standing in standings) else t("overview.none")
    first = ranked[0]
    assert first.index is not None and first.place is not None
    below = t("overview.below", target=goal(first, t)) if first.missed else ""
    said = t(
        _lowest(first, len(ranked)),
        n=first.place.last - 1,
        worst=worst,
        index=t.number(first.index.value),
        below=below,
        trend=_moving(first, t),
    )
    return Markup(" ").join(part for part in (said, targets(standings, t)) if part)


def _lowest(standing: Level, among: int) -> str:
    assert standing.index is not None and standing.place is not None
    if among == 1:
        return "overview.only"
    if standing.place.last > 1:
        return "overview.unsure"
    return "overview.hurts" if standing.index.value < HURTS_BELOW else "overview.lowest"


def _moving(standing: Level, t: Localized) -> Markup:
    if standing.verdict not in ("up", "down"):
        return Markup()
    said = t(f"overview.{standing.verdict}")
    return said if said.startswith(",") else Markup(" ") + said


def targets(standings: Sequence[Level], t: Localized) -> Markup | None:
    """How many targets are missed, reached and open; None without any."""
    found = Counter(str(standing.target["status"]) for standing in standings if standing.target)
    if not found:
        return None
    return t(
        "overview.targets",
        missed=t.number(found["not_met"]),
        met=t.number(found["met"]),
        open=t.number(found["undecided"] + found["no_data"]),
    )


def touchpoint(standing: Level, period: Period, t: Localized) -> Markup:
    """How one touchpoint stands: the figure and its interval, the change, the target."""
    estimate = standing.index
    if estimate is None:
        return t("touchpoint.none", period=t(f"in.{period.name}"))
    if standing.few:
        return t("touchpoint.few", n=standing.n, index=t.number(estimate.value), interval=t.spread(estimate))
    parts = [
        t("touchpoint.stands", index=t.number(estimate.value), low=t.number(estimate.low), high=t.number(estimate.high))
    ]
    moved = standing.change
    if standing.moved and standing.mix_alone:
        parts.append(t("touchpoint.mix", by=t.by(standing.moved.unadjusted), before=t(f"before.{period.name}")))
    elif moved is not None:
        parts.append(t(f"touchpoint.{standing.verdict}", by=t.by(moved), before=t(f"before.{period.name}")))
    if standing.target:
        parts.append(t(f"touchpoint.{standing.target['status']}", target=goal(standing, t)))
    return Markup(" ").join(parts)


def goal(standing: Level, t: Localized) -> str:
    """The target's value; with the metric's name where it is not the index."""
    found = standing.goal
    assert found is not None
    return aim(found.metric, found.value, t)


def aim(metric: str, value: float, t: Localized) -> str:
    """A target of any touchpoint: 70, or 75 (satisfied)."""
    said = t.number(value, 0 if value.is_integer() else 1)
    return said if metric == "index" else f"{said} ({t.named('metric', metric)})"
