"""The pretend shop, as somebody sees it who tries the product out."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser


def test_without_its_touchpoint_it_says_what_to_do(live_server: LiveServer) -> None:
    answer = httpx.get(f"{live_server.url}/demo", headers={"Accept-Language": "da"})
    assert answer.status_code == 404
    assert "touchstone demo" in answer.text
    assert 'lang="da"' in answer.text


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_shop_takes_real_feedback(live_server: LiveServer, tab: Page, colours: Any) -> None:
    for kind in ("online_shop", "order_process", "delivery"):
        live_server.api("POST", "/v1/touchpoints", json={"kind": kind})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.emulate_media(color_scheme=colours, reduced_motion="reduce")
    tab.goto(f"{live_server.url}/demo?lang=de")
    tab.get_by_role("radiogroup").first.wait_for()
    assert flaws(tab) == []
    tab.get_by_role("radio").last.click()
    expect(tab.get_by_text("Vielen Dank", exact=True).first).to_be_visible()
    assert len(live_server.answers("online-shop")) == 1
    tab.get_by_role("button", name="In den Warenkorb").click()
    tab.get_by_role("dialog").get_by_role("radio").last.click()
    expect(tab.get_by_role("dialog").get_by_text("Vielen Dank", exact=True)).to_be_visible()
    assert len(live_server.answers("order-process")) == 1
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert said == []
    for page in tab.get_by_role("complementary").get_by_role("link").evaluate_all("all => all.map(one => one.href)"):
        assert httpx.get(page, follow_redirects=True).status_code == 200, page
