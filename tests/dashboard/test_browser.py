"""The dashboard as people use it: in a browser, by mouse and by keyboard, in light and dark, in four languages."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ADMIN_KEY
from tests.dashboard.test_shell import signed_in
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def company(live_server: LiveServer) -> LiveServer:
    """Two touchpoints with answers, one of which hurts, and one without any."""
    live_server.make("delivery", kind="delivery", target={"metric": "index", "value": 70}, tags=["north"])
    live_server.make("online-shop", kind="online_shop")
    live_server.make("invoice", kind="invoice")
    items: list[dict[str, Any]] = []
    for place in range(40):
        items.append(
            {"touchpoint": "delivery", "rating": 1 + place % 3, "comment": f"Late again {place}", "locale": "en"}
        )
        items.append({"touchpoint": "online-shop", "rating": 4})
    live_server.api("POST", "/v1/feedback/batch", json={"items": items})
    stages = [{"name": "Buy", "touchpoints": ["online-shop"]}, {"name": "Receive", "touchpoints": ["delivery"]}]
    journey = {"key": "order", "name": "Order", "target": {"value": 80}, "stages": stages}
    live_server.api("POST", "/v1/journeys", json=journey)
    return live_server


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["light-wide", "dark-phone"])
def person(request: pytest.FixtureRequest, browser: Browser, company: LiveServer) -> Iterator[Page]:
    """Somebody signed in, for whom the browser's console has no message (a form that comes back is a 422)."""
    scheme, width = request.param
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 844}}
    context = browser.new_context(locale="en-GB", base_url=company.url, **options)
    context.set_default_timeout(15_000)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/login")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    expect(page).to_have_url(company.url + "/")
    yield page
    assert [text for text in said if "status of 422" not in text] == []
    context.close()


def test_the_worst_touchpoint_is_found_and_opened(person: Page) -> None:
    person.goto("/map")
    expect(person.locator(".tp.lowest")).to_contain_text("Delivery")
    expect(person.locator(".lead")).to_contain_text("Delivery hurts most")
    person.locator(".tp.lowest a").click()
    expect(person.locator("h1")).to_have_text("Delivery")
    expect(person.locator(".lead")).to_contain_text("The target of 70 is not reached")
    person.get_by_text("The numbers as a table").click()
    expect(person.get_by_role("columnheader", name="Week from")).to_be_visible()


def test_a_card_opens_beside_a_line_by_mouse_and_by_keyboard_and_escape_closes_it(
    browser: Browser, company: LiveServer
) -> None:
    page = signed_in(browser, company, viewport={"width": 1280, "height": 844})
    page.goto("/map")
    line = page.locator(".tp").first
    expect(line.locator(".peek")).to_be_hidden()
    line.hover()
    expect(line.locator(".peek")).to_be_visible()
    line.locator(".peek").hover()  # it stays while one reads it
    expect(line.locator(".peek")).to_be_visible()
    page.keyboard.press("Escape")
    expect(line.locator(".peek")).to_be_hidden()
    page.mouse.move(0, 0)
    line.locator("a").focus()
    expect(line.locator(".peek")).to_be_visible()
    assert flaws(page) == []
    page.keyboard.press("Escape")
    expect(line.locator(".peek")).to_be_hidden()
    page.context.close()


def test_a_filter_can_be_shared_by_its_address(person: Page) -> None:
    person.goto("/map")
    person.get_by_text("Filter", exact=True).click()
    person.get_by_label("Tag").select_option("north")
    person.get_by_role("button", name="Show").click()
    expect(person).to_have_url(re.compile("tag=north"))
    expect(person.locator(".tp")).to_have_count(1)
    person.get_by_role("link", name="90 d").click()
    expect(person).to_have_url(re.compile("tag=north.*period=90d|period=90d.*tag=north"))


def test_a_new_answer_appears_by_itself(person: Page, company: LiveServer) -> None:
    expect(person.locator("body")).not_to_contain_text("It just came")
    with person.expect_response(lambda response: response.url.endswith("/live")):
        person.reload()
    person.wait_for_timeout(1500)
    company.api("POST", "/v1/touchpoints/delivery/feedback", json={"rating": 1, "comment": "It just came"})
    expect(person.get_by_text("It just came")).to_be_visible(timeout=10_000)


def test_the_page_speaks_the_language_chosen(person: Page) -> None:
    for language, said in (("de", "schmerzt am meisten"), ("da", "gør mest ondt"), ("pl", "boli")):
        person.goto(f"/map?lang={language}")
        expect(person.locator(".lead")).to_contain_text(said)
        person.goto("/touchpoints/delivery")
        assert person.locator("html").get_attribute("lang") == language


def test_a_journey_is_written_down_by_mouse(person: Page) -> None:
    person.goto("/journeys")
    expect(person.locator(".worst")).to_contain_text("Receive")
    person.get_by_role("link", name="New journey").click()
    person.get_by_label("English").first.fill("Return")
    first = person.get_by_role("group", name="Stage 1")
    first.get_by_label("English").fill("Ask")
    first.get_by_label("Invoice").check()
    person.get_by_role("button", name="Add a stage").click()
    expect(person.get_by_role("group", name="Stage 4").get_by_label("English")).to_be_focused()
    person.get_by_role("button", name="Move stage 1 down").click()
    expect(person.get_by_role("group", name="Stage 2").get_by_label("English")).to_have_value("Ask")
    expect(person.get_by_role("group", name="Stage 2").get_by_label("Invoice")).to_be_checked()
    person.get_by_role("button", name="Save").click()
    expect(person.get_by_role("heading", name="Return")).to_be_visible()
    expect(person.get_by_role("heading", name="1. Ask")).to_be_visible()


def test_a_journey_is_changed_and_deleted_by_keyboard(person: Page) -> None:
    def press(*keys: str) -> None:
        for key in keys:
            person.keyboard.press(key)

    person.goto("/journeys")
    person.get_by_role("link", name=re.compile("Edit.*Order")).focus()
    press("Enter")
    person.get_by_label("Target for the index").focus()
    press("ControlOrMeta+A", "7", "Enter")
    expect(person.get_by_role("heading", name="Journeys")).to_be_visible()
    expect(person.locator("main")).to_contain_text("The target of 7 is reached.")
    person.get_by_role("link", name=re.compile("Edit.*Order")).focus()
    press("Enter")
    person.get_by_label("Target for the index").focus()
    press("ControlOrMeta+A", "x", "Enter")
    expect(person.get_by_label("Target for the index")).to_have_accessible_description("A number is needed here.")
    assert flaws(person) == []
    person.get_by_text("Delete this journey").focus()
    press("Enter", "Tab", "Enter")
    expect(person.get_by_role("heading", name="No journey is written down yet")).to_be_visible()
    assert flaws(person) == []


def test_the_embed_code_is_copied_by_keyboard_and_that_is_said(person: Page) -> None:
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.goto("/touchpoints/delivery")
    region = person.locator(".copy [role=status]")
    expect(region).to_be_empty()
    person.get_by_role("button", name="Copy the code").focus()
    person.keyboard.press("Enter")
    expect(region).to_have_text("Copied")
    assert 'data-touchpoint="delivery"' in person.evaluate("navigator.clipboard.readText()")


def test_without_a_script_there_is_no_button_that_does_nothing(browser: Browser, company: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=company.url, locale="en-GB")
    page = context.new_page()
    page.goto("/login")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(company.url + "/")
    page.goto("/touchpoints/delivery")
    expect(page.locator("#snippet")).to_be_visible()
    expect(page.locator("[data-copy]")).to_be_hidden()
    context.close()
