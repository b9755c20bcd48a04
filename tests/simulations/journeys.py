"""What is said of journeys whose stages, sources and mixes are all as they were, and beside it the plain way."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from app.journeys.changes import between
from app.journeys.chi_square import mix_p
from app.journeys.consistency import Pool, differing, p_of, weakest
from app.journeys.counts import PeriodCounts
from app.scores import baseline, formulas, verdicts
from app.scores.verdicts import Moved
from tests.simulations.claims import LENGTH, Rates
from tests.simulations.draws import BASE, STARS, Counts, World, answers, effects, histogram, measured, rated, rows

ALPHA = 0.05
BEFORE, NOW, SPAN = slice(BASE, BASE + LENGTH), slice(-LENGTH, None), BASE + 2 * LENGTH
Came = dict[str, Counts]  # by source


def member(key: str) -> Any:
    """A touchpoint as far as a journey's arithmetic looks at it."""
    return SimpleNamespace(scale=STARS, row=SimpleNamespace(key=key, importance=1.0))


def heard(came: dict[str, Came], part: slice) -> PeriodCounts:
    """What the product has in hand: the counts of a period, and the days of the 112 before everything."""
    counts, days = {}, {}
    for key, sources in came.items():
        sums = {source: histogram(found[part]) for source, found in sources.items()}
        counts[key] = {source: (sum(ratings), 0, *ratings) for source, ratings in sums.items()}
        before = rows({source: found[:BASE] for source, found in sources.items()})
        names = [None, *sources] if len(sources) > 1 else [None]
        days[key] = {source: baseline.measure(STARS, "index", before, source) for source in names}
    return PeriodCounts(counts, LENGTH, days)


def stages(world: World, among: int, trials: int, seed: int = 31) -> Rates:
    """Journeys of equal stages in which some are said to differ; plainly: some differ from the lowest, by answers.

    Found: one that lies 0.3 deviations lower is called the weakest, alone.
    """
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        came = {str(place): {"web": answers(rng, world, SPAN)} for place in range(among)}
        pools = _pools(came)
        wrong.append(bool(differing([pools])[0]))
        bare = [Pool(pool.name, pool.members) for pool in pools]
        lowest = min(bare, key=lambda pool: pool.index.value if pool.index else 100.0)
        adjusted = formulas.holm([p_of(pool, lowest) for pool in bare if pool is not lowest])
        plain.append(min(adjusted) < ALPHA)
        if trial % 4 == 0:
            came["0"] = {"web": answers(rng, world, SPAN, -0.3)}
            pools = _pools(came)
            named = weakest(pools, differing([pools])[0])
            found.append(named is not None and named[0].name == "0" and not named[1])
    return _rates(wrong, plain, found)


def _pools(came: dict[str, Came]) -> list[Pool]:
    now = heard(came, BEFORE)
    return [now.pool(key, [member(key)]) for key in came]


def sources(world: World, trials: int, *, campaigns: bool = False, seed: int = 32) -> Rates:
    """Two sources of a touchpoint at one level, each with days of its own; `campaigns`: mail comes once a fortnight.

    Found: mail that lies 0.5 deviations lower.
    """
    rng = np.random.default_rng(seed)
    share = np.where(np.arange(SPAN) % 14 == 3, 14.0, 0.0) if campaigns else 1.0
    half = world._replace(rate=world.rate / 2)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        for lower in (0.0, -0.5)[: 1 + (trial % 2)]:
            came = {"web": answers(rng, half, SPAN), "email": answers(rng, half, SPAN, lower, share)}
            pools = heard({"a": came}, BEFORE).sources(member("a"))
            said = bool(differing([pools])[0])
            if lower:
                found.append(said)
            else:
                wrong.append(said)
                plain.append(p_of(*(Pool(pool.name, pool.members) for pool in pools)) < ALPHA)
    return _rates(wrong, plain, found)


def mix(
    rate: float,
    dispersed: float,
    phi: float,
    trials: int,
    *,
    campaigns: bool = False,
    share: float = 0.2,
    seed: int = 33,
) -> Rates:
    """Shares that stay, while each source's volume of a day has so many times a Poisson's variance.

    Found: the share of mail goes from 20 to 40 %.
    """
    rng, share = np.random.default_rng(seed), 0.2
    wrong, plain, found = [], [], []
    for trial in range(trials):
        for later in (share, 2 * share)[: 1 + (trial % 2)]:
            parts = {
                "web": _volume(rng, rate * (1 - share), rate * (1 - later), dispersed, phi),
                "email": _volume(rng, rate * share, rate * later, dispersed, phi, campaigns=campaigns),
            }
            daily = [(day, part, int(n)) for part, all_of in parts.items() for day, n in enumerate(all_of[:BASE])]
            before = {part: int(all_of[BASE:-LENGTH].sum()) for part, all_of in parts.items()}
            now = {part: int(all_of[-LENGTH:].sum()) for part, all_of in parts.items()}
            said = (mix_p(before, now, daily, LENGTH) or 1.0) < ALPHA
            if later != share:
                found.append(said)
            else:
                wrong.append(said)
                plain.append((mix_p(before, now) or 1.0) < ALPHA)
    return _rates(wrong, plain, found)


def blamed(rate: float, dispersed: float, fall: float, trials: int, seed: int = 35) -> Rates:
    """A touchpoint falls and its mix stays: the mix is said to have moved it and nothing within the sources.

    Plainly: where all answers moved and within the sources nothing did. Found: the share of mail goes from 20 to 50 %.
    """
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        for later, down in ((0.2, fall), (0.5, 0.0))[: 1 + (trial % 2)]:
            shift = -np.r_[np.zeros(SPAN - LENGTH), np.full(LENGTH, down)]
            parts = {"web": (1 - 0.2, 1 - later, 0.0), "email": (0.2, later, -0.5)}
            came = {
                source: rated(rng, shift + level, _volume(rng, rate * before, rate * now, dispersed, 0.0))
                for source, (before, now, level) in parts.items()
            }
            sides = [{source: histogram(days[part]) for source, days in came.items()} for part in (NOW, BEFORE)]
            moved = verdicts.compare(STARS, "index", *sides, LENGTH, measured(_baseline(came)))
            assert moved is not None
            (wrong if down else found).append(moved.mix_shifted)
            if down:
                plain.append(_two_verdicts_differ(moved))
    return _rates(wrong, plain, found)


def _two_verdicts_differ(moved: Moved) -> bool:
    """The plain way to blame a mix: all answers moved, each source by itself did not."""
    return formulas.verdict(moved.unadjusted) != "no_evidence" and moved.verdict() == "no_evidence"


def whole_blamed(world: World, dispersed: float, fall: float, trials: int, seed: int = 36) -> Rates:
    """As `blamed`, of a journey of four touchpoints, half a deviation apart from one to the next.

    Found: most answers move to the lower ones.
    """
    rng = np.random.default_rng(seed)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        for moves, down in ((0.0, fall), (0.6, 0.0))[: 1 + (trial % 2)]:
            came = {}
            for place in range(4):
                shift = 0.75 - place / 2 - np.r_[np.zeros(SPAN - LENGTH), np.full(LENGTH, down)]
                later = world.rate * (1 + moves * (place - 1.5) / 1.5)
                volume = _volume(rng, world.rate, later, dispersed, 0.0)
                came[str(place)] = {"web": rated(rng, shift + effects(rng, world, SPAN), volume)}
            now, before = heard(came, NOW), heard(came, BEFORE)
            days = {key: rows(_baseline(own)) for key, own in came.items()}
            moved = between(now, before, [[member(key)] for key in came], "pooled", days).whole.moved
            assert moved is not None
            (wrong if down else found).append(moved.mix_shifted)
            if down:
                plain.append(_two_verdicts_differ(moved))
    return _rates(wrong, plain, found)


def _baseline(came: Came) -> Came:
    return {source: days[:BASE] for source, days in came.items()}


def _volume(
    rng: np.random.Generator, rate: float, later: float, dispersed: float, phi: float, *, campaigns: bool = False
) -> Any:
    """Answers of each day: lognormal days, neighbours alike by `phi`, on top of Poisson."""
    state = rng.normal(size=SPAN)
    for day in range(1, SPAN if phi else 0):
        state[day] = phi * state[day - 1] + np.sqrt(1 - phi**2) * state[day]
    spread = np.log1p((dispersed - 1) / rate)
    mean = np.r_[np.full(SPAN - LENGTH, rate), np.full(LENGTH, later)]
    if campaigns:
        mean = mean * np.where(np.arange(SPAN) % 14 == 3, 14, 0)
    return rng.poisson(mean * np.exp(np.sqrt(spread) * state - spread / 2))


def changes(world: World, trials: int, seed: int = 34) -> Rates:
    """Journeys of six touchpoints, in which most answers move to the lower ones and nothing else happens.

    Wrong: the whole is said to move. Found: it is, when all fall by 0.3 deviations beside that.
    """
    rng = np.random.default_rng(seed)
    levels = np.linspace(-0.5, 0.5, 6)
    wrong, plain, found = [], [], []
    for trial in range(trials):
        for fall in (0.0, 0.3)[: 1 + (trial % 2)]:
            came = {}
            for place, level in enumerate(levels):
                shift = np.r_[np.full(BASE + LENGTH, level), np.full(LENGTH, level - fall)]
                share = np.r_[np.full(BASE + LENGTH, 0.5 + place / 5), np.full(LENGTH, 1.5 - place / 5)]
                came[str(place)] = {"web": answers(rng, world, SPAN, shift, share)}
            now, before = heard(came, slice(SPAN - LENGTH, SPAN)), heard(came, BEFORE)
            members = [[member(key)] for key in came]
            said = between(now, before, members, "pooled", {}).whole.verdict
            if fall:
                found.append(said == "down")
            else:
                wrong.append(said != "no_evidence")
                plain.append(_plain_change(now, before, members) != "no_evidence")
    return _rates(wrong, plain, found)


def _plain_change(now: PeriodCounts, before: PeriodCounts, members: Any) -> str | None:
    new, old = (period.pool(None, [one for (one,) in members]).index for period in (now, before))
    return formulas.verdict(formulas.subtract(new, old)) if new and old else None


def _rates(wrong: list[bool], plain: list[bool], found: list[bool]) -> Rates:
    return Rates(*(100 * float(np.mean(part)) for part in (wrong, plain, found)))
