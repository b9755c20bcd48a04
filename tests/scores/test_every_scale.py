"""The formulas on every scale that can be: those of the product, and any that a company may make."""

from hypothesis import given
from hypothesis import strategies as st

from app.actions.windows import weights
from app.errors import Problem
from app.scales.rules import check
from app.scores import formulas
from app.scores.days import values
from app.touchpoints.scales import DRAWINGS, RATING_MAX, SCALES, Scale, own_scale

ratings = st.integers(0, RATING_MAX)


@st.composite
def own(draw: st.DrawFn) -> Scale | None:
    """A scale as a company may ask for it; None when it is refused."""
    low, high = draw(ratings), draw(ratings)
    said = {
        "low": low,
        "high": high,
        "top": draw(ratings),
        "share": draw(st.sampled_from(["csat", "ces", "nps"])),
        "asks": "rated",
        "drawing": draw(st.sampled_from(DRAWINGS)),
        "reversed": draw(st.booleans()),
        "labels": {str(rating): {"en": f"no. {rating}"} for rating in range(low, high + 1)},
    }
    try:
        check(said)
    except Problem:
        return None
    return own_scale("own", said)


scales = st.sampled_from(list(SCALES.values())) | own().filter(lambda scale: scale is not None)
histograms = st.lists(st.integers(0, 40), min_size=RATING_MAX + 1, max_size=RATING_MAX + 1)


@given(scales, histograms)
def test_every_metric_lies_within_its_bounds_and_its_interval_and_is_what_its_weights_say(scale, counts):
    inside = counts[scale.low : scale.high + 1]
    n, found = sum(inside), formulas.metrics(scale, counts)
    assert tuple(found) == scale.metrics
    for metric, estimate in found.items():
        assert (estimate is None) == (n == 0) and estimate == formulas.estimate(scale, metric, counts)
        if estimate is None:
            continue
        low, high = scale.bounds(metric)
        assert low - 1e-9 <= estimate.low <= estimate.value <= estimate.high <= high + 1e-9
        if metric in scale.aims:  # each says the same metric with weights of its own
            way = (estimate.value - low) / (high - low)
            assert abs(way - sum(c * w for c, w in zip(inside, values(scale, metric), strict=True)) / n) < 1e-9
            assert abs(way - sum(c * w for c, w in zip(counts, weights(scale, metric), strict=True)) / n / 100) < 1e-9


@given(scales, st.data())
def test_one_more_step_towards_the_good_end_never_makes_a_score_worse(scale, data):
    steps = list(scale.upward(range(RATING_MAX + 1)))
    place = data.draw(st.integers(0, len(steps) - 2))
    counts = data.draw(histograms)
    counts[steps[place]] += 1
    better = list(counts)
    better[steps[place]] -= 1
    better[steps[place + 1]] += 1
    before, after = formulas.metrics(scale, counts), formulas.metrics(scale, better)
    assert all(after[metric].value >= before[metric].value - 1e-9 for metric in scale.aims)
    assert formulas.index_value(scale, better) > formulas.index_value(scale, counts)
    assert not set(scale.poor) & set(scale.satisfied) and scale.poor and scale.satisfied


@given(histograms)
def test_a_reversed_scale_scores_as_the_same_answers_do_the_right_way_round(counts):
    labels = {str(rating): {"en": str(rating)} for rating in range(1, 7)}
    same = {"low": 1, "high": 6, "share": "csat", "asks": "rated", "drawing": "numbers", "labels": labels}
    grades = own_scale("grades", same | {"top": 2, "reversed": True})
    points = own_scale("points", same | {"top": 5, "reversed": False})
    turned = [counts[7 - rating] if 1 <= rating <= 6 else 0 for rating in range(RATING_MAX + 1)]
    one, other = formulas.metrics(grades, counts), formulas.metrics(points, turned)
    assert {name: one[name] for name in ("index", "csat")} == {name: other[name] for name in ("index", "csat")}
    if one["mean"]:
        assert abs(one["mean"].value - (7 - other["mean"].value)) < 1e-9
