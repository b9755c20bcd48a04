"""The six scales and what each reports."""

import pytest

from app.touchpoints.scales import SCALES


@pytest.mark.parametrize(
    ("name", "low", "high", "satisfied"),
    [
        ("stars", 1, 5, [4, 5]),
        ("csat", 1, 5, [4, 5]),
        ("smiley", 1, 4, [3, 4]),
        ("ces", 1, 7, [5, 6, 7]),
        ("nps", 0, 10, [9, 10]),
        ("thumbs", 0, 1, [1]),
    ],
)
def test_a_scale_has_its_ratings_and_its_top_box(name, low, high, satisfied):
    scale = SCALES[name]
    assert list(scale.ratings) == list(range(low, high + 1))
    assert [rating for rating in scale.ratings if rating >= scale.top] == satisfied


def test_there_are_no_other_scales():
    assert set(SCALES) == {"stars", "csat", "smiley", "ces", "nps", "thumbs"}
    assert all(name == scale.name for name, scale in SCALES.items())


def test_the_headline_is_what_the_field_reports_for_that_scale():
    assert {name: scale.headline for name, scale in SCALES.items()} == {
        "stars": "mean",
        "csat": "csat",
        "smiley": "csat",
        "ces": "ces",
        "nps": "nps",
        "thumbs": "csat",
    }
    assert all(scale.headline in scale.metrics for scale in SCALES.values())


def test_every_scale_reports_mean_index_and_one_share_of_its_own():
    assert {name: scale.metrics for name, scale in SCALES.items()} == {
        "stars": ("mean", "index", "csat"),
        "csat": ("mean", "index", "csat"),
        "smiley": ("mean", "index", "csat"),
        "ces": ("mean", "index", "ces"),
        "nps": ("mean", "index", "nps"),
        "thumbs": ("mean", "index", "csat"),
    }


def test_a_target_can_be_checked_against_the_bounds_of_a_metric():
    assert SCALES["stars"].bounds("mean") == (1, 5)
    assert SCALES["stars"].bounds("index") == (0, 100)
    assert SCALES["nps"].bounds("nps") == (-100, 100)
    assert SCALES["ces"].bounds("ces") == (0, 100)
    with pytest.raises(KeyError):
        SCALES["stars"].bounds("nps")
