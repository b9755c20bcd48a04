"""The dashboard as people use it: in a browser, by mouse and by keyboard, in light and dark, in four languages."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.touchpoints.catalogue import LANGUAGES
from tests.conftest import ADMIN_KEY
from tests.dashboard.broken import broken
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser
PAGES = (
    "/",
    "/touchpoints/delivery",
    "/comments",
    "/touchpoints",
    "/touchpoints/delivery/edit",
    "/journeys",
    "/journeys/new",
    "/journeys/order/edit",
    "/keys",
    "/devices",
    "/webhooks",
    "/subscribers",
    "/import",
    "/search?q=late",
    "/help",
    "/map",
    "/alerts",
)


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


def test_axe_finds_nothing_and_nothing_runs_over(person: Page, company: LiveServer) -> None:
    for path in PAGES:
        person.goto(path)
        assert person.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert flaws(person) == [], path


RUNS_OVER = """() => {
  const over = document.scrollingElement.scrollWidth - innerWidth, found = over > 0 ? ['the page, by ' + over] : [];
  for (const card of document.querySelectorAll('.card, .bar, .lead')) {
    const edge = card.getBoundingClientRect().right + 0.5;
    const loose = 'svg *, .vh, .menu *, .scroll *, details:not([open]) > :not(summary)';
    const past = [...card.querySelectorAll(`:not(${loose})`)].find((e) => e.getBoundingClientRect().right > edge);
    if (past) found.push(past.outerHTML.slice(0, 90));
  }
  for (const e of document.querySelectorAll('.seg a, .bar a, button:not(.vh), summary')) {
    if (e.clientWidth && e.scrollWidth > e.clientWidth + 1) found.push('cut: ' + e.textContent.trim().slice(0, 60));
  }
  return found;
}"""


@pytest.fixture
def whole_catalogue(company: LiveServer) -> LiveServer:
    """A touchpoint of every kind, so that every name stands somewhere."""
    for kind in company.api("GET", "/v1/catalogue")["items"]:
        key = kind["kind"].replace("_", "-")
        if kind["kind"] not in ("delivery", "online_shop", "invoice"):
            company.make(key, kind=kind["kind"], target={"metric": "index", "value": 66.5})
    items = [
        {"touchpoint": row["key"], "rating": 1} for row in company.api("GET", "/v1/touchpoints?limit=100")["items"]
    ]
    company.api("POST", "/v1/feedback/batch", json={"items": items * 12})
    return company


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_over_or_is_cut_in_any_language(
    browser: Browser, whole_catalogue: LiveServer, language: str
) -> None:
    context = browser.new_context(base_url=whole_catalogue.url)
    page = context.new_page()
    page.goto(f"/login?lang={language}")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(whole_catalogue.url + "/")
    for path in (*PAGES, "/touchpoints/delivery?words=1", "/touchpoints/nowhere", "/map?tag=nowhere", "/login"):
        page.goto(path)
        for width in (360, 768, 1100, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(RUNS_OVER) + broken(page) == [], (path, width)
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
    first.get_by_text("Choose touchpoints").click()
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


WEIGHT = """() => performance.getEntries().filter((e) => e.decodedBodySize && !e.name.endsWith("/live"))
  .reduce((sum, e) => sum + e.decodedBodySize, 0)"""


def test_a_page_weighs_less_than_150_kilobytes_with_all_it_loads(person: Page) -> None:
    for path in ("/", "/touchpoints/delivery"):
        person.goto(path, wait_until="load")
        assert 20_000 < person.evaluate(WEIGHT) < 150_000
