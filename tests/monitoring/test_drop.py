"""The detector of drops, against made-up answers whose level is known; a naive alarm stands beside it and must fail."""

import random
from math import exp, sqrt
from statistics import median

from pytest import approx

from app.monitoring.drop import Cell, Found, past
from app.monitoring.tilts import tilt
from tests.monitoring.plain_drop import plain_w

SKEWED = (0.05, 0.05, 0.10, 0.30, 0.50)
TODAY = 20_000
FLEET = 20
MEAN, SD = 0.7875, 0.2747  # of SKEWED, as shares of the scale
WEEKDAYS = (0.0, 0.0, 0.1, 0.1, -0.2, -0.3, 0.3)


def answers(seed, days=88, rate=50, fall=0.0, fell_on=None, sources=("web", "email")):
    """Answers of the last `days` days: weekdays differ by up to 0.3 deviations, sources by 0.5."""
    rng, cells = random.Random(seed), []
    for day in range(TODAY - days, TODAY):
        for number, source in enumerate(sources):
            shift = WEEKDAYS[(day + 3) % 7] - 0.5 * number - (fall if fell_on is not None and day >= fell_on else 0)
            t = tilt(SKEWED, min(max(MEAN + shift * SD, 0.02), 0.98))
            weights = [q * exp(t * place / 4) for place, q in enumerate(SKEWED)]
            for quarter in (1, 2, 3):
                given = rng.choices(range(5), weights, k=rng.randint(0, rate // 3))
                cells.append(Cell(day, quarter, source, tuple(given.count(place) for place in range(5))))
    return cells


def look(cells, today, per_alarm=4.0, baseline_from=0):
    """Whether the level fell."""
    known = past(cells, today, baseline_from)
    return known.fell(per_alarm) if known else Found(learning=True)


def look_up(cells, today, per_alarm=4.0):
    """Whether it rose."""
    known = past(cells, today)
    return known.rose(per_alarm) if known else Found(learning=True)


def naive(cells, today):
    """28 days against the 28 before, at 95 %, as if each answer stood alone."""
    parts = [[c for c in cells if today - 28 * (k + 1) <= c.day < today - 28 * k] for k in (0, 1)]
    (n, total), (m, former) = [(sum(c.n for c in part), sum(c.total for c in part)) for part in parts]
    return former / m - total / n > 1.96 * SD * sqrt(1 / n + 1 / m)


def test_a_drop_is_found_and_dated_within_three_days_and_stable_touchpoints_have_none():
    for seed in range(FLEET):
        cells, day = answers(seed), TODAY
        assert not look(cells, day, per_alarm=4 * FLEET).fell and not look_up(cells, day, per_alarm=4 * FLEET).fell
    found = [look(answers(seed, fall=0.5, fell_on=TODAY - 12), TODAY, per_alarm=4 * FLEET) for seed in range(10)]
    assert all(one.fell for one in found)
    assert median(abs(one.since - (TODAY - 12)) for one in found) <= 3
    assert all(one.after < one.before - 0.05 for one in found)


def test_the_statistic_is_that_of_its_formulas_on_answers_of_any_kind():
    for seed in range(4):
        rng = random.Random(seed)
        sources = ("web", "email", "kiosk")[: rng.randint(1, 3)]
        how = {"days": rng.choice((88, 150)), "rate": rng.choice((3, 9, 40)), "sources": sources}
        cells = answers(seed, fall=rng.choice((0, 0.5, -0.5)), fell_on=TODAY - 12, **how)
        if seed % 2:
            cells = [Cell(c.day, c.part, c.source, (sum(c.counts[:3]), sum(c.counts[3:]))) for c in cells]
        plain = [(c.day, c.part, c.source, c.counts) for c in cells]
        for up, found in ((False, look(cells, TODAY)), (True, look_up(cells, TODAY))):
            expected = plain_w(plain, TODAY, up=up)
            assert found.learning == (expected is None)
            if expected:
                assert (found.w, found.h) == approx(expected, abs=1e-6)


def test_a_naive_alarm_fires_where_nothing_fell():
    fired = {True: 0, False: 0}
    for seed in range(100, 110):
        cells = answers(seed, days=140)
        looks = range(TODAY - 56, TODAY, 4)
        fired[True] += any(naive(cells, day) for day in looks)
        fired[False] += any(look(cells, day, per_alarm=40).fell for day in looks)
    assert fired[True] >= 2 and fired[False] == 0


def test_a_rise_is_found_as_a_fall_of_the_other_end():
    found = look_up(answers(3, fall=-0.5, fell_on=TODAY - 12), TODAY)
    assert found.fell and found.after > found.before and abs(found.since - (TODAY - 12)) <= 3


def test_more_answers_of_an_unhappier_source_are_no_fall():
    cells = answers(5)
    more = [
        Cell(c.day, c.part, c.source, tuple(n * 3 for n in c.counts))
        if c.source == "email" and c.day >= TODAY - 20
        else c
        for c in cells
    ]
    assert not look(more, TODAY).fell


def test_a_new_source_without_a_past_is_no_fall():
    new = [Cell(day, 2, "kiosk", (20, 10, 5, 2, 1)) for day in range(TODAY - 15, TODAY)]
    assert not look(answers(6) + new, TODAY).fell


def test_with_little_past_it_learns_and_says_nothing():
    assert look(answers(7, days=30), TODAY).learning
    assert look([], TODAY).learning
    assert look(answers(7), TODAY, baseline_from=TODAY - 30).learning


def test_two_values_and_answers_that_are_all_alike_are_borne():
    thumbs = [Cell(day, 2, "web", (0, 20)) for day in range(TODAY - 100, TODAY)]
    assert not look(thumbs, TODAY).fell
    assert look([*thumbs[:-6], *(Cell(c.day, 2, "web", (8, 12)) for c in thumbs[-6:])], TODAY).fell


def test_the_days_between_which_it_began_hold_the_day_it_began_and_are_few():
    held, widths = 0, []
    for seed in range(40):
        found = look(answers(seed, days=140, fall=0.5, fell_on=TODAY - 14), TODAY, per_alarm=4)
        held += found.earliest <= TODAY - 14 <= found.latest
        widths.append(found.latest - found.earliest)
        assert found.earliest <= found.since <= found.latest
    assert held >= 34 and median(widths) <= 8


def test_the_sources_are_told_apart_and_add_up():
    found = look(answers(3, fall=0.5, fell_on=TODAY - 12), TODAY)
    assert [part.source for part in found.sources] == ["email", "web"]
    assert sum(part.n for part in found.sources) == found.n
    assert all(part.after < part.before for part in found.sources)
    email, web = found.sources
    assert email.before < web.before


def test_a_level_that_came_back_is_seen_and_one_that_stays_low_is_not():
    fell, alarm, back = TODAY - 30, TODAY - 20, TODAY - 12
    for seed in range(5):
        low = answers(seed, days=150, fall=0.6, fell_on=fell)
        usual = [cell for cell in answers(100 + seed, days=150) if cell.day >= back]
        known = past([cell for cell in low if cell.day < back] + usual, TODAY)
        assert known and known.is_back(alarm, 0.6 * SD, 400, 4 * FLEET)
        stays = past(low, TODAY)
        assert stays and not stays.is_back(alarm, 0.6 * SD, 400, 4 * FLEET)
