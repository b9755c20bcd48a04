"""The chart of a drop: how its time is cut, and that the band of what is usual holds what it promises."""

import random
from datetime import date
from math import sqrt

import pytest

from app.dashboard import drop_chart
from app.dashboard.drop_chart import Cut, cut_of, steps_of
from app.scores.counts import NONE
from app.scores.days import ASSUMED, Days
from app.touchpoints.scales import SCALES

SCALE = SCALES["csat"]
ALONE = Days(0.0, 0.0, 1.0, measured=True)  # days that have nothing in common
TODAY = date(2026, 11, 26).toordinal()


def counts(*given: int) -> tuple[int, ...]:
    """What was counted, of ratings 1 to 5."""
    return (sum(given), 0, 0, *given, *NONE[8:])


def test_a_young_change_is_cut_in_days_and_an_old_one_in_weeks_of_which_one_begins_with_it():
    assert cut_of(TODAY - 3, TODAY, None) == Cut(TODAY - 31, TODAY - 3, TODAY + 1, 1)
    old = cut_of(TODAY - 40, TODAY, None)
    assert old.length == 7 and TODAY - 40 in old.starts and TODAY in range(old.first, old.end)
    closed = cut_of(TODAY - 200, TODAY, TODAY - 150)
    assert TODAY - 150 + 28 < closed.end <= TODAY - 150 + 28 + 7
    assert (closed.end - closed.first) % 7 == 0  # a week that is cut short would look like one that strayed
    assert cut_of(TODAY - 400, TODAY, None).end == TODAY - 400 + 182
    assert cut_of(TODAY, TODAY, None).end == TODAY + 1


def test_steps_have_the_level_of_their_days_and_a_gap_is_a_gap():
    cut = Cut(100, 114, 121, 7)
    heard = {100: counts(0, 0, 0, 0, 4), 113: counts(0, 0, 0, 0, 4), 114: counts(3, 0, 0, 0, 1)}
    first, second, after = steps_of(SCALE, heard, cut, 100.0, ALONE)
    assert (first.n, second.n, after.n) == (4, 4, 4) and after.level and after.level.value == 25
    assert after.start == date.fromordinal(114)
    assert after.usual and after.usual.value == 100 and after.usual.low > 25
    empty, *_ = steps_of(SCALE, {113: counts(1, 1, 1, 1, 1)}, cut, 50.0, ALONE)
    assert (empty.n, empty.level, empty.usual) == (0, None, None)


def test_the_band_is_wider_for_fewer_answers_and_where_days_hang_together():
    before = counts(10, 20, 30, 60, 80)[2:]

    def width(n: int, alike: Days = ALONE) -> float:
        found = drop_chart.band(SCALE, before, 72.5, n, 7, alike)
        assert found
        return found.high - found.low

    assert width(10) > width(40) > width(160)
    assert width(160, ASSUMED) > width(160)
    high = drop_chart.band(SCALE, before, 97.0, 10, 7, ALONE)
    assert high and high.high == 100
    assert drop_chart.band(SCALE, NONE[2:], 72.5, 10, 7, ALONE) is None


@pytest.mark.parametrize("rho", [0.0, 0.04], ids=["days alone", "days that hang together"])
def test_while_nothing_changes_about_95_of_100_weeks_lie_in_the_band(rho):
    dice, inside, weeks, shares = random.Random(1), 0, 2000, (5, 10, 15, 30, 40)
    level = sum(25 * place * share for place, share in enumerate(shares)) / 100
    deviation = sqrt(sum(share * (25 * place - level) ** 2 for place, share in enumerate(shares)) / 100)
    before = counts(*(share * 4 for share in shares))[2:]
    for week in range(weeks):
        a_day = (2, 5, 17)[week % 3]
        days = [dice.gauss(0, sqrt(rho) * deviation) for _ in range(7)]
        given = [day + 25 * place for day in days for place in dice.choices(range(5), shares, k=a_day)]
        band = drop_chart.band(SCALE, before, level, len(given), 7, Days(rho, 0.0, 1.0, measured=True))
        assert band
        inside += band.low <= sum(given) / len(given) <= band.high
    assert 0.93 < inside / weeks < 0.98
