"""Customers are asked in any language; the product's words are the nearest there are, and run as they are read."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from app.touchpoints.scales import SCALES
from tests.pages.conftest import LiveServer, Tabs

ARABIC = "كيف كانت زيارتك؟"
QUESTION = {"en": "How was it?", "de": "Wie war es?", "de-AT": "Wie war's?", "ar": ARABIC, "fi": "Miten meni?"}


async def asked(anybody: httpx.AsyncClient, language: str) -> dict[str, Any]:
    said: dict[str, Any] = (await anybody.get("/v1/touchpoints/shop/widget", params={"lang": language})).json()
    return said


async def test_a_question_may_be_in_any_language_and_the_nearest_is_shown(client, anybody, make):
    made = await make("shop", question=QUESTION, language="de", reasons=[{"key": "a", "label": {"en": "A", "fi": "Ä"}}])
    assert made["question"] == QUESTION and made["language"] == "de"
    for wanted, shown in (("de-AT", "de-AT"), ("de-CH", "de"), ("ar-MA", "ar"), ("fi", "fi"), ("sv", "de"), ("", "de")):
        assert (await asked(anybody, wanted))["language"] == shown, wanted
    arabic, finnish, austrian = [await asked(anybody, language) for language in ("ar", "fi", "de-AT")]
    assert (arabic["dir"], arabic["texts"]["send"], arabic["question"]) == ("rtl", "إرسال", ARABIC)
    assert (finnish["dir"], finnish["texts"]["send"], finnish["reasons"][0]["label"]) == ("ltr", "Send", "Ä")
    assert (austrian["texts"]["send"], austrian["reasons"][0]["label"]) == ("Senden", "A")
    page = await anybody.get("/t/shop", headers={"Accept-Language": "ar"})
    assert '<html lang="ar" dir="rtl">' in page.text and 'content="ar_EG"' in page.text and "Suomi" in page.text
    mail = (await client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{"locale": "ar"}]})).json()
    assert mail["items"][0]["language"] == "ar" and 'dir="rtl"' in mail["items"][0]["html"]
    link = urlsplit(mail["items"][0]["url"]).path
    assert '<html lang="ar" dir="rtl">' in (await anybody.get(link, headers={"Accept-Language": "de"})).text
    assert '<html lang="de"' in (await anybody.get(f"{link}?lang=de")).text


@pytest.mark.parametrize("scripts", [("zh-Hant", "zh-Hans"), ("zh-Hans", "zh-Hant"), ("zh", "zh-Hant")])
async def test_who_reads_the_other_script_of_a_language_is_asked_in_that(anybody, make, scripts):
    await make("shop", question={"en": "How was it?"} | {tag: f"in {tag}" for tag in (*scripts, "sr", "sr-Latn")})
    plain = next(tag for tag in scripts if tag != "zh-Hant")
    for wanted, shown in (
        ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"),
        ("zh-CN", plain),
        ("zh-SG", plain),
        ("zh", plain),
    ):
        assert (await asked(anybody, wanted))["language"] == shown, wanted
    for wanted, shown in (("sr-RS", "sr"), ("sr-ME", "sr-Latn"), ("sr-Latn-RS", "sr-Latn")):
        assert (await asked(anybody, wanted))["language"] == shown, wanted


async def test_the_weights_of_languages_may_stand_apart_from_them(anybody, make):
    await make("shop", question=QUESTION)
    page = await anybody.get("/t/shop", headers={"Accept-Language": "en; q=0.5, fi ;q=0.7, de; q = 0.9"})
    assert '<html lang="de"' in page.text


async def test_a_mail_in_a_language_that_no_link_can_carry_leads_to_a_page_in_the_browsers(client, anybody, make):
    await make("shop", question={"en": "How was it?", "sw": "Ilikuwaje?"})
    mail = (await client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{"locale": "sw"}]})).json()
    assert "Ilikuwaje?" in mail["items"][0]["html"]
    link = urlsplit(mail["items"][0]["url"]).path
    assert "Ilikuwaje?" in (await anybody.get(link, headers={"Accept-Language": "sw"})).text
    assert "How was it?" in (await anybody.get(link, headers={"Accept-Language": "de"})).text


@pytest.mark.parametrize("language", ["english", "e", "de_AT", "de-", "x-own", "../..", "de-AT-1", ""])
async def test_what_is_no_tag_of_a_language_is_refused(client, language):
    answer = await client.post("/v1/touchpoints", json={"key": "shop", "question": {language: "How?"}})
    assert answer.status_code == 422, answer.text


async def test_a_tag_is_stored_as_it_is_written_and_only_once(client, make):
    assert (await make("shop", question={"DE-at": "Wie?", "zh-hant-tw": "如何？"}))["question"].keys() == {
        "de-AT",
        "zh-Hant-TW",
    }
    twice = await client.patch("/v1/touchpoints/shop", json={"question": {"de": "Wie?", "DE": "Wie war es?"}})
    assert twice.status_code == 422 and "twice" in twice.text


@pytest.fixture
def stores(live_server: LiveServer) -> None:
    for scale in ("points7", "stars4", "yes_no", "points10"):
        question = {"ar": "هل وجدت ما تريد؟" if scale == "yes_no" else ARABIC, "en": "How was it?"}
        live_server.make(scale.replace("_", "-"), scale=scale, question=question, name={"ar": "المتجر"})


@pytest.mark.browser
@pytest.mark.usefixtures("stores")
def test_arabic_runs_from_right_to_left_on_widget_page_and_link(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs(320, locale="ar")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for name in ("points7", "stars4", "yes-no", "points10"):
        scale = SCALES[name.replace("-", "_")]
        body = {"touchpoint": name, "recipients": [{"locale": "ar"}]}
        link = urlsplit(live_server.api("POST", "/v1/links", json=body)["items"][0]["url"]).path
        for path, choices in ((f"/t/{name}", "radio"), (link, "button")):
            page.goto(live_server.url + path)
            if choices == "radio":  # the widget takes the form's place, and its choices with it
                page.locator("touchstone-feedback .card").first.wait_for()
            found = page.get_by_role(choices)
            expect(found).to_have_count(len(scale.ratings))
            first, second = found.nth(0).bounding_box(), found.nth(1).bounding_box()
            assert first and second and first["x"] > second["x"], (name, path)
            assert first["x"] + first["width"] > 270, (name, path)  # it begins at the right edge
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, (name, path)
            if choices == "radio":
                found.last.click()
                expect(page.get_by_text("شكرًا لك", exact=True)).to_be_visible()
    assert said == []


@pytest.mark.browser
@pytest.mark.usefixtures("stores")
def test_arabic_runs_from_right_to_left_on_a_tablet(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs(1180, locale="ar")
    code = live_server.api("POST", "/v1/devices", json={"name": "Exit", "touchpoints": ["points7"]})["pairing_code"]
    page.goto(live_server.url + "/kiosk")
    page.locator("input[name=code]").fill(code)
    page.locator("form .btn").click()
    page.locator(".attract").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    buttons = page.locator(".mid button[value]")
    first, last = buttons.first.bounding_box(), buttons.last.bounding_box()
    assert first and last and first["x"] > last["x"] and abs(first["y"] - last["y"]) < 1
    page.locator(".langs [lang=en]").click()
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    buttons.last.click()
    expect(page.get_by_text("Thank you", exact=True)).to_be_visible()
