"""What an action changed: the figures of the record, and how often it errs, in short simulations with fixed seeds."""

import pytest

from app.actions.expectation import Fleet, predicted
from app.actions.windows import Noise, Sums, Window, noise, sums, weights
from app.touchpoints.scales import SCALES
from tests.simulations.effect import World, shares


def win(mean, variance=4.0):
    return Window(0, 28, 100, 28, mean, variance, {})


@pytest.mark.parametrize(("last", "value", "variance"), [(74, 76.750034, 4.001140), (60, 60, 6)])
def test_a_low_month_is_one_of_six_and_a_step_is_another_level(last, value, variance):
    found = predicted([win(mean) for mean in (78, 80, 79, 77, 81, last)], Fleet(76, 25, 2), 1)
    assert found == pytest.approx((value, variance), abs=1e-6)


def test_the_variance_of_days_like_one_another_is_that_of_the_answers_and_never_less_than_the_floor():
    by = weights(SCALES["csat"], "index")
    day = {"web": sums([0, 3, 2, 5, 15, 25, 0, 0, 0, 0, 0], by)}
    found = noise(dict.fromkeys(range(112), day), 112, by[1:6])
    assert found.variance / 1e4 == pytest.approx(0.0800813, abs=1e-6) and found.rho == pytest.approx(0.0025)


def test_days_that_hang_together_say_less():
    assert Noise(100, 0.0).of([50] * 28) == pytest.approx(100 / 1400)
    assert Noise(100, 0.1).of([50] * 28) == pytest.approx(100 / 1400 * 6)
    assert Sums(0, 0, 0) == sums([0] * 11, [0.0] * 11)


def test_the_lowest_touchpoint_that_nothing_was_done_at_is_seldom_said_to_be_better():
    """The control, before against after at 95 %, must fail: it takes the regression to the mean for an effect."""
    found = shares(World(touchpoints=25), 30, 131)
    assert found["better"] <= 7 and found["worse"] <= 7 and found["naive better"] >= 10


def test_a_season_is_not_put_down_to_the_action():
    found = shares(World(season=-0.3), 15, 133)
    assert found["worse"] <= 8 and found["better"] <= 8 and found["naive worse"] >= 40


def test_an_action_that_helps_by_ten_points_is_said_to_help():
    assert shares(World(), 12, 132, 0.36)["better"] >= 80
