"""A touchpoint's page and an alert's chart in the demo's company, as a browser shows them."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app import migrate
from app.db import open_database
from app.demo.build import build
from app.settings import Settings
from app.touchpoints.catalogue import LANGUAGES
from tests.conftest import ADMIN_KEY
from tests.dashboard.broken import broken
from tests.dashboard.test_shell import signed_in as opened
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer, free_port

pytestmark = pytest.mark.browser
PATH = "/touchpoints/delivery"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The demo's company, as it is served."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    migrate.upgrade(url)

    async def run() -> None:
        db = open_database(url)
        await build(db, ["http://127.0.0.1:8000"], datetime.now(UTC), lambda *_: None)
        await db.close()

    with ThreadPoolExecutor() as thread:  # the browser's own event loop holds this one
        thread.submit(asyncio.run, run()).result()
    server = LiveServer(Settings(database_url=url, admin_key=ADMIN_KEY, rate_limit="off"), free_port())
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["light-wide", "dark-phone"])
def person(request: pytest.FixtureRequest, browser: Browser, demo: LiveServer) -> Iterator[Page]:
    scheme, width = request.param
    page = opened(browser, demo, color_scheme=scheme, viewport={"width": width, "height": 844})
    yield page
    page.context.close()


def drop_of(demo: LiveServer) -> str:
    found = demo.api("GET", "/v1/alerts?kind=drop&touchpoint=delivery")["items"]
    return f"/alerts/{found[0]['id']}"


def test_what_happened_stands_on_the_trend_and_leads_where_it_is_told(person: Page, demo: LiveServer) -> None:
    person.goto(PATH)
    events = person.locator(".events li")
    said = events.all_text_contents()
    for number, wanted in enumerate(("target set to 75", "reviewed by Anders Holm", "fell from", "began", "ended"), 1):
        assert wanted in said[number - 1] and said[number - 1].strip().startswith(str(number)), said
    assert person.locator(".chart .glyph").count() >= len(said)
    assert flaws(person) == [] and broken(person) == []
    events.get_by_role("link", name=re.compile("fell from")).focus()
    person.keyboard.press("Enter")
    expect(person).to_have_url(demo.url + drop_of(demo))


def test_the_page_and_the_alert_read_well_at_every_width_in_every_language(browser: Browser, demo: LiveServer) -> None:
    page = opened(browser, demo)
    for language in LANGUAGES:
        others = (f"{PATH}?period=7d", f"{PATH}?period=all") if language == "en" else ()
        for path in (f"{PATH}?lang={language}", drop_of(demo), *others):
            page.goto(path)
            for summary in page.locator("figure summary").all():
                summary.click()
            for width in (360, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 900})
                assert broken(page) == [], (path, language, width)
    page.context.close()


MARKS = """() => [...document.querySelectorAll(".chart .glyph, .chart .mid.ink")].map((one) => {
  const box = one.getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom, one.closest("svg:not(.chart)") ? "shape" : "number"];
})"""


def test_no_mark_covers_another_on_the_narrowest_phone(browser: Browser, demo: LiveServer) -> None:
    page = opened(browser, demo, viewport={"width": 360, "height": 800})
    page.goto(PATH)
    boxes = [box for box in page.evaluate(MARKS) if box[4] == "number"]
    assert len(boxes) >= 5
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], (one, other)
    page.context.close()


# The words of a chart that an upright crosses: how many are under it instead of above.
UNDER = """() => {
  const words = [...document.querySelectorAll(".chart text")].map((one) => [one, one.getBoundingClientRect()]);
  const found = { crossed: 0, under: [] };
  for (const line of document.querySelectorAll(".chart .upright")) {
    const at = line.getBoundingClientRect(), x = at.left + at.width / 2;
    for (const [word, box] of words) {
      if (x < box.left || x > box.right || box.top > at.bottom || box.bottom < at.top) continue;
      found.crossed += 1;
      const top = document.elementFromPoint(x, (box.top + box.bottom) / 2);
      if (top !== word || getComputedStyle(word).paintOrder !== "stroke") found.under.push(word.textContent);
    }
  }
  return found;
}"""


def test_no_dotted_line_of_a_mark_crosses_a_word(browser: Browser, live_server: LiveServer) -> None:
    live_server.make("delivery", kind="delivery", target={"metric": "index", "value": 70})
    days = [(datetime.now(UTC) - timedelta(days=back)).isoformat() for back in range(89)]
    items = [{"touchpoint": "delivery", "rating": 1 + place % 5, "occurred_at": day} for place, day in enumerate(days)]
    live_server.api("POST", "/v1/feedback/batch", json={"items": items})
    for back in (3, 9, 15, 22, 29, 31, 40, 52, 64, 72, 80, 86):
        action = {
            "title": "A second courier drives on Saturdays",
            "touchpoints": ["delivery"],
            "started_at": days[back],
        }
        live_server.api("POST", "/v1/actions", json=action)
    page = opened(browser, live_server)
    for width, many in ((360, True), (1280, False)):
        page.set_viewport_size({"width": width, "height": 900})
        for period in ("7d", "30d", "90d"):
            page.goto(f"{PATH}?period={period}")
            page.locator(".chart").scroll_into_view_if_needed()
            found = page.evaluate(UNDER)
            assert found["under"] == [] and broken(page) == [], (width, period)
            assert found["crossed"] or not many, "on a phone there is no room beside the lines"
    page.context.close()


def test_an_alert_draws_what_was_usual_when_it_began_and_the_numbers(person: Page, demo: LiveServer) -> None:
    person.goto(drop_of(demo))
    chart = person.get_by_role("img", name=re.compile("What was seen"))
    expect(chart).to_have_accessible_name(re.compile("95 of 100 weeks"))
    assert chart.locator(".band").count() and chart.locator(".unsure").count() == 1
    person.get_by_text("The numbers as a table").click()
    expect(person.get_by_role("columnheader", name="Usual")).to_be_visible()
    assert person.locator("figure tbody tr").count() >= 16
    assert flaws(person) == [] and broken(person) == []


# The shapes whose outline and area are both paler than 3:1 against what is behind them.
PALE = """() => {
  const light = (said) => {
    const parts = said.match(/[\\d.]+/g).map((part) => part / 255);
    const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const card = getComputedStyle(document.querySelector("figure.card")).backgroundColor;
  const behind = card === "rgba(0, 0, 0, 0)" ? 1 : light(card);
  const contrast = (said) => {
    if (!said.startsWith("rgb")) return 1;
    const [low, high] = [light(said), behind].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  };
  return [...document.querySelectorAll(".chart :is(.glyph, .line, .mean)")]
    .filter((one) => Math.max(contrast(getComputedStyle(one).fill), contrast(getComputedStyle(one).stroke)) < 3)
    .map((one) => one.outerHTML);
}"""


@pytest.mark.parametrize("media", [{"media": "print"}, {"forced_colors": "active"}], ids=["paper", "forced"])
def test_every_mark_can_be_seen_on_paper_and_in_forced_colours(
    browser: Browser, demo: LiveServer, media: dict[str, Any]
) -> None:
    page = opened(browser, demo, viewport={"width": 794, "height": 1123})
    page.emulate_media(**media)
    for path in (PATH, drop_of(demo)):
        page.goto(path)
        assert page.locator(".chart .mean").count() > 0
        assert page.evaluate(PALE) == [] and broken(page) == []
    page.context.close()
