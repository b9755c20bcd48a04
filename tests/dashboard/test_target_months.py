"""How a target's months are summed up in a sentence."""

from datetime import date
from typing import Any

import pytest

from app.dashboard.localized import Localized, texts
from app.dashboard.target_months import Month, says
from app.touchpoints.catalogue import LANGUAGES

GOAL: Any = None  # a sentence counts months, whatever their goal
GERMAN = {
    ("met",): "Ein Monat ist vorbei, und das Ziel wurde erreicht.",
    ("not_met",): "Ein Monat ist vorbei, und das Ziel wurde verfehlt.",
    ("few",): "Ein Monat ist vorbei, aber ob das Ziel erreicht wurde, lässt sich nicht sagen.",
    ("met", "met"): "In allen 2 abgeschlossenen Monaten wurde das Ziel erreicht.",
    ("not_met", "not_met"): "In allen 2 abgeschlossenen Monaten wurde das Ziel verfehlt.",
    ("met", "undecided", "few"): "In 1 von 3 abgeschlossenen Monaten wurde das Ziel erreicht; der Rest ist offen.",
    ("not_met", "not_met", "few"): "In 2 von 3 abgeschlossenen Monaten wurde das Ziel verfehlt; der Rest ist offen.",
    ("met", "not_met", "not_met"): "In 1 von 3 abgeschlossenen Monaten wurde das Ziel erreicht, in 2 verfehlt.",
    ("few", "undecided"): "Ob das Ziel erreicht wurde, lässt sich für keinen der 2 abgeschlossenen Monate sagen.",
}


def said(language: str, *statuses: str) -> str:
    months = [Month(date(2026, 1, 1), GOAL, 30, status) for status in (*statuses, "so_far")]
    return str(says(months, Localized(language, texts(language))))


@pytest.mark.parametrize("statuses", GERMAN, ids=" ".join)
def test_the_months_are_summed_up_as_a_person_would(statuses):
    assert said("de", *statuses) == GERMAN[statuses]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_counts_to_none(language):
    for statuses in [*GERMAN, ("met",) * 5, ("not_met",) * 5, ("few",) * 5]:
        sentence = said(language, *statuses)
        assert "0" not in sentence and "{" not in sentence and sentence.endswith("."), sentence
