"""How often the 95 % intervals hold the truth: `python -m tests.benchmarks.coverage [--draws 4000]`.

Every scale, distributions of many shapes, n from 5 to 1000. Where all histograms of n answers can be listed, coverage
is exact; elsewhere (marked ~) it is simulated from a fixed seed, with a standard error of about 0.3 points.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import combinations
from math import comb, exp, lgamma, log
from random import Random
from time import perf_counter

from app.scores.formulas import Estimate, difference_p, metrics, pool, trend
from app.touchpoints.scales import SCALES, Scale

SIZES = (5, 10, 20, 50, 200, 1000)
LISTED = 20_000  # at most so many histograms are listed, more are drawn
Shares = tuple[float, ...]  # the truth: a probability per rating 0..10


def shapes(scale: Scale) -> dict[str, Shares]:
    """The distributions tried: what feedback looks like, and what is hard for an interval."""
    ends: dict[str, list[float]] = {
        f"only the ends, {worst} % worst": _ends(scale, worst / 100) for worst in (50, 30, 20, 10)
    }
    if scale.name == "thumbs":
        return {name: _at(scale, parts) for name, parts in ends.items()}
    steps = len(scale.ratings) - 1
    places = [step / steps for step in range(steps + 1)]
    middle, none = (steps + 1) // 2, [0.0] * (steps + 1)
    parts = {
        "uniform": [1.0] * (steps + 1),
        "J, like web reviews": [_line((10, 5, 8, 17, 60), place) for place in places],
        "satisfied, like the example": [_line((2, 3, 12, 41, 42), place) for place in places],
        "skewed, each step 40 % of the next": [0.4 ** (steps - step) for step in range(steps + 1)],
        "bell": [exp(-(((place - 0.6) / 0.2) ** 2) / 2) for place in places],
        "bell near the top": [exp(-(((place - 0.8) / 0.15) ** 2) / 2) for place in places],
        "delighted, 2 % furious": [2.0, *none[2:-1], 30.0, 68.0],
        "middle, 10 % at each end": _sum(_one(none, 0, 10), _one(none, middle, 80), _one(none, steps, 10)),
        **ends,
        "two values: best and next": _sum(_one(none, steps, 50), _one(none, steps - 1, 50)),
        "two values: middle and next": _sum(_one(none, middle, 50), _one(none, middle - 1, 50)),
        "two values: middle and worst": _sum(_one(none, middle, 50), _one(none, 0, 50)),
        "middle, 10 % worst": _sum(_one(none, middle, 90), _one(none, 0, 10)),
    }
    return {name: _at(scale, part) for name, part in parts.items()}


def coverage(
    scale: Scale, metric: str, truth: Shares, n: int, draws: int, interval: Callable[[list[int]], Estimate | None]
) -> tuple[float, bool]:
    """Share of samples of n answers whose interval holds the true `metric`, and whether it is exact."""
    aim = true_value(scale, metric, truth)
    exact = listable(truth, n)
    samples = listed(truth, n) if exact else ((counts, 1 / draws) for counts in drawn(truth, n, draws))
    held = 0.0
    for counts, probability in samples:
        estimate = interval(counts)
        held += probability * (estimate is not None and estimate.low - 1e-9 <= aim <= estimate.high + 1e-9)
    return held, exact


def true_value(scale: Scale, metric: str, truth: Shares) -> float:
    """The metric of the distribution itself: that of very many answers in its proportions."""
    estimate = metrics(scale, [round(share * 10**12) for share in truth])[metric]
    assert estimate is not None
    return estimate.value


def listable(truth: Shares, n: int) -> bool:
    support = sum(share > 0 for share in truth)
    return comb(n + support - 1, support - 1) <= LISTED


def listed(truth: Shares, n: int) -> Iterator[tuple[list[int], float]]:
    """Every possible histogram of n answers with its probability."""
    support = [rating for rating, share in enumerate(truth) if share > 0]
    for bars in combinations(range(n + len(support) - 1), len(support) - 1):
        edges = (-1, *bars, n + len(support) - 1)
        counts, weight = [0] * 11, lgamma(n + 1)
        for rating, left, right in zip(support, edges, edges[1:], strict=False):
            counts[rating] = right - left - 1
            weight += counts[rating] * log(truth[rating]) - lgamma(counts[rating] + 1)
        yield counts, exp(weight)


@cache
def drawn(truth: Shares, n: int, draws: int, seed: int = 20260101) -> list[list[int]]:
    random, ratings = Random(seed), range(11)
    samples = []
    for _ in range(draws):
        answers = random.choices(ratings, truth, k=n)
        samples.append([answers.count(rating) for rating in ratings])
    return samples


def _ends(scale: Scale, worst: float) -> list[float]:
    return [worst, *[0.0] * (len(scale.ratings) - 2), 1 - worst]


def _line(points: Sequence[float], place: float) -> float:
    left = min(int(place * (len(points) - 1)), len(points) - 2)
    return points[left] + (points[left + 1] - points[left]) * (place * (len(points) - 1) - left)


def _one(none: list[float], place: int, weight: float) -> list[float]:
    return [*none[:place], weight, *none[place + 1 :]]


def _sum(*parts: list[float]) -> list[float]:
    return [sum(column) for column in zip(*parts, strict=True)]


def _at(scale: Scale, parts: list[float]) -> Shares:
    whole = sum(parts)
    return (*[0.0] * scale.low, *[part / whole for part in parts], *[0.0] * (10 - scale.high))


def _table(metric: str, draws: int) -> None:
    """One table: the coverage of a metric's interval on every scale that reports it."""
    found: dict[int, list[tuple[float, str]]] = {n: [] for n in SIZES}
    print(f"\n{metric}: coverage in %\n{'':50}" + "".join(f"{n:>8}" for n in SIZES))
    for scale in (scale for scale in SCALES.values() if metric in scale.metrics and scale.name != "csat"):
        for name, truth in shapes(scale).items():
            if true_value(scale, metric, truth) in scale.bounds(metric):
                continue  # certain: every answer counts the same
            cells = [coverage(scale, metric, truth, n, draws, lambda c, s=scale: metrics(s, c)[metric]) for n in SIZES]
            print(
                f"{scale.name:8}{name:42}"
                + "".join(f"{100 * held:7.1f}{' ' if exact else '~'}" for held, exact in cells)
            )
            for n, (held, _) in zip(SIZES, cells, strict=True):
                found[n].append((held, f"{scale.name}, {name}"))
    everything = [cell for cells in found.values() for cell in cells]
    for title, pick in (("minimum", min), ("maximum", max)):
        print(f"{title:50}" + "".join(f"{100 * pick(cells)[0]:7.1f} " for cells in found.values()))
    inside = sum(0.93 <= held <= 0.99 for held, _ in everything)
    low, high = min(everything), max(everything)
    print(f"minimum {100 * low[0]:.1f} % ({low[1]}), maximum {100 * high[0]:.1f} % ({high[1]})")
    print(f"below 93 %: {sum(held < 0.93 for held, _ in everything)}, within 93-99 %: {inside}, of {len(everything)}")


def _false_alarms(draws: int) -> None:
    """Two periods of the same truth: how often a trend says up or down, and how often the p-value is below 0.05."""
    print("\nFalse alarms in %, both periods alike (trend by the headline / difference_p of the index)")
    sizes = ((10, 10), (20, 20), (50, 50), (20, 200), (200, 200))
    print(f"{'':50}" + "".join(f"{f'{now} v {before}':>14}" for now, before in sizes))
    worst = [0.0, 0.0]
    for scale in (SCALES["stars"], SCALES["nps"], SCALES["thumbs"]):
        for name, truth in shapes(scale).items():
            row = f"{scale.name:8}{name:42}"
            for now, before in sizes:
                pairs = list(zip(drawn(truth, now, draws, 1), drawn(truth, before, draws, 2), strict=True))
                alarms = sum(trend(scale, scale.headline, *pair) != "no_evidence" for pair in pairs) / draws
                small = sum((difference_p(scale, one, scale, other) or 0) < 0.05 for one, other in pairs) / draws
                row += f"{100 * alarms:7.1f} /{100 * small:5.1f}"
                worst = [max(worst[0], alarms), max(worst[1], small)]
            print(row)
    print(f"most: trend {100 * worst[0]:.1f} %, p-value {100 * worst[1]:.1f} %")


def _pools(draws: int) -> None:
    """Eight touchpoints of several scales and shapes, few answers in some: coverage of the pooled index."""
    print(
        "\nPooled index: coverage in %, eight touchpoints with 1..n answers each\n"
        + " " * 50
        + "".join(f"{n:>8}" for n in SIZES[:5])
    )
    parts = [(scale, truth) for scale in SCALES.values() for truth in list(shapes(scale).values())[:4]][::3]
    for rule in ("pooled", "equal", "importance"):
        row = []
        for n in SIZES[:5]:
            sizes = [1 + (n - 1) * place // (len(parts) - 1) for place in range(len(parts))]
            weights = [
                {"pooled": size, "equal": 1, "importance": 1 + place % 5}[rule] for place, size in enumerate(sizes)
            ]
            truths = [true_value(scale, "index", truth) for scale, truth in parts]
            aim = sum(w * value for w, value in zip(weights, truths, strict=True)) / sum(weights)
            samples = [
                drawn(truth, size, draws, place)
                for place, ((_, truth), size) in enumerate(zip(parts, sizes, strict=True))
            ]
            held = 0
            for together in zip(*samples, strict=True):
                estimate = pool(
                    [(scale, c, w) for (scale, _), c, w in zip(parts, together, weights, strict=True)], rule
                )
                held += estimate is not None and estimate.low <= aim <= estimate.high
            row.append(held / draws)
        print(f"{rule:50}" + "".join(f"{100 * held:7.1f}~" for held in row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=4000, help="samples where they cannot all be listed")
    draws, started = parser.parse_args().draws, perf_counter()
    for metric in ("mean", "csat", "ces", "nps"):
        _table(metric, draws)
    _false_alarms(draws)
    _pools(draws)
    print(f"\n{perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
