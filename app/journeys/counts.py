"""Counts of the touchpoints of a journey in one period. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.journeys.consistency import Pool
from app.scores.counts import Counts, add, ratings
from app.scores.formulas import Rule, Weighed
from app.touchpoints.registry import Known


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """Counts of what counted, by touchpoint and source."""

    counts: Mapping[str, Mapping[str, Counts]]

    def count(self, keys: Iterable[str]) -> int:
        """How many answers, comments without a rating included."""
        return sum(counts[0] for key in keys for counts in self.counts.get(key, {}).values())

    def cells(self, one: Known) -> dict[str, Weighed]:
        """The histogram of each source of a touchpoint."""
        by_source = self.counts.get(one.row.key, {})
        return {source: (one.scale, ratings(by_source[source]), 1.0) for source in sorted(by_source)}

    def rated(self, one: Known) -> dict[str, int]:
        """How many ratings came in through each source of a touchpoint."""
        return {source: sum(counts) for source, (_, counts, _) in self.cells(one).items()}

    def pool(self, name: Any, members: Iterable[Known], rule: Rule = "pooled") -> Pool:
        """The touchpoints `members` as one."""
        sums = ((one, ratings(add(self.counts.get(one.row.key, {}).values()))) for one in members)
        return Pool(name, {one.row.key: (one.scale, counts, one.row.importance) for one, counts in sums}, rule)

    def sources(self, one: Known) -> list[Pool]:
        """The sources of a touchpoint, each for itself."""
        return [Pool(source, {source: cell}) for source, cell in self.cells(one).items()]
