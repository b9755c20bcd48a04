"""The pretend shop, as somebody sees it who tries the product out."""

from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser


def test_without_its_touchpoint_it_says_what_to_do(live_server: LiveServer) -> None:
    answer = httpx.get(f"{live_server.url}/demo", headers={"Accept-Language": "da"})
    assert answer.status_code == 404
    assert "touchstone demo" in answer.text
    assert 'lang="da"' in answer.text


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_shop_takes_real_feedback(live_server: LiveServer, tab: Page, colours: Any) -> None:
    for kind in ("online_shop", "order_process"):
        live_server.api("POST", "/v1/touchpoints", json={"kind": kind})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.emulate_media(color_scheme=colours, reduced_motion="reduce")
    tab.goto(f"{live_server.url}/demo?lang=de")
    tab.get_by_role("radiogroup").first.wait_for()
    assert Axe().run(tab).violations_count == 0, Axe().run(tab).generate_report()
    tab.get_by_role("radio").last.click()
    expect(tab.get_by_text("Vielen Dank", exact=True).first).to_be_visible()
    assert len(live_server.answers("online-shop")) == 1
    tab.get_by_role("button", name="In den Warenkorb").click()
    tab.get_by_role("dialog").get_by_role("radio").last.click()
    expect(tab.get_by_role("dialog").get_by_text("Vielen Dank", exact=True)).to_be_visible()
    assert len(live_server.answers("order-process")) == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []


def test_its_mail_leads_to_a_rating_page_that_works(live_server: LiveServer, tab: Page) -> None:
    live_server.api("POST", "/v1/touchpoints", json={"kind": "delivery"})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(f"{live_server.url}/demo/mail?lang=en")
    address = tab.get_by_role("main").get_by_role("link").last.get_attribute("href")
    assert address
    tab.goto(address)
    expect(tab.locator("button[name=rating]").first).to_be_visible()
    assert said == []
    assert live_server.api("GET", "/v1/touchpoints/delivery/score")["response_rate"] is None
