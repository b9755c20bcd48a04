"""Segments over several touchpoints, like with like: what a touchpoint is rated by everybody is taken out first. Pure.

A store that takes returns is rated lower than one that only sells. Levels of touchpoints and of segments are fitted
together (additive, least squares), so that what is compared are answers at the same touchpoints.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.scores import segment_verdicts
from app.scores.segment_verdicts import Day, Measured, Whole

_ROUNDS, _ENOUGH = 60, 1e-5
Wholes = Mapping[int, Mapping[str, Whole]]  # by touchpoint and segment


def levels(wholes: Wholes) -> dict[int, float]:
    """How far each touchpoint lies above the level of all, at equal segments, in units of the values (0..1)."""
    cells = [
        (at, name, one.n, one.total / one.n) for at, found in wholes.items() for name, one in found.items() if one.n
    ]
    own: dict[str, float] = defaultdict(float)
    here: dict[int, float] = defaultdict(float)
    for _ in range(_ROUNDS if len(wholes) > 1 else 0):
        own = _means((name, n, mean - here[at]) for at, name, n, mean in cells)
        next_ = _means((at, n, mean - own[name]) for at, name, n, mean in cells)
        moved = max((abs(next_[at] - here[at]) for at in next_), default=0.0)
        here = next_
        if moved < _ENOUGH:
            break
    weight = sum(n for _, _, n, _ in cells)
    middle = sum(n * here[at] for at, _, n, _ in cells) / weight if weight else 0.0
    return {at: here[at] - middle for at in wholes}


def _means(values: Iterable[tuple[Any, float, float]]) -> defaultdict[Any, float]:
    weights: dict[Any, float] = defaultdict(float)
    totals: defaultdict[Any, float] = defaultdict(float)
    for name, n, value in values:
        weights[name] += n
        totals[name] += n * value
    for name, n in weights.items():
        totals[name] /= n
    return totals


def wholes(found: Wholes, above: Mapping[int, float]) -> dict[str, Whole]:
    """Each segment over all touchpoints, as if these were all rated alike."""
    pooled: dict[str, Whole] = {}
    for at, segments in found.items():
        level = above[at]
        for name, one in segments.items():
            squares = one.squares - 2 * level * one.total + level * level * one.n
            moved = Whole(one.n, one.total - level * one.n, squares)
            before = pooled.get(name, Whole(0.0, 0.0, 0.0))
            pooled[name] = Whole(*(one + more for one, more in zip(before, moved, strict=True)))
    return pooled


def measured(found: Wholes, days: Callable[[Mapping[int, float]], Iterable[Day]]) -> Measured:
    """What there is to compare. A segment tells less where it is much of a touchpoint: it makes that level itself.

    `days` tells of each segment's days, all touchpoints together (what is good or bad about a day is so at all of
    them), less these levels.
    """
    above = levels(found)
    pooled = wholes(found, above)
    told = segment_verdicts.measure(pooled, days(above))
    if len(found) < 2:
        return told
    all_here = {at: sum(one.n for one in segments.values()) for at, segments in found.items()}
    telling = dict.fromkeys(pooled, 0.0)
    for at, segments in found.items():
        for name, one in segments.items():
            telling[name] += one.n * (1 - one.n / all_here[at]) if one.n else 0.0
    kept = {name: size * pooled[name].n / telling[name] for name, size in told.sizes.items() if telling[name]}
    if len(kept) < 2:  # such as stores with touchpoints of their own: nothing is alike to be compared
        return Measured({}, {}, 1.0)
    return told._replace(sizes=kept, means={name: told.means[name] for name in kept})
