"""A touchpoint's page on which nothing is so: how often it says anything at all, by all that it compares."""

from types import SimpleNamespace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from app.answers.terms import ALPHA as WORD_ALPHA
from app.answers.terms import separate
from app.dashboard import claims
from app.dashboard.levels import Level
from app.dashboard.ranks import Sample
from app.scores import baseline, score, segment_verdicts, verdicts
from app.scores.days import Days, values
from app.scores.score import Window
from app.scores.segment_verdicts import Day
from tests.simulations.claims import LENGTH, Rates
from tests.simulations.draws import BASE, LEVEL, STARS, Counts, World, answers, effects, histogram, rows
from tests.simulations.hours import by_hour
from tests.simulations.terms import at_random

WEEKS, QUARTER = 26, 6  # of the trend: its first and its last weeks are compared
SPAN = 7 * WEEKS
SHARES = {"web": 0.7, "email": 0.3}
STORES = 6
WORTH = values(STARS, "index")
COMMENTS = 100
_ZONE = ZoneInfo("UTC")
Came = dict[str, Counts]  # by source


class Said(NamedTuple):
    """What a page says: as it does, and each kind of claim by itself as if there were no other."""

    page: set[str]
    alone: set[str]


def came(rng: np.random.Generator, world: World, fall: float) -> Came:
    """Half of what days vary by is the same for both sources; the last 28 days are lower by `fall`."""
    half = world._replace(tau=world.tau / np.sqrt(2))
    shift = effects(rng, half, SPAN) - np.r_[np.zeros(SPAN - LENGTH), np.full(LENGTH, fall)]
    return {source: answers(rng, half, SPAN, shift, share) for source, share in SHARES.items()}


def said(rng: np.random.Generator, found: Came) -> Said:
    """The page of the last 28 days, from what the product would have read."""
    standing = _standing(found)
    alike = baseline.each_source(_known(), rows(_part(found, SPAN - LENGTH - BASE, SPAN - LENGTH)))
    trend = _moved(found, 7 * QUARTER, (0, SPAN - 7 * QUARTER), alike[None])
    now = sum(part[-LENGTH:] for part in found.values())
    samples = {
        source: Sample(STARS, histogram(part[-LENGTH:]), alike[source], LENGTH) for source, part in found.items()
    }
    looked = claims.looked(standing, trend, by_hour(rng, now), samples, _stores(rng, now))
    judged = claims.judged(looked)
    alone = {kind for kind, some in looked.items() if claims.judged({kind: some}).found(kind)}
    page = {kind for kind in looked if judged.found(kind)}
    listed = [term.p for term in separate(at_random(rng, COMMENTS))]
    page |= {claims.WORDS} if any(p < WORD_ALPHA * judged.shares[claims.WORDS] for p in listed) else set()
    return Said(page, alone | ({claims.WORDS} if listed else set()))


def of(world: World, trials: int, seed: int = 61) -> Rates:
    """Pages with any claim, by the page and with each kind by itself; found: that all fell by 0.3 deviations."""
    rng = np.random.default_rng(seed)
    still = [said(rng, came(rng, world, 0.0)) for _ in range(trials)]
    fell = [said(rng, came(rng, world, 0.3)) for _ in range(trials // 4)]
    wrong, plain = (100 * float(np.mean([bool(one[place]) for one in still])) for place in range(2))
    return Rates(wrong, plain, 100 * float(np.mean([claims.CHANGE in one.page for one in fell])))


def _known() -> Any:
    """A touchpoint as far as the page's arithmetic looks at it."""
    return SimpleNamespace(scale=STARS, row=SimpleNamespace(target={"metric": "index", "value": LEVEL}))


def _standing(found: Came) -> Level:
    """As the product puts it together; the target is exactly the level."""
    earlier = baseline.each_source(_known(), rows(_part(found, SPAN - 2 * LENGTH - BASE, SPAN - 2 * LENGTH)))[None]
    moved = _moved(found, LENGTH, (SPAN - 2 * LENGTH, SPAN - LENGTH), earlier)
    now = histogram(sum(part[-LENGTH:] for part in found.values()))
    recent = baseline.each_source(_known(), rows(_part(found, SPAN - LENGTH - BASE, SPAN - LENGTH)))[None]
    level = Level(_known(), Window(0, LENGTH * 86_400, _ZONE), (sum(now), 0, *now), moved=moved, days=earlier)
    level.target_days = recent
    level.target = score.target(STARS, _known().row.target, level.now, LENGTH, recent, over=False)
    return level


def _moved(found: Came, length: int, starts: tuple[int, int], days: Days) -> verdicts.Moved | None:
    before, now = (
        {source: histogram(part[start : start + length]) for source, part in found.items()} for start in starts
    )
    return verdicts.compare(STARS, "index", now, before, length, days)


def _part(found: Came, start: int, end: int) -> Came:
    return {source: part[start:end] for source, part in found.items()}


def _stores(rng: np.random.Generator, days: Counts) -> dict[tuple[str, ...], float]:
    """The p-values of stores to which customers go by chance."""
    parts = rng.multinomial(days, [1 / STORES] * STORES)  # days x ratings x stores
    wholes = {
        str(store): segment_verdicts.whole(STARS, histogram(parts[:, :, store]), WORTH) for store in range(STORES)
    }
    cells = [
        Day(str(store), day, float(row[:, store].sum()), float(row[:, store] @ np.array(WORTH)))
        for day, row in enumerate(parts)
        for store in range(STORES)
        if row[:, store].any()
    ]
    compared, _ = segment_verdicts.compare(wholes, cells)
    return {(store,): one.p for store, one in compared.items() if one.difference}
