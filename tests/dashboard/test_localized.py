"""Places as ranges and levels: a claim is made only where the numbers bear it."""

import pytest

from app.dashboard import charts, levels, sentences
from app.dashboard.levels import Goal
from app.dashboard.localized import Localized
from app.dashboard.ranks import Place, Sample, places, told_apart
from app.dashboard.touchpoints import slug
from app.pages.i18n import messages
from app.scores import formulas
from app.scores.formulas import Estimate
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.scales import SCALES

CSAT = SCALES["csat"]


def _sample(ones: int, fives: int) -> Sample:
    return Sample(CSAT, [0, ones, 0, 0, 0, fives, 0, 0, 0, 0, 0])


def test_what_differs_for_real_has_its_own_place() -> None:
    assert places([_sample(900, 100), _sample(500, 500), _sample(100, 900)]) == [Place(1, 1), Place(2, 2), Place(3, 3)]


def test_what_chance_could_have_ordered_shares_its_places() -> None:
    found = places([_sample(900, 100), _sample(50, 50), _sample(49, 51)])
    assert found == [Place(1, 1), Place(2, 3), Place(2, 3)]


def test_nothing_is_told_apart_by_a_handful() -> None:
    assert told_apart([_sample(3, 1), _sample(1, 3)]) == set()
    assert places([]) == []


@pytest.mark.parametrize(("index", "level"), [(39.4, "l1"), (39.6, "l2"), (69, "l4"), (90, "l7"), (None, "few")])
def test_the_colour_goes_with_the_number_that_is_printed(index: float | None, level: str) -> None:
    assert charts.level(index) == level


def test_a_gap_in_a_trend_stays_a_gap() -> None:
    point = Estimate(50, 40, 60)
    curve = charts.Curve([point, None, point, point], 0, 100, 4, 100)
    assert curve.lines() == ["M0.5 50h0", "M2.5 50 3.5 50"]
    assert len(curve.bands()) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_having_answered_is_said_and_not_shown_as_zero(language: str) -> None:
    t = Localized(language, messages("dashboard", language).entries)
    said = sentences.overview([], t, t("index"))
    assert said == t("overview.none")
    assert "0" not in said


@pytest.mark.parametrize(("language", "said"), [("en", "1,204"), ("de", "1.204"), ("da", "1.204"), ("pl", "1204")])
def test_numbers_are_written_as_the_language_does(language: str, said: str) -> None:
    t = Localized(language, messages("dashboard", language).entries)
    assert t.number(1204).replace("\u00a0", "").replace("\u202f", "") == said


@pytest.mark.parametrize(
    ("scale", "metric", "value", "tick"),
    [
        ("stars", "index", 70, 70),
        ("stars", "mean", 4, 75),
        ("ces", "mean", 4, 50),
        ("thumbs", "csat", 80, 80),
        ("csat", "csat", 80, None),
        ("smiley", "csat", 80, None),
        ("ces", "ces", 80, None),
        ("nps", "nps", 30, None),
        ("csat", "nps", 30, None),
    ],
)
def test_a_target_stands_on_the_index_only_where_it_can_be_converted(
    scale: str, metric: str, value: float, tick: float | None
) -> None:
    assert levels.tick(SCALES[scale], {"metric": metric, "value": value}) == tick


def test_one_share_of_satisfied_customers_goes_with_more_than_one_index() -> None:
    two = [[0, 50, 0, 0, 0, 50], [0, 0, 0, 50, 50]]
    found = [formulas.metrics(CSAT, [*counts, *[0] * (11 - len(counts))]) for counts in two]
    assert [metrics["csat"] and metrics["csat"].value for metrics in found] == [50, 50]
    assert len({metrics["index"] and metrics["index"].value for metrics in found}) == 2


def test_a_goal_stands_on_the_way_of_its_own_measure() -> None:
    goal = Goal("nps", Estimate(0, -50, 50), 40, "undecided", -100, 100)
    assert goal.place(goal.value) == 70
    assert goal.mark == Estimate(50, 25, 75)


def test_a_name_becomes_a_key() -> None:
    assert (slug("Café Ærø 2"), slug("Łódź"), slug("!?")) == ("cafe-aero-2", "lodz", "touchpoint")


def test_the_foot_of_each_page_names_the_definition_that_holds() -> None:
    for language in LANGUAGES:
        assert formulas.DEFINITION in str(messages("dashboard", language)("foot"))
