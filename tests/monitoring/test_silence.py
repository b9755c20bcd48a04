"""Silence as a pure rule: worked by hand, and on a few touchpoint-years."""

from math import log

import pytest

from app.monitoring import silence
from tests.simulations.silences import days_until_told, false_a_year, naive, now_told

HOUR, DAY = 3600, 86_400


def test_the_surprise_is_that_of_the_formula_by_hand():
    assert silence.surprise([3, 3, 3, 2], 150, 0.2) == pytest.approx(8.427067, abs=1e-6)
    assert silence.surprise([0, 0], 150, 0.2) == 0


def test_a_closed_weekend_is_no_silence_and_a_missing_monday_is():
    hours = [(day * DAY + 12 * HOUR, 20) for day in range(61) if day % 7 < 5]
    friday = hours[-1][0]
    monday = silence.look(hours, friday + 3 * DAY)
    assert monday and monday.surprise == 0 and not monday.told
    evening = silence.look(hours, friday + 3 * DAY + HOUR)
    assert evening and evening.told and evening.needed == pytest.approx(log(365 * 800 / 56 / 0.1))


def test_with_few_answers_or_within_a_day_nothing_is_said():
    assert silence.look([], DAY) is None
    assert silence.look([(day * DAY, 1) for day in range(19)], 90 * DAY) is None
    busy = [(hour * HOUR, 100) for hour in range(24 * 60)]
    soon = silence.look(busy, busy[-1][0] + 24 * HOUR)
    assert soon and soon.hours == 23 and soon.surprise > soon.needed and not soon.told


@pytest.mark.parametrize("kind", [{"varies": 0.5}, {"weekends": False}])
def test_a_sound_touchpoint_is_called_silent_about_once_in_ten_years_and_often_by_the_plain_rule(kind):
    assert false_a_year(now_told, 3, 30, 1, **kind) <= 0.2
    assert false_a_year(naive, 3, 30, 1, **kind) > 0.3


def test_twenty_answers_a_day_that_stop_are_told_of_within_two_days():
    assert days_until_told(now_told, 20, 5, 2, varies=0.5) <= 2
