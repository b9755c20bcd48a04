"""What differs for real: against published tables, arithmetic by hand, and simulation with known answers."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.journeys.chi_square import chi_square_p, mix_p
from app.journeys.consistency import Pool, differing, p_of, weakest
from app.scores import verdicts
from app.scores.days import Days
from app.scores.formulas import contrast_p, difference_p, shares
from app.touchpoints.scales import SCALES

STARS, THUMBS = SCALES["stars"], SCALES["thumbs"]


def histogram(ratings):
    return [ratings.get(rating, 0) for rating in range(11)]


def thumbs(up, down):
    return THUMBS, histogram({1: up, 0: down}), 1.0


def of(name, up, down):
    return Pool(name, {name: thumbs(up, down)})


def weakest_of(*pools):
    return weakest(pools, differing([pools])[0])


# Critical values of the chi-square distribution, as in any printed table (Abramowitz and Stegun, table 26.8)
@pytest.mark.parametrize(
    ("freedom", "value", "p"),
    [
        (1, 3.84146, 0.05),
        (1, 6.63490, 0.01),
        (2, 5.99146, 0.05),
        (2, 9.21034, 0.01),
        (3, 7.81473, 0.05),
        (4, 9.48773, 0.05),
        (5, 11.0705, 0.05),
        (5, 20.5150, 0.001),
        (6, 12.5916, 0.05),
        (10, 18.3070, 0.05),
        (10, 3.94030, 0.95),
        (25, 37.6525, 0.05),
        (30, 43.7730, 0.05),
    ],
)
def test_the_tail_of_chi_square_is_that_of_the_printed_tables(freedom, value, p):
    assert chi_square_p(value, freedom) == pytest.approx(p, rel=2e-5)


@pytest.mark.parametrize("freedom", range(1, 8))
def test_the_tail_of_chi_square_is_whole_at_zero_and_gone_far_out(freedom):
    assert chi_square_p(0, freedom) == 1
    assert chi_square_p(500, freedom) < 1e-80


def test_a_shift_of_two_sources_is_the_textbook_two_by_two_test():
    # 43 of 100 against 62 of 100: chi-square = 200 (43*38 - 57*62)^2 / (100*100*105*95) = 7.238, p = 0.00714
    assert mix_p({"web": 43, "kiosk": 57}, {"web": 62, "kiosk": 38}) == pytest.approx(0.00714, abs=1e-5)


def test_rare_sources_are_taken_together_and_one_source_has_no_mix():
    rare = mix_p({"web": 50, "kiosk": 3, "api": 3}, {"web": 50, "kiosk": 5, "email": 7})
    assert rare == pytest.approx(mix_p({"web": 50, "rest": 6}, {"web": 50, "rest": 12}))
    assert mix_p({"web": 50}, {"web": 70}) is None
    assert mix_p({"web": 50, "kiosk": 50}, {}) is None


def test_an_unshifted_mix_is_called_shifted_in_about_one_of_twenty_simulations():
    chance, wrong, runs = random.Random(7), 0, 1500
    for _ in range(runs):
        draws = [chance.choices(("web", "email", "kiosk"), (6, 3, 1), k=120) for _ in range(2)]
        before, now = ({part: draw.count(part) for part in ("web", "email", "kiosk")} for draw in draws)
        wrong += (mix_p(before, now) or 1) < 0.05
    assert 0.03 < wrong / runs < 0.07


def test_a_contrast_is_the_z_test_of_its_sum_by_hand():
    """600 of 1,000 against 560 of 1,000: z = 0.04 / sqrt(0.24 / 1000 + 0.2464 / 1000) = 1.814, p = 0.0697."""
    p = contrast_p([(*thumbs(600, 400)[:2], 1), (*thumbs(560, 440)[:2], -1)])
    assert p == pytest.approx(0.0697, abs=2e-4)


@given(st.tuples(*[st.integers(50, 400)] * 4))
def test_a_contrast_of_two_large_samples_is_nearly_their_difference(n):
    one, other = thumbs(*n[:2]), thumbs(*n[2:])
    plain = difference_p(THUMBS, one[1], THUMBS, other[1])
    assert contrast_p([(*one[:2], 1), (*other[:2], -1)]) == pytest.approx(plain, abs=0.02)


def test_two_single_samples_are_compared_as_everywhere_else():
    assert p_of(of("a", 7, 3), of("b", 2, 8)) == difference_p(
        THUMBS, of("a", 7, 3).members["a"][1], THUMBS, of("b", 2, 8).members["b"][1]
    )


def test_what_stands_in_both_stages_cancels_out():
    shared, broken, fine = thumbs(500, 500), thumbs(10, 30), thumbs(30, 10)
    one = Pool("one", {"shared": shared, "broken": broken}, "equal")
    other = Pool("other", {"shared": shared, "fine": fine}, "equal")
    assert p_of(one, other) == pytest.approx(contrast_p([(*broken[:2], 1), (*fine[:2], -1)]))
    assert p_of(one, one) == 1.0


def test_shares_follow_the_rule_and_leave_out_what_nobody_rated():
    items = [(STARS, histogram({5: 30}), 1), (STARS, histogram({1: 10}), 4), (STARS, histogram({}), 5)]
    assert shares(items, "pooled") == [0.75, 0.25, 0.0]
    assert shares(items, "equal") == [0.5, 0.5, 0.0]
    assert shares(items, "importance") == [0.2, 0.8, 0.0]
    assert shares(items[2:], "equal") == [0.0]


def test_the_weakest_is_named_alone_when_it_is_clear_and_in_company_when_not():
    lowest, shared = weakest_of(of("a", 90, 10), of("b", 20, 80), of("c", 85, 15))
    assert (lowest.name, shared) == ("b", [])
    lowest, shared = weakest_of(of("a", 90, 10), of("b", 62, 38), of("c", 65, 35))
    assert (lowest.name, [one.name for one in shared]) == ("b", ["c"])


def test_nothing_is_weakest_among_fewer_than_two_that_were_rated():
    assert weakest_of(of("a", 3, 4), of("b", 0, 0)) is None
    assert weakest_of() is None


def test_the_true_weakest_is_left_out_in_fewer_than_one_of_twenty_simulations():
    chance, left_out, runs = random.Random(11), 0, 1000
    true = {"weakest": 0.60, "b": 0.66, "c": 0.70, "d": 0.72, "e": 0.80, "f": 0.62}
    for _ in range(runs):
        ups = {name: sum(chance.random() < p for _ in range(80)) for name, p in true.items()}
        lowest, shared = weakest_of(*(of(name, up, 80 - up) for name, up in ups.items()))
        left_out += "weakest" not in {lowest.name, *(one.name for one in shared)}
    assert left_out / runs < 0.05


def test_equal_parts_are_called_different_in_at_most_one_of_twenty_simulations():
    chance, wrong, runs = random.Random(5), 0, 1000
    for _ in range(runs):
        ups = [sum(chance.random() < 0.7 for _ in range(60)) for _ in range(5)]
        wrong += bool(differing([[of(name, up, 60 - up) for name, up in enumerate(ups)]])[0])
    assert wrong / runs < 0.06


def test_a_broken_part_is_found_and_every_pair_is_counted():
    family = [of("a", 80, 20), of("b", 40, 60), of("c", 79, 21), of("nobody", 0, 0)]
    found, compared = differing([family, [of("x", 5, 5), of("y", 6, 4)]])
    assert compared == 3 + 1, "nobody has no ratings"
    assert differing([[of("x", 9, 0), of("y", 0, 90)]]) == ([], 0), "nine ratings are too few"
    assert {(one.first.name, one.second.name) for one in found} == {("a", "b"), ("b", "c")}
    assert found[0].p <= found[1].p < 0.05
    assert found[0].estimate.value == pytest.approx(40)


def test_one_with_a_handful_of_ratings_is_not_the_weakest_beside_others():
    lowest, shared = weakest_of(of("a", 90, 10), of("b", 60, 40), of("few", 0, 3))
    assert (lowest.name, [one.name for one in shared]) == ("b", ["few"])


def test_a_change_is_the_mean_of_what_each_touchpoint_changed_by_within_its_sources():
    """Each source rises by ten points while the answers move to the harsher one: all together fall (Simpson)."""
    before = {"web": histogram({1: 160, 0: 40}), "kiosk": histogram({1: 16, 0: 24})}
    now = {"web": histogram({1: 36, 0: 4}), "kiosk": histogram({1: 100, 0: 100})}
    days = Days(0.0025, 0, 1, measured=True)
    one = verdicts.compare(THUMBS, "index", now, before, 28, days)
    steady = verdicts.compare(THUMBS, "index", before, before, 28, days)
    both = verdicts.pooled([(one, 3.0), (steady, 1.0)], one.unadjusted, few=False)
    assert one.unadjusted.value == pytest.approx(100 * (136 / 240 - 176 / 240))
    assert both.difference.value == pytest.approx(7.5)
    assert both.difference.low == pytest.approx(
        7.5 - ((0.75 * (10 - one.difference.low)) ** 2 + (0.25 * steady.difference.low) ** 2) ** 0.5
    )
    assert both.mix_shifted
