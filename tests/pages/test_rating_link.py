"""A rating link in a real browser: without JavaScript, on a narrow phone, in every language, for who cannot see it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from app.touchpoints.catalogue import CATALOGUE, LANGUAGES
from tests.pages import LOOKS
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer, Tabs

pytestmark = pytest.mark.browser
READ_MS = 800  # a press within 700 ms of its page is taken for a program's


def link(server: LiveServer, scale: str = "csat", language: str = "en") -> dict[str, Any]:
    """A recipient's links at a touchpoint of this scale."""
    if not any(item["key"] == scale for item in server.api("GET", "/v1/touchpoints")["items"]):
        server.make(scale, scale=scale, question=dict(CATALOGUE["delivery"].question), comment_prompt={"en": "Why?"})
    body = {"touchpoint": scale, "recipients": [{"locale": language}]}
    found: dict[str, Any] = server.api("POST", "/v1/links", json=body)["items"][0]
    return found


def test_a_rating_from_a_mail_needs_no_javascript(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs(java_script_enabled=False)
    page.goto(link(live_server)["urls"]["4"])
    page.get_by_label("Why?").fill("Quick,\nand kind.")
    page.wait_for_timeout(READ_MS)
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    (stored,) = live_server.answers("csat")
    assert (stored["rating"], stored["comment"], stored["flags"]) == (4, "Quick,\nand kind.", [])
    page.get_by_text("Change your answer").click()
    page.wait_for_timeout(READ_MS)
    page.get_by_role("button", name="2, dissatisfied").click()
    expect(page.get_by_text("Saved: 2, dissatisfied.")).to_be_visible()
    (stored,) = live_server.answers("csat")
    assert (stored["rating"], stored["comment"], stored["flags"]) == (2, "Quick,\nand kind.", [])


@pytest.mark.parametrize(
    ("trouble", "title"),
    [
        ("cut", "This link is not complete"),
        ("changed", "This link is not complete"),
        ("expired", "This link is no longer valid"),
        ("archived", "This question is closed"),
    ],
)
def test_a_link_that_leads_nowhere_is_explained_and_offers_nothing_to_press(
    serve: Callable[..., LiveServer], tabs: Tabs, monkeypatch: pytest.MonkeyPatch, trouble: str, title: str
) -> None:
    server = serve()
    parts = urlsplit(link(server)["urls"]["4"])
    path = {"cut": parts.path[:-9], "changed": parts.path[:-9] + "AAAA_aaaa"}.get(trouble, parts.path)
    if trouble == "archived":
        server.api("DELETE", "/v1/touchpoints/csat")
    if trouble == "expired":
        monkeypatch.setattr("app.main.now", lambda: datetime.now(UTC) + timedelta(days=40))
        server = serve()
    page = tabs(java_script_enabled=False, locale="en-GB")
    page.goto(f"{server.url}{path}?{parts.query}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert server.answers("csat") == []
    if trouble == "expired":  # the page is another way to answer
        page.get_by_role("link", name="Open the feedback page").click()
        expect(page.get_by_role("radio")).to_have_count(5)


def test_the_first_thing_enter_sends_is_the_rating_that_was_clicked(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs()
    page.goto(link(live_server)["urls"]["2"])
    page.wait_for_timeout(READ_MS)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: 2, dissatisfied.")).to_be_visible()


def test_a_hasty_press_is_asked_about_and_keeps_its_comment(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs()
    page.goto(link(live_server)["urls"]["4"])
    page.evaluate("document.querySelector('[name=nonce]').value = ''")
    page.get_by_label("Why?").fill("Quick.")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("heading", name="Is 4 your answer?")).to_be_visible()
    assert live_server.answers("csat")[0]["flags"] == ["unconfirmed"]
    page.wait_for_timeout(READ_MS)
    page.get_by_role("button", name="Yes, 4 is my answer").click()
    expect(page.get_by_text("Quick.", exact=True).first).to_be_visible()
    assert live_server.answers("csat")[0]["flags"] == []


@pytest.mark.parametrize("scale", LOOKS)
def test_every_scale_fits_a_narrow_phone_and_asks_nobody_else(live_server: LiveServer, tabs: Tabs, scale: str) -> None:
    page = tabs(320)
    asked, said = [], []
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.on("console", lambda message: said.append(message.text))
    for language in LANGUAGES:
        links = link(live_server, scale, language)
        for url in (links["url"], links["urls"]["1"]):
            page.goto(url)
            expect(page.locator("html")).to_have_attribute("lang", language)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            sizes = page.locator("button").evaluate_all("all => all.map(b => [b.offsetWidth, b.offsetHeight])")
            assert min(min(size) for size in sizes) >= (44 if scale != "nps" else 40)
    assert set(asked) == {urlsplit(live_server.url).netloc}
    assert said == []  # no violation of the page's own policy


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_of_the_pages(live_server: LiveServer, tabs: Tabs, scheme: str) -> None:
    page = tabs(color_scheme=scheme, bypass_csp=True)

    def check() -> None:
        assert flaws(page) == []

    for scale, language in zip(LOOKS, LANGUAGES * 2, strict=False):
        page.goto(link(live_server, scale, language)["urls"]["1"])
        check()
    page.goto(link(live_server)["urls"]["4"])
    page.locator("button.big").click()
    if page.get_by_role("heading", name="Is 4 your answer?").is_visible():
        check()
        page.wait_for_timeout(READ_MS)
        page.locator("button.big").click()
    page.locator("summary").click()
    check()
    page.goto(live_server.url + "/r/cut")
    check()
    live_server.make("delivery", kind="delivery")
    page.goto(live_server.url + "/demo/mail")
    check()


def test_the_preview_of_a_mail_leads_to_the_page_and_counts_nothing(live_server: LiveServer, tabs: Tabs) -> None:
    page = tabs()
    assert page.goto(live_server.url + "/demo/mail").status == 404  # type: ignore[union-attr]  # it did answer
    live_server.make("delivery", kind="delivery")
    page.goto(live_server.url + "/demo/mail")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="4").first.click()
    landing = opened.value
    landing.wait_for_timeout(READ_MS)
    landing.get_by_role("button", name="Send this answer").click()
    expect(landing.get_by_role("heading", name="Thank you")).to_be_visible()
    assert live_server.answers("delivery")[0]["flags"] == ["test"]
