"""An order among touchpoints is claimed only where chance, and days that hang together, hardly make one."""

from app.dashboard.ranks import Sample, told_apart
from app.scores.days import Days
from app.touchpoints.scales import SCALES
from tests.simulations.draws import World
from tests.simulations.ranks import order

THUMBS = SCALES["thumbs"]


def _thumbs(low: int, high: int, days: Days | None = None) -> Sample:
    counts = [0] * 11
    counts[THUMBS.low], counts[THUMBS.high] = low, high
    return Sample(THUMBS, counts, days, 30)


def test_few_answers_or_few_low_ratings_have_no_order() -> None:
    assert told_apart([_thumbs(25, 4), _thumbs(5, 500)]) == set()
    assert told_apart([_thumbs(25, 5), _thumbs(20, 80)]) == {(0, 1)}
    assert told_apart([_thumbs(9, 300), _thumbs(0, 300)]) == set()  # 4.5 low ones were to be expected of each


def test_days_that_hang_together_make_a_difference_uncertain() -> None:
    alike = Days(0.5, 0.0, 1.0, measured=True)
    assert told_apart([_thumbs(200, 800), _thumbs(140, 860)]) == {(0, 1)}
    assert told_apart([_thumbs(200, 800, alike), _thumbs(140, 860, alike)]) == set()


def test_equal_touchpoints_are_seldom_put_in_an_order_and_often_without_regard_to_days() -> None:
    found = order(World(50, 0.2, 0.5), 40, among=6)
    assert found.wrong <= 15 and found.plain > 50
    assert order(World(50), 40).power >= 90
