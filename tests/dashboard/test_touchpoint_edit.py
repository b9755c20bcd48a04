"""The settings of a touchpoint in parts: each saves its own, says what is wrong by field, and leaves the rest alone."""

import re
from typing import Any

import httpx
import pytest

from app.dashboard.touchpoint_form import PARTS
from tests.dashboard.forms import filled_in, send

EDIT = "/touchpoints/checkout/edit"
EVERYTHING: dict[str, Any] = {
    "scale": "csat",
    "name": {"en": "Till", "de-AT": "Kassa"},
    "question": {"en": "How was it?", "ar": "كيف كان؟"},
    "comment_prompt": {"en": "What could be better?", "de": "Was könnte besser sein?"},
    "language": "ar",
    "reasons": [
        {"key": "wait", "label": {"en": "Waiting", "de": "Warten"}},
        {"key": "staff", "label": {"en": "Staff"}},
    ],
    "phase": "purchase",
    "contact": "direct",
    "channel": "store",
    "owner": "Anders",
    "importance": 5,
    "tags": ["north", "core"],
    "segments": ["store", "plan"],
    "timezone": "Europe/Copenhagen",
    "target": {"metric": "csat", "value": 82.5, "by": "2027-01-31"},
    "origins": ["https://shop.example", "https://www.shop.example"],
    "frame_origins": ["https://*.notion.site"],
    "open": ["widget", "page", "key"],
    "public": True,
    "reviewed": {"type": "LocalBusiness", "name": "The Till"},
    "repeat_days": 30,
    "ask_every_days": 60,
    "review_interval_days": 90,
}


def address(part: str, language: str = "en") -> str:
    return f"{EDIT}?part={part}" + (f"&text={language}" if part == "texts" else "")


async def stored(client: httpx.AsyncClient) -> dict[str, Any]:
    row: dict[str, Any] = (await client.get("/v1/touchpoints/checkout")).json()
    row.pop("updated_at", None)
    return row


async def saved(person: httpx.AsyncClient, where: str, **changed: Any) -> httpx.Response:
    """Send a part as a browser does, with some of its fields changed."""
    fields = filled_in((await person.get(where)).text, where)
    assert changed.keys() <= fields.keys()
    return await person.post(where, data=fields | changed)


@pytest.mark.parametrize("part", PARTS)
async def test_a_part_that_nobody_touched_is_saved_without_a_change(person, client, make, part):
    await make("checkout", **EVERYTHING)
    before = await stored(client)
    for language in ("en", "de", "da", "ar", "de-AT") if part == "texts" else ("en",):
        where = address(part, language)
        answer = await saved(person, where)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{where}&saved=yes")
        assert await stored(client) == before
    assert "Saved." in (await person.get(f"{where}&saved=yes&lang=en")).text


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("basics", {"owner": "Ewa", "tags": "south"}, {"owner": "Ewa", "tags": ["south"]}),
    ("basics", {"owner": "", "importance": "1"}, {"owner": None, "importance": 1}),
    ("texts", {"name_en": "Cash\n desk"}, {"name": {"en": "Cash desk", "de-AT": "Kassa"}}),
    ("target", {"target_value": "", "review_interval_days": ""}, {"target": None, "review_interval_days": None}),
    ("target", {"target_value": "70,5"}, {"target": {"metric": "csat", "value": 70.5, "by": "2027-01-31"}}),
    ("asked", {"open": ["", "page"], "origins": ""}, {"open": ["page"], "origins": []}),
    ("asked", {"open": ""}, {"open": []}),
    ("advanced", {"public": "", "reviewed_type": ""}, {"public": False, "reviewed": None}),
    ("advanced", {"repeat_days": "7"}, {"repeat_days": 7}),
]


@pytest.mark.parametrize(("part", "typed", "changes"), CHANGES)
async def test_a_part_changes_what_was_typed_and_nothing_else(person, client, make, part, typed, changes):
    await make("checkout", **EVERYTHING)
    before = await stored(client)
    assert (await saved(person, address(part), **typed)).status_code == 303
    after = await stored(client)
    assert {name: after[name] for name in after if after[name] != before[name] and name != "review_due"} == changes


async def test_two_people_write_different_languages_at_once_and_both_are_kept(person, client, make):
    await make("checkout", **EVERYTHING)
    danish, german = address("texts", "da"), address("texts", "de")
    forms = {where: filled_in((await person.get(where)).text, where) for where in (danish, german)}
    await person.post(danish, data=forms[danish] | {"question_da": "Hvordan var det?", "reason_0_da": "Ventetid"})
    await person.post(german, data=forms[german] | {"question_de": "Wie war es?", "reason_1_de": "Personal"})
    row = await stored(client)
    assert row["question"] == EVERYTHING["question"] | {"da": "Hvordan var det?", "de": "Wie war es?"}
    assert row["reasons"] == [
        {"key": "wait", "label": {"en": "Waiting", "de": "Warten", "da": "Ventetid"}},
        {"key": "staff", "label": {"en": "Staff", "de": "Personal"}},
    ]


async def test_a_reason_is_added_by_its_text_renamed_and_taken_away(person, client, make):
    await make("checkout", **EVERYTHING)
    where = address("texts", "en")
    await saved(person, where, reason_4_en="Opening hours", reason_0_en="The wait", reason_0="")
    row = await stored(client)
    assert [(reason["key"], reason["label"]["en"]) for reason in row["reasons"]] == [
        ("wait", "The wait"),
        ("staff", "Staff"),
        ("opening-hours", "Opening hours"),
    ]
    assert row["reasons"][0]["label"]["de"] == "Warten"
    await saved(person, where, reason_0="", reason_0_en="", reason_1="people")
    keys = {reason["key"]: reason["label"] for reason in (await stored(client))["reasons"]}
    assert keys == {"people": {"en": "Staff"}, "opening-hours": {"en": "Opening hours"}}


async def test_what_is_missing_in_a_language_is_counted_and_the_other_text_stands_beside(person, make):
    await make("checkout", **(EVERYTHING | {"language": "en"}))
    page = (await person.get(f"{address('texts', 'de')}&lang=en")).text
    counted = dict(re.findall(r'text=([\w-]+)"[^>]*>[^<]*<span class="count">(\d+) missing', page))
    assert counted == {"de": "3", "da": "5", "pl": "5", "ar": "4", "de-AT": "4"}  # none in English
    assert '<small>English</small><br><span lang="en" dir="ltr">How was it?</span>' in page
    assert 'name="question_de"' in page and 'name="question_en"' not in page
    assert "How was it?</span>" not in (await person.get(f"{address('texts', 'en')}&lang=en")).text
    assert 'dir="rtl"' in (await person.get(address("texts", "ar"))).text


async def test_a_language_is_added_by_its_name_and_nonsense_is_the_readers_own(person, client, make):
    await make("checkout", **EVERYTHING)
    assert 'name="question_fr-CA"' in (await person.get(address("texts", "FR-ca"))).text
    await saved(person, address("texts", "fr-CA"), **{"name_fr-CA": "Caisse"})
    assert (await stored(client))["name"] == {"en": "Till", "de-AT": "Kassa", "fr-CA": "Caisse"}
    assert 'name="question_da"' in (await person.get(f"{address('texts', '%22%3E')}&lang=da")).text
    assert 'id="part">Basics' in (await person.get(f"{EDIT}?part=nonsense&lang=en")).text


WRONG: list[tuple[str, dict[str, str], str, str, str]] = [
    ("target", {"target_value": "101"}, "da", "target.value", "Højst 100."),
    ("target", {"target_value": "ten"}, "en", "target.value", "A number is needed here."),
    ("target", {"target_metric": "nps"}, "de", "target.metric", "Diese Skala kennt dieses Maß nicht."),
    ("target", {"target_metric": "mean"}, "pl", "target.value", "Ta miara nie może osiągnąć tej wartości."),
    ("target", {"review_interval_days": "0"}, "en", "review_interval_days", "At least 1."),
    ("target", {"target_by": "soon"}, "en", "target.by", "A date is needed here, such as 2026-12-31."),
    ("advanced", {"timezone": "Mars/Base"}, "en", "timezone", "No such time zone."),
    ("advanced", {"segments": "a b"}, "en", "segments", "Each is the name of what you send along"),
    ("asked", {"origins": "shop"}, "en", "origins", "One address a line"),
    ("asked", {"frame_origins": "*"}, "en", "frame_origins", ""),
    ("basics", {"tags": "two words"}, "en", "tags", "A tag has at most 40 letters"),
    ("texts", {"name_en": "x" * 301}, "en", "name", "At most 300 characters."),
    ("texts", {"reason_1": "Not A Key"}, "en", "reasons.1.key", "Small letters, digits"),
    ("texts", {"reason_0": "", "reason_0_en": "", "reason_5": "x"}, "en", "reasons.1.label", "This is needed."),
]


@pytest.mark.parametrize(("part", "typed", "language", "place", "says"), WRONG)
async def test_what_is_wrong_stands_beside_its_field_and_is_linked_from_above(
    person, client, make, part, typed, language, place, says
):
    await make("checkout", **EVERYTHING)
    before = await stored(client)
    await person.get(f"/help?lang={language}")
    answer = await saved(person, address(part), **typed)
    assert answer.status_code == 422 and await stored(client) == before
    page = answer.text
    assert re.search(r'<section [^>]*role="alert" tabindex="-1" autofocus>', page)
    assert f'href="#at-{place}"' in page and page.count(f'id="at-{place}"') == 1
    assert re.search(rf'id="wrong-{re.escape(place)}">{re.escape(says)}', page)
    for name, value in typed.items():
        assert value in page or not value or name == "target_metric"  # which has no such choice


async def test_what_is_wrong_in_another_part_is_said_with_the_way_there(person, make):
    await make("checkout", **(EVERYTHING | {"scale": "nps", "target": {"metric": "nps", "value": 40}}))
    answer = await saved(person, address("basics"), scale="csat")
    assert answer.status_code == 422
    assert 'href="?part=target#at-target.metric">Metric</a>: This scale does not have this measure.' in answer.text
    same = await saved(person, address("texts"), reason_1="wait")
    assert same.status_code == 422 and "Two reasons have the same key." in same.text


async def test_the_last_text_of_a_kind_cannot_be_emptied(person, client, make):
    await make("checkout", name={"en": "Till"}, question={"en": "How was it?", "de": "Wie war es?"})
    answer = await saved(person, address("texts"), name_en="", question_en="")
    assert answer.status_code == 422 and 'id="wrong-name">This is needed.' in answer.text
    assert 'id="wrong-question"' not in answer.text
    assert (await saved(person, address("texts"), question_en="")).status_code == 303
    assert (await stored(client))["question"] == {"de": "Wie war es?"}


async def test_the_form_puts_a_touchpoint_on_a_scale_of_ones_own_until_there_are_answers(person, client, make):
    await make("checkout")
    labels = {"1": "awful", "6": "superb"}
    six = {"key": "six", "from": 1, "to": 6, "satisfied_from": 5, "drawing": "numbers", "labels": labels}
    await client.post("/v1/scales", json=six)
    assert '<option value="six">' in (await person.get(EDIT)).text
    assert (await saved(person, address("basics"), scale="six")).status_code == 303
    assert (await stored(client))["scale"] == "six"
    assert (await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 6})).status_code == 201
    form = (await person.get(EDIT)).text
    assert "the scale stays as it is" in form and '<option value="stars">' not in form
    assert "superb" in (await person.get("/touchpoints/checkout")).text


async def test_an_archived_touchpoint_leaves_the_map_and_comes_back(person, make):
    await make("checkout")
    await make("other-place")
    page = address("advanced")
    await send(person, page, "/touchpoints/checkout/archive", archived="true")
    assert "Checkout" not in (await person.get("/map")).text
    await send(person, page, "/touchpoints/checkout/archive", archived="false")
    assert "Checkout" in (await person.get("/map")).text
