"""The shell: the same bar on every page, by mouse, by keyboard, on a phone and without a script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ADMIN_KEY
from tests.dashboard.broken import broken
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser


def signed_in(browser: Browser, server: LiveServer, **options: object) -> Page:
    context = browser.new_context(base_url=server.url, locale="en-GB", **options)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/login")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(server.url + "/")
    return page


@pytest.fixture
def company(live_server: LiveServer) -> LiveServer:
    live_server.make("delivery", kind="delivery", owner="Anders")
    items = [{"touchpoint": "delivery", "rating": 1, "comment": f"Late again {place}"} for place in range(3)]
    live_server.api("POST", "/v1/feedback/batch", json={"items": items})
    return live_server


@pytest.fixture
def person(browser: Browser, company: LiveServer) -> Iterator[Page]:
    page = signed_in(browser, company)
    yield page
    page.context.close()


def test_a_broken_word_is_seen(person: Page) -> None:
    """The control."""
    person.goto("/keys")
    person.evaluate("document.querySelector('h1').setAttribute('hidden', '')")
    assert broken(person) == []
    person.evaluate("document.querySelector('main button').attributeStyleMap.set('width', CSS.px(30))")
    person.evaluate("document.querySelector('main button').attributeStyleMap.set('overflow-wrap', 'anywhere')")
    assert broken(person)


def test_single_keys_search_and_go_and_can_be_switched_off(person: Page) -> None:
    person.keyboard.press("Tab")
    expect(person.get_by_text("Skip to content")).to_be_focused()
    person.keyboard.press("/")
    expect(person.locator(".search input")).to_be_focused()
    person.keyboard.type("late g")
    person.keyboard.press("Enter")
    expect(person.locator(".lead")).to_contain_text("nothing found")
    person.locator("body").press("?")
    expect(person.locator("h1")).to_have_text("Keys and help")
    person.keyboard.press("g")
    person.keyboard.press("c")
    expect(person.locator("h1")).to_have_text("Comments")
    person.goto("/help")
    person.get_by_label("Single keys do something").uncheck()
    person.locator("body").press("g")
    person.keyboard.press("c")
    expect(person.locator("h1")).to_have_text("Keys and help")


def test_on_a_phone_and_without_a_script_one_gets_everywhere(browser: Browser, company: LiveServer) -> None:
    page = signed_in(browser, company, java_script_enabled=False, viewport={"width": 390, "height": 844})
    low = page.locator(".nav").bounding_box()
    assert low and low["y"] + low["height"] == 844
    page.locator(".nav").get_by_text("More").click()
    page.locator(".nav .menu").get_by_role("link", name="Set up").click()
    expect(page.locator("h1")).to_have_text("Touchpoints")
    page.locator(".seek").click()
    page.locator("main input[name=q]").fill("deliv")
    page.locator("main input[name=q]").press("Enter")
    expect(page.locator(".lead")).to_contain_text("1 touchpoint")
    page.locator(".account summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.context.close()
