"""What holds for the score of every histogram."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scores.formulas import difference, difference_p, holm, metrics, pool, rounded
from app.touchpoints.scales import SCALES
from tests.scores.histograms import compared, histogram, scored, thumbs


@given(scored)
def test_every_interval_holds_its_value_within_the_range_and_has_a_width(case):
    scale, counts = case
    for name, estimate in metrics(scale, counts).items():
        smallest, largest = scale.bounds(name)
        assert smallest <= estimate.low <= estimate.value <= estimate.high <= largest
        assert estimate.low < estimate.high


@given(scored)
def test_values_are_the_definitions_of_the_field(case):
    scale, counts = case
    n, found = sum(counts), metrics(scale, counts)
    mean = sum(rating * count for rating, count in enumerate(counts)) / n
    assert isclose(found["mean"].value, mean, abs_tol=1e-9)
    assert isclose(found["index"].value, 100 * (mean - scale.low) / (scale.high - scale.low), abs_tol=1e-9)
    if scale.name == "nps":
        assert isclose(found["nps"].value, 100 * (sum(counts[9:]) - sum(counts[:7])) / n, abs_tol=1e-9)
    else:
        assert isclose(found[scale.metrics[2]].value, 100 * sum(counts[scale.top :]) / n, abs_tol=1e-9)


@given(scored)
def test_the_index_interval_is_the_mean_interval_rescaled(case):
    scale, counts = case
    found = metrics(scale, counts)
    rescaled = [100 * (number - scale.low) / (scale.high - scale.low) for number in found["mean"]]
    assert list(found["index"]) == pytest.approx(rescaled)


@given(scored)
def test_one_more_best_answer_never_lowers_a_value_and_one_more_worst_never_raises_it(case):
    scale, counts = case
    for rating, direction in ((scale.high, 1), (scale.low, -1)):
        more = [count + (place == rating) for place, count in enumerate(counts)]
        for name, estimate in metrics(scale, more).items():
            assert direction * (estimate.value - metrics(scale, counts)[name].value) >= -1e-9


@given(scored)
def test_twice_the_same_answers_keep_the_value_and_narrow_the_interval(case):
    scale, counts = case
    doubled = metrics(scale, [2 * count for count in counts])
    for name, estimate in metrics(scale, counts).items():
        assert isclose(doubled[name].value, estimate.value, abs_tol=1e-9)
        assert doubled[name].high - doubled[name].low < estimate.high - estimate.low


@given(compared)
def test_merged_histograms_score_between_the_two(case):
    scale, one, other = case
    merged = metrics(scale, [a + b for a, b in zip(one, other, strict=True)])
    for name, estimate in merged.items():
        values = sorted(metrics(scale, counts)[name].value for counts in (one, other))
        assert values[0] - 1e-9 <= estimate.value <= values[1] + 1e-9


@given(scored)
def test_a_mirrored_histogram_gives_a_mirrored_mean(case):
    scale, counts = case
    mirrored = histogram({scale.low + scale.high - rating: counts[rating] for rating in scale.ratings})
    index, other = metrics(scale, counts)["index"], metrics(scale, mirrored)["index"]
    assert list(index) == pytest.approx([100 - other.value, 100 - other.high, 100 - other.low], abs=1e-6)


@given(st.integers(0, 500), st.integers(0, 500))
def test_on_thumbs_the_index_is_the_share_and_its_interval_a_little_wider(up, down):
    if up + down:
        found = metrics(SCALES["thumbs"], thumbs(up, down))
        index, share = found["index"], found["csat"]
        assert isclose(index.value, share.value)
        assert share.low - 40 / (up + down) <= index.low <= share.low + 1e-9
        assert share.high - 1e-9 <= index.high <= share.high + 40 / (up + down)


@given(compared)
def test_a_difference_turns_its_sign_when_the_periods_change_places(case):
    scale, now, before = case
    for name in scale.metrics:
        there, back = difference(scale, name, now, before), difference(scale, name, before, now)
        assert list(there) == pytest.approx([-back.value, -back.high, -back.low], abs=1e-9)
        assert there.low <= there.value <= there.high


@given(compared)
def test_a_p_value_is_a_probability_and_does_not_mind_the_order(case):
    scale, one, other = case
    p = difference_p(scale, one, scale, other)
    assert 0 <= p <= 1
    assert p == pytest.approx(difference_p(scale, other, scale, one))


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_keeps_the_order_and_never_makes_a_p_value_smaller(p_values):
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    by_size = [adjusted[place] for place in sorted(range(len(p_values)), key=p_values.__getitem__)]
    assert by_size == sorted(by_size)


@pytest.mark.parametrize("rule", ["pooled", "equal", "importance"])
@given(case=scored)
def test_a_pool_of_one_touchpoint_is_its_own_index(rule, case):
    scale, counts = case
    assert list(pool([(scale, counts, 3)], rule)) == pytest.approx(list(metrics(scale, counts)["index"]), abs=1e-6)


@given(
    st.lists(st.tuples(scored, st.integers(1, 5)), min_size=1, max_size=12),
    st.sampled_from(["pooled", "equal", "importance"]),
)
def test_a_pool_holds_its_value_within_the_range_and_has_a_width(cases, rule):
    estimate = pool([(scale, counts, weight) for (scale, counts), weight in cases], rule)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 100
    assert estimate.low < estimate.high


@given(scored)
def test_rounding_keeps_the_value_inside(case):
    scale, counts = case
    for name, estimate in metrics(scale, counts).items():
        shown = rounded(name, estimate)
        assert shown["low"] <= shown["value"] <= shown["high"]
        assert all(number == round(number, 2 if name == "mean" else 1) for number in shown.values())
