"""Counts of the touchpoints of a journey in one period, and how alike their days are. Pure."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.journeys.consistency import Pool
from app.scores.baseline import BySource
from app.scores.counts import Counts, add, ratings
from app.scores.days import ASSUMED, Days
from app.scores.formulas import Rule, Weighed
from app.touchpoints.registry import Known


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """Counts of what counted, by touchpoint and source, in `length` days."""

    counts: Mapping[str, Mapping[str, Counts]]
    length: float
    days: Mapping[str, BySource]

    def count(self, keys: Iterable[str]) -> int:
        """How many answers, comments without a rating included."""
        return sum(counts[0] for key in keys for counts in self.counts.get(key, {}).values())

    def by_source(self, one: Known) -> dict[str, Counts]:
        """The histogram of each source of a touchpoint."""
        found = self.counts.get(one.row.key, {})
        return {source: ratings(found[source]) for source in sorted(found)}

    def rated(self, one: Known) -> dict[str, int]:
        """How many ratings came in through each source of a touchpoint."""
        return {source: sum(counts) for source, counts in self.by_source(one).items()}

    def alike(self, one: Known, source: str | None = None) -> Days:
        """How alike the days of a touchpoint are, or of one of its sources."""
        found = self.days.get(one.row.key, {})
        return found.get(source) or found.get(None, ASSUMED)

    def pool(self, name: Any, members: Iterable[Known], rule: Rule = "pooled") -> Pool:
        """The touchpoints `members` as one."""
        samples: dict[Hashable, Weighed] = {}
        days: dict[Hashable, Days] = {}
        for one in members:
            counts = ratings(add(self.counts.get(one.row.key, {}).values()))
            samples[one.row.key] = one.scale, counts, one.row.importance
            days[one.row.key] = self.alike(one)
        return Pool(name, samples, rule, days, self.length)

    def sources(self, one: Known) -> list[Pool]:
        """The sources of a touchpoint, each for itself."""
        return [
            Pool(source, {source: (one.scale, counts, 1.0)}, "pooled", {source: self.alike(one, source)}, self.length)
            for source, counts in self.by_source(one).items()
        ]
