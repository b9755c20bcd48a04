"""How often what is said of steady touchpoints is wrong by the product, and beside it the plain way, as a control."""

from typing import NamedTuple

import numpy as np

from app.scores import formulas, verdicts
from app.scores.days import Days
from app.touchpoints.scales import SCALES
from tests.simulations.draws import BASE, LEVEL, SHAPES, STARS, World, answers, histogram, measured

LENGTH = 28
_TEN = (0.02, 0.01, 0.01, 0.02, 0.02, 0.04, 0.08, 0.15, 0.25, 0.20, 0.20)


class Rates(NamedTuple):
    """In per cent of trials: wrong as it is said, wrong the plain way (the control), and found when it is there."""

    wrong: float
    plain: float
    power: float


def _said(rng: np.random.Generator, world: World, fall: float) -> tuple[verdicts.Moved, str | None]:
    found = answers(rng, world, BASE + 2 * LENGTH, np.r_[np.zeros(BASE + LENGTH), np.full(LENGTH, -fall)])
    before, now = histogram(found[BASE:-LENGTH]), histogram(found[-LENGTH:])
    moved = verdicts.compare(STARS, "index", {"web": now}, {"web": before}, LENGTH, measured({"web": found[:BASE]}))
    assert moved is not None
    return moved, formulas.trend(STARS, "index", now, before)


def trend(world: World, trials: int, seed: int = 1) -> Rates:
    """28 days against 28: `up` or `down` of a level that stays; found: `down` after a fall of 0.3 deviations."""
    rng = np.random.default_rng(seed)
    still = [_said(rng, world, 0) for _ in range(trials)]
    fell = [_said(rng, world, 0.3)[0] for _ in range(trials // 2)]
    return Rates(
        100 * np.mean([moved.verdict() != "no_evidence" for moved, _ in still]),
        100 * np.mean([plain != "no_evidence" for _, plain in still]),
        100 * np.mean([moved.verdict() == "down" for moved in fell]),
    )


def coverage(world: World, trials: int, seed: int = 2) -> tuple[float, float]:
    """How often the interval of 28 days' level holds it: by days, and by answers (the control)."""
    rng = np.random.default_rng(seed)
    held = []
    for _ in range(trials):
        found = answers(rng, world, BASE + LENGTH)
        counts, alike = histogram(found[BASE:]), measured({"web": found[:BASE]})
        by_days = verdicts.level(STARS, "index", counts, LENGTH, alike)
        plain = formulas.estimate(STARS, "index", counts)
        held.append([one is not None and one.low <= LEVEL <= one.high for one in (by_days, plain)])
    return tuple(100 * np.mean(held, axis=0))  # type: ignore[return-value]  # two columns


def mix(rate: float, trials: int, seed: int = 3) -> tuple[Rates, float]:
    """The share of mail, half a deviation lower, goes from 20 to 50 %; nothing else happens. Beside: it is told so."""
    rng = np.random.default_rng(seed)
    wrong, plain, told = [], [], []
    world = World(rate)
    shares = np.r_[np.full(BASE + LENGTH, 0.2), np.full(LENGTH, 0.5)]
    for _ in range(trials):
        came = {
            "web": answers(rng, world, BASE + 2 * LENGTH, 0.0, 1 - shares),
            "email": answers(rng, world, BASE + 2 * LENGTH, -0.5, shares),
        }
        before = {source: histogram(found[BASE:-LENGTH]) for source, found in came.items()}
        now = {source: histogram(found[-LENGTH:]) for source, found in came.items()}
        alike = measured({source: found[:BASE] for source, found in came.items()})
        moved = verdicts.compare(STARS, "index", now, before, LENGTH, alike)
        assert moved is not None
        wrong.append(moved.verdict() != "no_evidence")
        told.append(moved.mix_shifted)
        sums = [[sum(column) for column in zip(*period.values(), strict=True)] for period in (now, before)]
        plain.append(formulas.trend(STARS, "index", sums[0], sums[1]) != "no_evidence")
    return Rates(100 * np.mean(wrong), 100 * np.mean(plain), float("nan")), 100 * float(np.mean(told))


def page(tau: float, phi: float, screens: int, seed: int = 4) -> Rates:
    """Screens of 50 touchpoints of 2 to 200 answers a day with any false `falling`; found: of five that fell 0.5."""
    rng = np.random.default_rng(seed)
    rates = np.geomspace(2, 200, 50)
    wrong, plain, found = [], [], []
    for screen in range(screens):
        said = [_said(rng, World(rate, tau, phi), 0) for rate in rates]
        told, _ = verdicts.together([moved for moved, _ in said])
        wrong.append("down" in told)
        plain.append(any(verdict == "down" for _, verdict in said))
        if screen % 4 == 0:
            fell = [_said(rng, World(rate, tau, phi), 0.5)[0] for rate in rates[::10]]
            told, _ = verdicts.together([*fell, *(moved for moved, _ in said[5:])])
            found += [verdict == "down" for verdict in told[:5]]
    return Rates(100 * np.mean(wrong), 100 * np.mean(plain), 100 * np.mean(found))


def few(metric: str, now: int, before: int, trials: int, seed: int = 5) -> Rates:
    """Two periods of few answers each, nothing between days; csat of stars, nps of 0 to 10."""
    rng = np.random.default_rng(seed)
    scale = SCALES["nps"] if metric == "nps" else STARS
    shape = np.array(_TEN if metric == "nps" else (0, *SHAPES["skew"], 0, 0, 0, 0, 0))
    wrong, plain = [], []
    for one, other in zip(rng.multinomial(now, shape, trials), rng.multinomial(before, shape, trials), strict=True):
        both = [int(n) for n in one], [int(n) for n in other]
        moved = verdicts.compare(
            scale, metric, {"web": both[0]}, {"web": both[1]}, LENGTH, Days(0.0025, 0, 1, measured=True)
        )
        wrong.append(moved is not None and moved.verdict() != "no_evidence")
        plain.append(formulas.trend(scale, metric, *both) != "no_evidence")
    return Rates(100 * np.mean(wrong), 100 * np.mean(plain), float("nan"))


class Target(NamedTuple):
    """In per cent of months whose level is exactly the target: decided on any day, at the end, any day the plain way;
    and reached by the end when the level lies 0.25 deviations above it."""

    early: float
    end: float
    plain: float
    power: float


def target(world: World, months: int, seed: int = 6) -> Target:
    """A month of 28 days looked at daily."""
    rng = np.random.default_rng(seed)
    early, end, plain, power = [], [], [], []
    for _ in range(months):
        found = answers(rng, world, BASE + LENGTH)
        better = answers(rng, world, BASE + LENGTH, 0.25)
        alike = measured({"web": found[:BASE]})
        looks = [histogram(found[BASE : BASE + day]) for day in range(1, LENGTH + 1)]
        said = [
            verdicts.target(STARS, "index", LEVEL, counts, day, alike, over=False)
            for day, counts in enumerate(looks, 1)
        ]
        usual = [formulas.target_status(formulas.estimate(STARS, "index", counts), LEVEL) for counts in looks]
        early.append(any(status in ("met", "not_met") for status in said))
        plain.append(any(status in ("met", "not_met") for status in usual))
        last = verdicts.target(STARS, "index", LEVEL, looks[-1], LENGTH, alike, over=True)
        end.append(last in ("met", "not_met"))
        counts, alike = histogram(better[BASE:]), measured({"web": better[:BASE]})
        power.append(verdicts.target(STARS, "index", LEVEL, counts, LENGTH, alike, over=False) == "met")
    return Target(*(100 * float(np.mean(part)) for part in (early, end, plain, power)))
