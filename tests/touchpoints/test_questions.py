"""A question asks for what its scale's answers say."""

import pytest

from app.touchpoints.catalogue import CATALOGUE, LANGUAGES
from app.touchpoints.questions import misfits, question_for
from app.touchpoints.scales import SCALES
from tests.conftest import ADMIN_KEY


def test_the_catalogues_question_fits_whatever_scale_is_asked_for():
    for kind in (None, *CATALOGUE.values()):
        for scale in SCALES.values():
            question = question_for(kind, scale)
            assert tuple(question) == LANGUAGES and not misfits(question, scale), (kind, scale, question)


def test_a_kinds_own_question_on_a_scale_of_another_form_is_told_in_every_language():
    for kind in CATALOGUE.values():
        for scale in SCALES.values():
            if scale.asks != SCALES[kind.scale].asks:
                told = {place.place for place in misfits(kind.question, scale)}
                assert told == {f"body.question.{language}" for language in LANGUAGES}, (kind.kind, scale, told)


@pytest.mark.parametrize(
    ("question", "scale"),
    [
        ("How easy was it to order?", "ces"),
        ("Are you satisfied?", "csat"),
        ("It was easy to pay.", "stars"),
        ("Would you recommend us?", "smiley"),
        ("How was your stay?", "nps"),
        ("How likely are you to come back?", "thumbs"),
    ],
)
def test_a_question_of_ones_own_that_does_not_fit_is_told(question, scale):
    (place,) = misfits({"en": question}, SCALES[scale])
    assert place.place == "body.question.en" and scale in place.message and place.mend


@pytest.mark.parametrize(
    ("question", "scale"),
    [
        ("Tell us about your visit", "stars"),
        ("Your stay: how was it?", "csat"),
        ("The staff made it easy for me.", "ces"),
        ("How likely are you to recommend our hotel?", "nps"),
        ("Did you find a room quickly?", "thumbs"),
        ("The hotel, all in all", "nps"),
    ],
)
def test_a_question_that_may_fit_is_left_alone(question, scale):
    assert not misfits({"en": question}, SCALES[scale])


async def test_a_new_touchpoints_question_follows_its_scale_and_ones_own_gets_a_warning(client, make):
    made = await make("checkout", kind="order_process", scale="csat")
    assert made["question"]["en"] == "How satisfied are you with our ordering process?" and made["warnings"] == []
    changed = (await client.patch("/v1/touchpoints/checkout", json={"scale": "ces"})).json()
    assert changed["question"] == CATALOGUE["order_process"].question and changed["warnings"] == []
    own = (await client.patch("/v1/touchpoints/checkout", json={"question": "How was it?"})).json()
    assert [warning["place"] for warning in own["warnings"]] == ["body.question.en"]
    kept = (await client.patch("/v1/touchpoints/checkout", json={"scale": "stars"})).json()
    assert kept["question"] == {"en": "How was it?"} and kept["warnings"] == []
    made = await make("desk", scale="nps", question="How satisfied are you?")
    assert made["warnings"][0]["mend"].startswith("Ask how likely")
    assert "recommend" in (await make("plain", scale="nps"))["question"]["en"]


async def test_the_settings_page_says_that_a_question_does_not_fit(anybody, make):
    await make("desk", scale="nps", question={"en": "How was it?", "de": "Wie wahrscheinlich empfehlen Sie uns?"})
    await anybody.post("/login", data={"key": ADMIN_KEY})
    for language, said in (("en", "Not at all likely"), ("de", "Sehr unwahrscheinlich")):
        page = (await anybody.get(f"/touchpoints/desk/edit?lang={language}")).text
        assert page.count('class="note" role="status"') == 1 and said in page
