import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import combinations

import pytest

from app.touchpoints.catalogue import CATALOGUE, CHANNELS, COMMENT_PROMPT, CONTACTS, LANGUAGES, PHASES, QUESTIONS, Kind

PRE_PURCHASE = """
    online_ad print_ad marketing_campaign video blog_post landing_page infographic social_media social_media_ad
    peer_recommendation tv_radio_ad customer_testimonial product_review product_launch_event offer_email sales_visit
    sales_contact trade_fair_booth shop_window press_article review_portal social_post blog_mention user_forum
"""
PURCHASE = """
    company_website product_page physical_store online_shop product_catalogue sales_staff sales_partner
    product_packaging order_process payment delivery
"""
POST_PURCHASE = """
    feedback_survey email_newsletter order_confirmation thank_you_message cross_selling_email customer_service hotline
    complaint_handling product_return subscription_renewal help_center loyalty_program payment_receipt invoice
    product_use
"""
KINDS_BY_PHASE = {
    "pre_purchase": PRE_PURCHASE.split(),
    "purchase": PURCHASE.split(),
    "post_purchase": POST_PURCHASE.split(),
}
INDIRECT = {
    "peer_recommendation", "customer_testimonial", "product_review", "press_article", "review_portal", "social_post",
    "blog_mention", "user_forum",
}  # fmt: skip
SCALES = {"stars", "csat", "smiley", "ces", "nps", "thumbs"}

# Words that two of the four languages really share; anything else that is equal is a forgotten translation.
SHARED_WORDS = {
    "design", "faktura", "hotline", "infografik", "messestand", "produktkatalog", "social media",
    "video",
}  # fmt: skip
WITH_REASONS = {
    "physical_store", "online_shop", "delivery", "hotline", "customer_service", "invoice", "order_process", "payment",
    "product_use", "complaint_handling", "product_return", "company_website", "sales_staff",
}  # fmt: skip
RECOMMEND = {"en": "to recommend", "de": "weiterempfehlen", "da": "anbefale", "pl": "polecą"}

every_kind = pytest.mark.parametrize("kind", CATALOGUE.values(), ids=list(CATALOGUE))


def texts_of(kind: Kind) -> Iterator[Mapping[str, str]]:
    yield kind.name
    yield kind.question
    yield from [kind.rated] if kind.rated else []
    yield from (reason.label for reason in kind.reasons)


def all_texts() -> list[Mapping[str, str]]:
    return [COMMENT_PROMPT, *QUESTIONS.values(), *(text for kind in CATALOGUE.values() for text in texts_of(kind))]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def test_the_kinds_come_in_the_order_of_a_customers_way() -> None:
    assert list(CATALOGUE) == [key for keys in KINDS_BY_PHASE.values() for key in keys]
    assert [len(keys) for keys in KINDS_BY_PHASE.values()] == [24, 11, 15]
    assert list(KINDS_BY_PHASE) == list(PHASES)


@every_kind
def test_a_kind_has_its_phase_and_contact_and_known_words(kind: Kind) -> None:
    assert CATALOGUE[kind.kind] is kind
    assert kind.kind in KINDS_BY_PHASE[kind.phase]
    assert kind.contact in CONTACTS
    assert (kind.contact == "indirect") == (kind.kind in INDIRECT)
    assert kind.channel in CHANNELS
    assert kind.scale in SCALES


def test_every_scale_is_the_default_of_some_kind() -> None:
    assert {kind.scale for kind in CATALOGUE.values()} == SCALES


def test_every_text_is_there_in_all_four_languages_without_stray_space() -> None:
    for text in all_texts():
        assert tuple(text) == LANGUAGES
        assert all(value and value == " ".join(value.split()) for value in text.values()), text


def test_no_text_was_left_untranslated() -> None:
    for text in all_texts():
        for one, other in combinations(text.values(), 2):
            assert one.casefold() != other.casefold() or one.casefold() in SHARED_WORDS, text


def test_no_two_kinds_share_a_name() -> None:
    for language in LANGUAGES:
        names = [kind.name[language] for kind in CATALOGUE.values()]
        assert len(set(names)) == len(names)


def test_no_text_shouts() -> None:
    assert not [value for text in all_texts() for value in text.values() if "!" in value]


@every_kind
def test_a_question_is_short_and_a_ces_question_is_a_statement(kind: Kind) -> None:
    for question in kind.question.values():
        assert len(question) < 90
        assert question.endswith("." if kind.scale == "ces" else "?")


@every_kind
def test_only_an_nps_question_asks_about_recommending(kind: Kind) -> None:
    for language, word in RECOMMEND.items():
        assert (word in kind.question[language]) == (kind.scale == "nps")


@every_kind
def test_german_says_sie_and_never_du(kind: Kind) -> None:
    said = words(kind.question["de"])
    if kind.scale != "ces":  # a statement speaks for the customer: "ich", "mir"
        assert said & {"Sie", "Ihnen", "Ihr", "Ihre", "Ihrem", "Ihren", "Ihrer", "Ihres"}
    assert not {word.lower() for word in said} & {"du", "dich", "dir", "dein", "deine", "deinem", "deinen", "deiner"}
    assert not {word.lower() for word in said} & {"euch", "euer", "eure", "eurem", "euren", "eurer"}


@every_kind
def test_danish_never_uses_the_formal_de(kind: Kind) -> None:
    assert not words(kind.question["da"]) & {"De", "Dem", "Deres"}


@every_kind
def test_polish_says_panstwo_or_nobody(kind: Kind) -> None:
    said = {word.lower() for word in words(kind.question["pl"])}
    assert not said & {"ty", "ci", "ciebie", "tobie", "cię", "twój", "twoja", "twoje", "twojej", "twojego"}
    assert not said & {"pan", "pani", "pana", "panu", "panią", "jesteś", "masz", "oceniasz", "polecisz"}
    # The past tense of the first person tells a man from a woman ("mogłem", "mogłam").
    assert not [word for word in said if word.endswith(("łem", "łam")) and word != "działem"]


@every_kind
def test_reasons_are_at_most_six_distinct_slugs_with_short_labels(kind: Kind) -> None:
    keys = [reason.key for reason in kind.reasons]
    assert len(keys) <= 6
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) for key in keys)
    for language in LANGUAGES:
        labels = [reason.label[language] for reason in kind.reasons]
        assert len(set(labels)) == len(labels)
        assert all(len(label) <= 30 for label in labels)


def test_the_kinds_with_obvious_reasons_offer_them() -> None:
    assert {key for key in WITH_REASONS if len(CATALOGUE[key].reasons) >= 3} == WITH_REASONS


def test_no_reason_was_written_in_vain() -> None:
    written = json.loads(files("app.touchpoints").joinpath("catalogue.json").read_bytes())["reasons"]
    assert {reason.key for kind in CATALOGUE.values() for reason in kind.reasons} == set(written)


def test_the_catalogue_cannot_be_changed_by_accident() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["invoice"] = CATALOGUE["hotline"]  # type: ignore[index]  # that it is refused is the point
    with pytest.raises(AttributeError):
        CATALOGUE["invoice"].scale = "nps"  # type: ignore[misc]  # that it is refused is the point
