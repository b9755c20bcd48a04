"""The numbers of a score against published examples and arithmetic by hand."""

from math import sqrt

import pytest

from app.scores.formulas import (
    Estimate,
    difference,
    difference_p,
    holm,
    metrics,
    pool,
    rounded,
    subtract,
    target_status,
    trend,
    wilson,
)
from app.touchpoints.scales import SCALES
from tests.scores.histograms import histogram, thumbs


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2535, 0.3682), (15, 148, 0.0598, 0.1644), (0, 20, 0.0, 0.2005), (1, 29, 0.0018, 0.1963)],
)
def test_wilson_gives_the_corrected_intervals_newcombe_printed(hits, n, low, high):
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=0.00005)


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_a_difference_of_shares_gives_newcombes_method_10(now, before, low, high):
    change = difference(
        SCALES["thumbs"], "csat", thumbs(now[0], now[1] - now[0]), thumbs(before[0], before[1] - before[0])
    )
    assert (change.low, change.high) == pytest.approx((100 * low, 100 * high), abs=0.005)


def test_nps_follows_rocks_by_hand():
    # 6 promoters, 3 passives, 1 detractor: 6.75/13 and 1.75/13
    nps = metrics(SCALES["nps"], histogram({10: 4, 9: 2, 8: 3, 3: 1}))["nps"]
    half = 1.959963984540054 * sqrt((8.5 / 13 - (5 / 13) ** 2) / 13)
    assert nps.value == 50
    assert (nps.low, nps.high) == pytest.approx((100 * (5 / 13 - half), 100 * (5 / 13 + half)))
    assert (nps.low, nps.high) == pytest.approx((-0.20, 77.13), abs=0.005)


def test_holm_adjusts_a_hand_example():
    # 4 x 0.005; 3 x 0.01; 2 x 0.03; then 1 x 0.04, lifted to the one before it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_example_of_the_documentation_comes_out():
    counts = histogram({1: 9, 2: 14, 3: 51, 4: 170, 5: 168})
    shown = {name: rounded(name, estimate) for name, estimate in metrics(SCALES["csat"], counts).items()}
    assert shown == {
        "mean": {"value": 4.15, "low": 4.06, "high": 4.24},
        "index": {"value": 78.8, "low": 76.4, "high": 80.9},
        "csat": {"value": 82.0, "low": 78.0, "high": 85.4},
    }


def test_equal_ratings_claim_less_the_fewer_they_are():
    lows = [metrics(SCALES["stars"], histogram({3: n}))["mean"].low for n in (1, 2, 5, 20, 100, 1000)]
    assert lows == sorted(lows)
    assert lows[0] < 1.5
    assert 2.99 < lows[-1] < 3


def test_nobody_answered_is_none_and_not_zero():
    for scale in SCALES.values():
        assert metrics(scale, [0] * 11) == dict.fromkeys(scale.metrics)
        assert list(metrics(scale, [0] * 11)) == list(metrics(scale, [1] * 11)) == list(scale.metrics)


def test_ratings_outside_the_scale_are_not_looked_at():
    assert metrics(SCALES["smiley"], [5, 1, 2, 3, 4, 9, 9, 9, 9, 9, 9]) == metrics(
        SCALES["smiley"], [0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0]
    )


def test_a_trend_needs_evidence():
    stars = SCALES["stars"]
    good, poor = histogram({5: 80, 4: 15, 1: 5}), histogram({5: 40, 4: 30, 1: 30})
    assert trend(stars, "mean", good, poor) == "up"
    assert trend(stars, "mean", poor, good) == "down"
    assert trend(stars, "mean", good, good) == "no_evidence"
    assert trend(stars, "mean", histogram({5: 3}), histogram({4: 3})) == "no_evidence"


def test_a_period_without_answers_has_no_trend():
    assert trend(SCALES["csat"], "csat", histogram({5: 9}), [0] * 11) is None
    assert difference(SCALES["csat"], "csat", [0] * 11, histogram({5: 9})) is None


def test_equal_periods_have_p_one_and_opposite_ones_next_to_none():
    stars, smiley = SCALES["stars"], SCALES["smiley"]
    assert difference_p(stars, histogram({3: 20}), stars, histogram({3: 20})) == 1
    assert difference_p(stars, histogram({5: 50}), smiley, histogram({1: 50})) < 1e-9
    assert difference_p(stars, histogram({5: 50}), smiley, [0] * 11) is None


def test_on_shares_the_p_value_is_nearly_that_of_the_chi_square_test():
    # 60 of 100 against 45 of 100: chi-square 4.511 with one degree of freedom
    p = difference_p(SCALES["thumbs"], thumbs(60, 40), SCALES["thumbs"], thumbs(45, 55))
    assert p == pytest.approx(0.0337, abs=0.0002)


@pytest.mark.parametrize(
    ("estimate", "status"),
    [
        (Estimate(90, 85, 94), "met"),
        (Estimate(88, 84.9, 92), "undecided"),
        (Estimate(80, 70, 85), "undecided"),
        (Estimate(80, 70, 84.9), "not_met"),
        (None, "no_data"),
    ],
)
def test_a_target_is_decided_only_by_the_whole_interval(estimate, status):
    assert target_status(estimate, 85) == status


def test_the_rule_says_what_weighs():
    items = [
        (SCALES["stars"], histogram({5: 90}), 1),
        (SCALES["thumbs"], thumbs(0, 10), 4),
        (SCALES["nps"], [0] * 11, 5),
    ]
    assert pool(items, "pooled").value == pytest.approx(90)
    assert pool(items, "equal").value == pytest.approx(50)
    assert pool(items, "importance").value == pytest.approx(20)


def test_a_pool_of_nothing_is_none():
    assert pool([], "pooled") is None
    assert pool([(SCALES["stars"], [0] * 11, 1)], "equal") is None
    assert pool([(SCALES["stars"], histogram({5: 1}), 0)], "importance") is None


def test_nothing_is_shown_as_minus_zero_and_none_stays_none():
    assert str(rounded("nps", Estimate(-0.01, -0.04, 0.0))) == "{'value': 0.0, 'low': 0.0, 'high': 0.0}"
    assert rounded("mean", None) is None


def test_subtracting_works_on_any_two_estimates():
    assert subtract(Estimate(60, 57, 64), Estimate(50, 46, 53)) == Estimate(10, 10 - sqrt(18), 10 + sqrt(32))
