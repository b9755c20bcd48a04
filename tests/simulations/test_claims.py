"""What is said is wrong as seldom as docs/numbers.md has it; the plain way, on the same draws, is not.

Short versions: dozens to hundreds of trials from a fixed seed; the bounds are the promise and three standard errors.
"""

import pytest

from tests.simulations import (
    claims,
    drops,
    ends,
    floods,
    hours,
    journey_drops,
    journeys,
    pages,
    responses,
    segments,
    tablets,
    where_it_fell,
)
from tests.simulations.draws import World


@pytest.mark.parametrize("world", [World(50, 0.1, 0.5, week=True), World(500, 0.2, week=True)])
def test_a_steady_touchpoint_is_seldom_said_to_move(world):
    found = claims.trend(world, 150)
    assert found.wrong <= 10 and found.power >= 75
    assert found.plain > 15, "the control must fail"


def test_the_interval_of_a_level_covers_it_when_days_hang_together():
    held, plain = claims.coverage(World(50, 0.1, 0.5), 150)
    assert held >= 91
    assert plain < 88, "the control must fail"


def test_more_mail_is_not_said_to_be_a_fall():
    found, told = claims.mix(54, 60)
    assert found.wrong <= 10 and told >= 75
    assert found.plain > 75, "the control must fail"


def test_a_screen_of_fifty_steady_touchpoints_seldom_has_one_that_falls():
    found = claims.page(0.1, 0.0, 12)
    assert found.wrong <= 17 and found.power >= 50
    assert found.plain > 60, "the control must fail"


def test_a_page_on_which_nothing_is_so_seldom_says_anything_whatever_it_compares():
    found = pages.of(World(50, 0.1, 0.5), 250)
    assert found.wrong <= 5 + 4.1 and found.power >= 90
    assert found.plain > 8, "the control must fail"


def test_a_handful_of_answers_says_nothing():
    assert claims.few("csat", 1, 1000, 1000).wrong == 0
    assert claims.few("csat", 1, 1000, 1000).plain > 8, "the control must fail"
    assert claims.few("csat", 10, 1000, 1000).wrong <= 7


def test_the_interval_of_a_response_rate_holds_it():
    found = responses.interval(20, 0.05, 4000)
    assert found.wrong <= 5 + 1.1
    assert found.plain > 9, "the control must fail"


def test_a_level_at_its_target_is_seldom_decided_however_often_it_is_looked_at():
    month = claims.target(World(50, 0.1, 0.5, week=True), 60)
    assert month.early <= 10 and month.end <= 14 and month.power >= 75
    assert month.plain > 40, "the control must fail"


@pytest.mark.parametrize(("world", "among"), [(World(50), 12), (World(50, 0.1, 0.5), 6)])
def test_stages_of_a_journey_that_are_all_equal_are_seldom_said_to_differ(world, among):
    found = journeys.stages(world, among, 40)
    assert found.wrong <= 10 and found.power >= 60
    assert found.plain >= 12, "the control must fail"


@pytest.mark.parametrize(("world", "campaigns"), [(World(500, 0.2), False), (World(50, 0.2), True)])
def test_sources_at_one_level_are_seldom_said_to_differ(world, campaigns):
    found = journeys.sources(world, 60, campaigns=campaigns)
    assert found.wrong <= 12 and found.power >= 50
    assert found.plain > 25, "the control must fail"


def test_a_mix_that_stays_is_seldom_said_to_shift_however_busy_days_are():
    found = journeys.mix(50, 5, 0.0, 150)
    assert found.wrong <= 9 and found.power >= 90
    assert found.plain > 25, "the control must fail"


def test_a_small_fall_is_seldom_blamed_on_a_mix_that_stayed():
    found = journeys.blamed(50, 10, 0.1, 200)
    assert found.wrong <= 5 + 4.6 and found.power >= 60
    assert found.plain > 5, "the control must fail"


def test_a_small_fall_of_a_journey_is_seldom_blamed_on_a_mix_that_stayed():
    found = journeys.whole_blamed(World(20), 3, 0.08, 60)
    assert found.wrong <= 3 and found.power >= 80
    assert found.plain > 4, "the control must fail"


def test_a_journey_does_not_fall_when_answers_only_move_to_its_lower_touchpoints():
    found = journeys.changes(World(50, 0.1), 40)
    assert found.wrong <= 12 and found.power >= 80
    assert found.plain > 80, "the control must fail"


def test_of_twenty_stores_that_are_all_alike_hardly_one_is_said_to_differ():
    alike = segments.stores(0.1, 150)
    assert alike.wrong <= 5 + 5.4
    assert alike.plain > 50, "the control must fail"
    assert segments.stores(0.1, 60, low=3).power >= 60


def test_campaigns_on_a_few_days_of_their_own_are_not_said_to_differ_for_their_days():
    found = segments.stores(0.2, 150, on=3)
    assert found.wrong <= 5 + 5.4
    assert found.plain > 50, "the control must fail"


def test_stores_at_other_touchpoints_are_not_said_to_differ_for_these():
    found = segments.mixed(0.1, 60, low=3)
    assert found.wrong <= 5 + 8.5 and found.power >= 55
    assert found.plain > 50, "the control must fail"


def test_a_time_of_the_week_like_all_others_is_seldom_said_to_stand_out():
    found = hours.standing_out(World(500, 0.2), 60)
    assert found.wrong <= 8 and found.power >= 80
    assert found.plain > 40, "the control must fail"


def test_a_drop_that_was_told_does_not_end_while_the_level_is_low_and_ends_when_it_is_back():
    found = ends.of(ends.in_use, 12, 0.4)
    assert found.false <= 0.1 and found.told <= 1.1 and found.wait is not None
    assert ends.of(ends.naive, 12, 0.4).told >= 1.15, "the control must fail"


def test_the_intervals_of_a_drop_that_is_told_hold_the_levels_before_and_after_it():
    found = drops.coverage(World(50, 0.2), 0.5, 150)
    assert found.before >= 91 and found.after >= 91 and found.told >= 90
    assert found.plain < 88, "the control must fail"


def test_a_journey_whose_touchpoints_share_their_days_is_not_said_to_fall_for_these():
    found = journey_drops.false_a_year(World(50, 0.3), 2, shared=True, each=4)
    assert found.told <= 1 + 2
    assert found.plain > 3, "the control must fail"


def test_what_is_set_aside_as_usual_is_seldom_a_flood():
    assert floods.false_a_year(floods.flood.limit, 1, 1, 3) <= 2
    assert floods.false_a_year(floods.naive, 1, 1, 3) > 10, "the control must fail"
    assert floods.found(1, 1, 30, 3) == 1


def test_a_tablet_is_not_missed_while_the_shop_is_closed_as_always():
    closed = "closed at weekends"
    assert tablets.false_a_year(tablets.silence.is_tablet_silent, 20, closed, 2) == 0
    assert tablets.false_a_year(tablets.naive, 20, closed, 2) > 40, "the control must fail"
    assert tablets.hours_until_told(20, closed, 5) <= 30


def test_a_drop_seldom_names_a_store_that_did_not_fall():
    found = where_it_fell.named(World(15, 0.2), 100, low=5, fall=0.8)
    assert found.wrong <= 5 + 6.5 and found.power >= 55
