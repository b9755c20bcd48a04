"""Puts the score object together from counts. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from app.scores import formulas, verdicts
from app.scores.buckets import ceil_day, day_start, to_time
from app.scores.counts import NONE, Counts, Part, add, ratings
from app.scores.days import Days
from app.scores.segment_values import NONE as NONE_SAID
from app.scores.segment_values import OTHER
from app.scores.slices import ASKED, COUNTED
from app.scores.verdicts import Moved
from app.touchpoints.scales import RATING_MAX, Scale

_RATINGS = tuple(map(str, range(RATING_MAX + 1)))


@dataclass(frozen=True, slots=True)
class Window:
    """The period of a score, in seconds since 1970, rounded outwards to local hours."""

    since: int
    until: int
    zone: ZoneInfo

    def before(self) -> "Window":
        """The period of the same length that ends where this one begins."""
        return Window(self.since - (self.until - self.since), self.since, self.zone)

    def whole_days(self) -> "Window":
        """This period rounded outwards to local midnights."""
        return Window(day_start(self.since, self.zone), ceil_day(self.until, self.zone), self.zone)

    @property
    def days(self) -> float:
        """How many days long it is."""
        return (self.until - self.since) / 86_400

    def public(self) -> dict[str, Any]:
        return {"since": to_time(self.since), "until": to_time(self.until), "timezone": self.zone.key}


class Wanted(TypedDict):
    """A touchpoint's target as it is stored."""

    metric: str
    value: float


def counted(parts: Mapping[Part, Counts]) -> Counts:
    """What counts, all sources together."""
    return add(counts for (_, part), counts in parts.items() if part == COUNTED)


def only(parts: Mapping[Part, Counts], source: str | None) -> dict[Part, Counts]:
    """The parts that came in through `source`; all of them when it is None."""
    return {part: counts for part, counts in parts.items() if source is None or part[0] == source}


def metrics(scale: Scale, counts: Counts) -> dict[str, dict[str, float] | None]:
    """Every metric of the scale as {value, low, high, n}, or None where nobody rated."""
    histogram = ratings(counts)
    found = {name: formulas.rounded(name, one) for name, one in formulas.metrics(scale, histogram).items()}
    n = sum(histogram)
    for figures in found.values():
        if figures:
            figures["n"] = n
    return found


def rated(counts: Counts) -> int:
    """How many answers have a rating."""
    return sum(ratings(counts))


def distribution(scale: Scale, counts: Counts) -> dict[str, int]:
    inside = slice(scale.low, scale.high + 1)
    return dict(zip(_RATINGS[inside], ratings(counts)[inside], strict=True))


def _by_prefix(parts: Mapping[Part, Counts], prefix: str) -> dict[str, int]:
    """How many answers have each flag (or reason), by name."""
    found: dict[str, int] = {}
    for (_, part), counts in sorted(item for item in parts.items() if item[0][1].startswith(prefix)):
        if counts[0]:
            name = part.removeprefix(prefix)
            found[name] = found.get(name, 0) + counts[0]
    return found


def summary(scale: Scale, parts: Mapping[Part, Counts]) -> dict[str, Any]:
    """Counts and metrics: what the whole, each group and each interval of a series have in common."""
    counts = counted(parts)
    return {
        "count": counts[0],
        "rated_count": rated(counts),
        "comment_count": counts[1],
        "excluded": _by_prefix(parts, "flag:"),
        "distribution": distribution(scale, counts),
        "reasons": _by_prefix(parts, "reason:"),
        "metrics": metrics(scale, counts),
    }


def together(many: Iterable[Mapping[Part, Counts]]) -> dict[Part, Counts]:
    """The parts of several windows as those of one."""
    found: dict[Part, Counts] = {}
    for parts in many:
        for part, counts in parts.items():
            found[part] = add((found.get(part, NONE), counts))
    return found


def by_source(parts: Mapping[Part, Counts]) -> dict[str, Counts]:
    """The histogram of what counts, by source."""
    return {source: ratings(counts) for (source, part), counts in parts.items() if part == COUNTED}


def response_rate(parts: Mapping[Part, Counts]) -> dict[str, Any] | None:
    """Answers per hundred asked, over the sources that count how often they asked; None when none does.

    Where more answered than were counted as asked, `asked` is incomplete and there is no interval.
    """
    asked = {source: counts[0] for (source, part), counts in parts.items() if part == ASKED and counts[0]}
    if not asked:
        return None
    answered = sum(parts.get((source, COUNTED), NONE)[0] for source in asked)
    total = sum(asked.values())
    incomplete = answered > total
    low, high = (
        (None, None) if incomplete else (round(100 * end, 1) for end in formulas.wilson(answered / total, total))
    )
    value = round(min(100.0, 100 * answered / total), 1)
    return {"asked": total, "answered": answered, "value": value, "low": low, "high": high, "at_least": incomplete}


def trend(
    scale: Scale, metric: str, moved: Moved | None, earlier: Mapping[Part, Counts], period: Window, days: Days
) -> dict[str, Any]:
    """How the metric moved against the period before; verdict None when one of them is empty."""
    before = counted(earlier)
    return {
        "verdict": moved and moved.verdict(),
        "metric": metric,
        "difference": formulas.rounded(metric, moved and moved.difference),
        "unadjusted": formulas.rounded(metric, moved and moved.unadjusted),
        "interval": "days",
        "days": "measured" if days.measured else "assumed",
        "mix_shifted": bool(moved and moved.mix_shifted),
        "too_few": bool(moved and moved.few),
        "corrected_for": 1,
        "previous": {
            "period": period.public(),
            "count": before[0],
            "rated_count": rated(before),
            "metrics": metrics(scale, before),
        },
    }


def target(
    scale: Scale, wanted: Wanted | None, counts: Counts, length: float, days: Days, *, over: bool
) -> dict[str, Any] | None:
    """Whether the target is met in a period of `length` days, as far as can be told; None without one on this scale."""
    if wanted is None or wanted["metric"] not in scale.metrics:
        return None
    status = verdicts.target(scale, wanted["metric"], wanted["value"], ratings(counts), length, days, over=over)
    return {**wanted, "status": status, "final": over}


def groups(scale: Scale, parts: Mapping[Part, Counts]) -> list[dict[str, Any]]:
    """The same summary for each source, those with most answers first."""
    sources = {source for source, _ in parts}
    found = [{"source": source, **summary(scale, only(parts, source))} for source in sources]
    return sorted(found, key=lambda group: (-group["count"], group["source"]))


def segments(scale: Scale, key: str, by_value: Mapping[str, Mapping[Part, Counts]]) -> list[dict[str, Any]]:
    """The same summary for each value of a key, those with most answers first; `other` and `none` come last."""
    found = [(value, summary(scale, parts)) for value, parts in by_value.items()]
    found.sort(key=lambda one: (one[0] in (OTHER, NONE_SAID), -one[1]["count"], one[0]))
    return [{"segment": f"{key}:{value}", **each} for value, each in found if each["count"] or each["excluded"]]


def series(
    scale: Scale, starts: Iterable[int], by_start: Mapping[int, Mapping[Part, Counts]], running: int
) -> list[dict[str, Any]]:
    """One summary for each interval in order; without answers it has count 0 and metrics null: a gap is a gap.

    `running` is the start of the interval that is not over yet.
    """
    found = []
    for start in starts:
        counts = counted(by_start.get(start, {}))
        point: dict[str, Any] = {"start": to_time(start), "partial": start >= running}
        point |= {"count": counts[0], "rated_count": rated(counts), "comment_count": counts[1]}
        found.append(point | {"distribution": distribution(scale, counts), "metrics": metrics(scale, counts)})
    return found
