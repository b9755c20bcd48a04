"""The scales of the product and what each reports."""

from pathlib import Path

import pytest

from app.touchpoints.scales import SCALES, own_scale


@pytest.mark.parametrize(
    ("name", "low", "high", "satisfied", "poor"),
    [
        ("stars", 1, 5, [4, 5], [1, 2]),
        ("csat", 1, 5, [4, 5], [1, 2]),
        ("smiley", 1, 4, [3, 4], [1, 2]),
        ("ces", 1, 7, [5, 6, 7], [1, 2, 3]),
        ("nps", 0, 10, [9, 10], [0, 1, 2, 3, 4, 5, 6]),
        ("thumbs", 0, 1, [1], [0]),
        ("stars4", 1, 4, [3, 4], [1, 2]),
        ("points3", 1, 3, [3], [1]),
        ("points4", 1, 4, [3, 4], [1, 2]),
        ("points7", 1, 7, [6, 7], [1, 2]),
        ("points10", 1, 10, [8, 9, 10], [1, 2, 3]),
        ("points0to10", 0, 10, [8, 9, 10], [0, 1, 2]),
        ("agree5", 1, 5, [4, 5], [1, 2]),
        ("agree7", 1, 7, [5, 6, 7], [1, 2, 3]),
        ("yes_no", 0, 1, [1], [0]),
    ],
)
def test_a_scale_has_its_ratings_its_top_box_and_its_low_ones(name, low, high, satisfied, poor):
    scale = SCALES[name]
    assert list(scale.ratings) == list(range(low, high + 1))
    assert (list(scale.satisfied), list(scale.poor)) == (satisfied, poor)


def test_a_scale_is_found_by_its_name():
    assert len(SCALES) == 15 and all(name == scale.name for name, scale in SCALES.items())


def test_the_headline_is_what_the_field_reports_for_that_scale():
    headlines = {name: scale.headline for name, scale in SCALES.items() if scale.headline != "csat"}
    assert headlines == {"stars": "mean", "stars4": "mean", "ces": "ces", "nps": "nps"}


def test_every_scale_reports_mean_index_and_one_share_of_its_own():
    assert all(scale.metrics[:2] == ("mean", "index") for scale in SCALES.values())
    shares = {name: scale.metrics[2] for name, scale in SCALES.items() if scale.metrics[2] != "csat"}
    assert shares == {"ces": "ces", "nps": "nps"}


def test_a_target_can_be_checked_against_the_bounds_of_a_metric():
    assert SCALES["stars"].bounds("mean") == (1, 5)
    assert SCALES["stars"].bounds("index") == (0, 100)
    assert SCALES["nps"].bounds("nps") == (-100, 100)
    assert SCALES["ces"].bounds("ces") == (0, 100)
    with pytest.raises(KeyError):
        SCALES["stars"].bounds("nps")


def test_every_scale_says_its_ends_and_one_with_faces_or_thumbs_all_its_ratings():
    for scale in SCALES.values():
        assert {scale.low, scale.high} <= scale.labels.keys() <= set(scale.ratings)
        assert scale.worded or scale.look in ("ces", "nps"), scale.name


def test_of_a_reversed_scale_the_lowest_rating_is_the_best():
    grades = own_scale(
        "grades",
        {"low": 1, "high": 6, "top": 2, "share": "csat", "asks": "rated", "drawing": "numbers", "reversed": True}
        | {"labels": {"1": {"de": "sehr gut"}, "6": {"de": "ungenügend"}}},
    )
    assert (list(grades.satisfied), list(grades.poor), list(grades.ratings)) == ([1, 2], [5, 6], [1, 2, 3, 4, 5, 6])
    assert [grades.height(rating) for rating in (1, 6)] == [1, 0]
    assert grades.upward(range(11)) == range(6, 0, -1)
    assert "mean" in grades.metrics and "mean" not in grades.aims  # of a mean grade less is better


def test_the_page_about_scales_names_each_of_them():
    page = (Path(__file__).parents[2] / "docs" / "scales.md").read_text(encoding="utf-8")
    assert not [name for name in SCALES if f"`{name}`" not in page]
