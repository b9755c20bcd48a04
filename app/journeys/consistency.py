"""What differs for real among the parts of a journey, and whether the mix of parts shifted. Pure arithmetic, no I/O."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import erfc, exp, pi, sqrt
from typing import NamedTuple

from app.scores import formulas
from app.scores.formulas import Estimate, Rule, Weighed

ALPHA = 0.05
SPARSE = 5  # Cochran 1954: below this many expected answers the chi-square approximation fails


@dataclass(frozen=True)
class Pool:
    """Something with an index: a stage, a touchpoint or a source; `members` are its independent samples by name."""

    name: Hashable
    members: Mapping[Hashable, Weighed]
    rule: Rule = "pooled"

    @cached_property
    def index(self) -> Estimate | None:
        return formulas.pool(self.members.values(), self.rule)

    @cached_property
    def shares(self) -> dict[Hashable, float]:
        return dict(zip(self.members, formulas.shares(self.members.values(), self.rule), strict=True))


class Difference(NamedTuple):
    """Two pools that differ, first minus second, with the adjusted p-value."""

    first: Pool
    second: Pool
    estimate: Estimate
    p: float


def p_of(one: Pool, other: Pool) -> float:
    """Two-sided p-value that two pools with answers have the same index. What stands in both cancels."""
    if len(one.members) == len(other.members) == 1 and not one.members.keys() & other.members.keys():
        ((scale, counts, _),), ((other_scale, other_counts, _),) = one.members.values(), other.members.values()
        p = formulas.difference_p(scale, counts, other_scale, other_counts)
        return 1.0 if p is None else p
    items = {**other.members, **one.members}
    weights = {name: one.shares.get(name, 0.0) - other.shares.get(name, 0.0) for name in items}
    p = formulas.contrast_p((scale, counts, weights[name]) for name, (scale, counts, _) in items.items())
    return 1.0 if p is None else p


def weakest(pools: Iterable[Pool]) -> tuple[Pool, list[Pool]] | None:
    """The lowest index, and those that cannot be told apart from it; None with fewer than two rated pools."""
    rated = [(pool, pool.index.value) for pool in pools if pool.index]
    if len(rated) < 2:
        return None
    lowest = min(rated, key=lambda item: item[1])[0]
    others = [pool for pool, _ in rated if pool is not lowest]
    adjusted = formulas.holm([p_of(pool, lowest) for pool in others])
    return lowest, [pool for pool, p in zip(others, adjusted, strict=True) if p >= ALPHA]


def differing(families: Iterable[Sequence[Pool]]) -> tuple[list[Difference], int]:
    """The pairs within each family that differ, smallest p first, and how many were compared (Holm over all)."""
    pairs = [(one, other) for family in families for one, other in combinations(family, 2) if one.index and other.index]
    found = []
    for (one, other), p in zip(pairs, formulas.holm([p_of(*pair) for pair in pairs]), strict=True):
        if p < ALPHA and one.index and other.index:
            found.append(Difference(one, other, formulas.subtract(one.index, other.index), p))
    return sorted(found, key=lambda difference: difference.p), len(pairs)


def mix_p(before: Mapping[str, int], now: Mapping[str, int]) -> float | None:
    """P-value of Pearson's chi-square test that answers spread over parts as before; None with fewer than two parts.

    The smallest parts are taken together until both periods would expect SPARSE answers of each.
    """
    sums = sum(before.values()), sum(now.values())
    if not all(sums):
        return None
    total = sum(sums)
    columns = sorted((before.get(part, 0), now.get(part, 0)) for part in before.keys() | now.keys())
    columns.sort(key=sum, reverse=True)
    while len(columns) > 1 and min(sums) * sum(columns[-1]) / total < SPARSE:
        (a, b), (c, d) = columns.pop(), columns.pop()
        columns.append((a + c, b + d))
        columns.sort(key=sum, reverse=True)
    if len(columns) < 2:
        return None
    cells = [(seen, row * sum(column) / total) for column in columns for seen, row in zip(column, sums, strict=True)]
    return chi_square_p(sum((seen - expected) ** 2 / expected for seen, expected in cells), len(columns) - 1)


def chi_square_p(value: float, freedom: int) -> float:
    """Upper tail of the chi-square distribution for whole degrees of freedom (Abramowitz and Stegun 26.4.4, 26.4.5)."""
    half = value / 2
    if freedom % 2:
        term, tail, k = 2 * sqrt(half / pi) * exp(-half), erfc(sqrt(half)), 3
    else:
        term, tail, k = exp(-half), 0.0, 2
    while k <= freedom:
        tail += term
        term *= value / k
        k += 2
    return min(1.0, tail)


class Adjusted(NamedTuple):
    """The index now as it would be with the mix of before, and its change."""

    now: Estimate
    difference: Estimate


def mix_adjusted(cells: Iterable[tuple[Weighed, Weighed]]) -> Adjusted | None:
    """Direct standardisation over cells of (before, now), each weighed as before; None when no cell has both.

    A cell without answers in either period says nothing of a change and is left out of both.
    """
    both = [(old, (new[0], new[1], old[2])) for old, new in cells if sum(old[1]) and sum(new[1])]
    before = formulas.pool([old for old, _ in both], "importance")
    now = formulas.pool([new for _, new in both], "importance")
    return Adjusted(now, formulas.subtract(now, before)) if now and before else None
