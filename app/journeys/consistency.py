"""What differs for real among the parts of a journey, by days. Pure arithmetic, no I/O."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from app.scores import formulas
from app.scores.days import Days, Part, student
from app.scores.formulas import Estimate, Rule, Weighed
from app.scores.verdicts import ALPHA, FEW


@dataclass(frozen=True, eq=False)
class Pool:
    """Something with an index: a stage, a touchpoint or a source; `members` are its independent samples by name.

    `days` says how alike the days of each sample are, `length` how many there were; a sample that it does not have is
    taken as independent answers.
    """

    name: Hashable
    members: Mapping[Hashable, Weighed]
    rule: Rule = "pooled"
    days: Mapping[Hashable, Days] = field(default_factory=dict)
    length: float = 1.0

    @cached_property
    def index(self) -> Estimate | None:
        """With an interval that says how far these answers can be trusted."""
        return formulas.pool(self.members.values(), self.rule)

    @cached_property
    def level(self) -> Estimate | None:
        """With an interval that knows of days."""
        return formulas.pool(self._by_days(widened=True).values(), "importance")

    @cached_property
    def by_days(self) -> dict[Hashable, Weighed]:
        """The samples as their independent answers, each with its share of the whole, which that leaves alone."""
        return self._by_days(widened=False)

    def _by_days(self, *, widened: bool) -> dict[Hashable, Weighed]:
        found: dict[Hashable, Weighed] = {}
        for name, (scale, counts, _) in self.members.items():
            days = self.days.get(name)
            sure = days.thinned(counts, self.length, widened=widened) if days else counts
            found[name] = scale, sure, self.shares[name]
        return found

    def part(self, name: Hashable, weight: float) -> Part:
        """One of its samples within a comparison."""
        freedom = self.days[name].freedom if name in self.days else 1.0
        return Part(self.size(name), sum(self.by_days[name][1]), freedom, weight)

    @cached_property
    def shares(self) -> dict[Hashable, float]:
        return dict(zip(self.members, formulas.shares(self.members.values(), self.rule), strict=True))

    @property
    def n(self) -> float:
        """How many ratings."""
        return sum(map(self.size, self.members))

    def size(self, name: Hashable) -> float:
        """How many ratings one of its samples has."""
        return sum(self.members[name][1])


class Difference(NamedTuple):
    """Two pools that differ, first minus second, with the adjusted p-value."""

    first: Pool
    second: Pool
    estimate: Estimate
    p: float


def p_of(one: Pool, other: Pool) -> float:
    """Two-sided p-value that two pools with answers have the same index. What stands in both cancels."""
    items = {name: pool for pool in (other, one) for name in pool.members}
    weights = {name: one.shares.get(name, 0.0) - other.shares.get(name, 0.0) for name in items}
    if len(one.members) == len(other.members) == 1 and len(items) == 2:
        (scale, counts, _), (other_scale, other_counts, _) = (*one.by_days.values(), *other.by_days.values())
        p = formulas.difference_p(scale, counts, other_scale, other_counts)
    else:
        p = formulas.contrast_p((*pool.by_days[name][:2], weights[name]) for name, pool in items.items())
    return 1.0 if p is None else student(p, (pool.part(name, weights[name]) for name, pool in items.items()))


def differing(families: Iterable[Sequence[Pool]]) -> tuple[list[Difference], int]:
    """The pairs within each family that differ, smallest p first, and how many were compared (Holm over all).

    Pools with fewer than FEW ratings are not compared.
    """
    pairs = [pair for family in families for pair in combinations([one for one in family if one.n >= FEW], 2)]
    found = []
    for (one, other), p in zip(pairs, formulas.holm([p_of(*pair) for pair in pairs]), strict=True):
        if p < ALPHA and one.level and other.level:
            found.append(Difference(one, other, formulas.subtract(one.level, other.level), p))
    return sorted(found, key=lambda difference: difference.p), len(pairs)


def weakest(pools: Iterable[Pool], differences: Iterable[Difference]) -> tuple[Pool, list[Pool]] | None:
    """The lowest index, and those that are not among its `differences`; None with fewer than two rated pools.

    One with fewer than FEW ratings is the lowest only where all are such.
    """
    rated = [(pool, pool.index.value) for pool in pools if pool.index]
    if len(rated) < 2:
        return None
    lowest = min(rated, key=lambda item: (item[0].n < FEW, item[1]))[0]
    apart = [pool for pair in differences if lowest in pair[:2] for pool in pair[:2]]
    return lowest, [pool for pool, _ in rated if pool is not lowest and pool not in apart]
