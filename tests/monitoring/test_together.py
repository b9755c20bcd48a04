"""Touchpoints that fall together: found sooner than each alone, and not when one falls or their days are alike."""

import random

from pytest import approx

from app.monitoring.drop import Cell, past
from app.monitoring.together import Together
from tests.monitoring.test_drop import TODAY, answers

FELL, PER_ALARM = TODAY - 12, 24.0
SEEDS = (7, 2, 5, 1, 12)  # of which none is told of by itself


def pasts(*falls, rate=15):
    """Those of touchpoints that fell by so many deviations twelve days ago."""
    days = [
        answers(seed, days=196, rate=rate, fall=fall, fell_on=FELL) for seed, fall in zip(SEEDS, falls, strict=False)
    ]
    return {str(number): past(cells, TODAY) for number, cells in enumerate(days)}


def test_a_fall_that_is_too_small_in_each_is_found_in_all_together():
    found = pasts(*[0.48] * 5)
    assert not any(one.fell(PER_ALARM).fell for one in found.values())
    together = Together(found, TODAY).moved(PER_ALARM)
    assert together.fell and abs(together.since - FELL) <= 4
    assert [part.source for part in together.sources] == list(found)
    assert all(part.after < part.before for part in together.sources)
    assert not Together(found, TODAY).moved(PER_ALARM, rise=True).fell


def test_the_fall_of_one_is_none_of_the_others():
    found = pasts(1.2, 0, 0, 0, 0)
    assert found["0"].fell(PER_ALARM).fell
    del found["0"]
    assert not Together(found, TODAY).moved(PER_ALARM).fell


def test_one_alone_comes_to_what_it_comes_to_by_itself():
    found = pasts(0.5, rate=60)
    alone, together = found["0"].fell(PER_ALARM), Together(found, TODAY).moved(PER_ALARM)
    assert together.w == approx(alone.w) and together.h == approx(alone.h) and together.since == alone.since
    assert (together.before, together.after, together.n) == approx((alone.before, alone.after, alone.n))


def test_days_that_are_bad_everywhere_at_once_weigh_less():
    rng = random.Random(3)
    moods = [rng.gauss(0, 0.6) for _ in range(196)]
    same, own = ({str(n): past(_days(rng, moods if shared else None), TODAY) for n in range(5)} for shared in (1, 0))
    assert Together(own, TODAY).alike < 2 < Together(same, TODAY).alike


def _days(rng, moods):
    """Ratings of 20 customers a day who are all alike but for the day's mood."""
    for day in range(196):
        mood = moods[day] if moods else rng.gauss(0, 0.6)
        given = [min(4, max(0, round(rng.gauss(2.5 + mood, 1)))) for _ in range(20)]
        yield Cell(TODAY - 196 + day, 1, "web", tuple(given.count(place) for place in range(5)))


def test_it_is_over_when_the_levels_came_back():
    low = {n: answers(n, days=196, rate=30, fall=0.5, fell_on=TODAY - 30) for n in range(5)}
    back = {n: [c for c in answers(n + 50, days=196, rate=30) if c.day >= TODAY - 8] for n in range(5)}
    cells = {n: [c for c in low[n] if c.day < TODAY - 8] + back[n] for n in range(5)}
    stayed, returned = ({str(n): past(some[n], TODAY) for n in range(5)} for some in (low, cells))
    told = Together({str(n): past(low[n], TODAY - 8) for n in range(5)}, TODAY - 8).moved(PER_ALARM)
    assert told.fell
    assert Together(returned, TODAY).is_back(TODAY - 9, told.sources, PER_ALARM)
    assert not Together(stayed, TODAY).is_back(TODAY - 9, told.sources, PER_ALARM)
