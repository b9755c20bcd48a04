"""Every page of the dashboard: every width, light, dark, print and forced colours, four languages, by keyboard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from app.dashboard.room import ROOM
from app.settings import Settings
from app.touchpoints.catalogue import LANGUAGES
from tests.conftest import ADMIN_KEY
from tests.dashboard.broken import broken
from tests.dashboard.focus import walked
from tests.dashboard.lived_in import EVERY, PAGES, furnish, whole_catalogue
from tests.dashboard.looks import PAPER, flaws_in_all_looks
from tests.dashboard.test_shell import signed_in
from tests.pages.conftest import LiveServer, free_port

pytestmark = pytest.mark.browser
NO_PAGES = {"/login", "/live", "/import/{number}/refused"}
NOTHING_THERE = ("/touchpoints/nowhere", "/map?tag=nowhere", "/login")
WIDTHS = (360, 390, 768, 1100, 1280, 1920)


def test_no_page_is_left_out() -> None:
    served = {
        route.path for router in ROOM.routers for route in router.routes if "GET" in getattr(route, "methods", ())
    }
    assert served - NO_PAGES == set(PAGES)


@pytest.fixture(scope="module")
def company(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for the whole file: nothing here changes it."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("lived_in") / "touchstone.db")
    chosen = {"database_url": f"sqlite+aiosqlite:///{path}", "admin_key": ADMIN_KEY, "rate_limit": "off"}
    server = LiveServer(Settings(**chosen), free_port())
    server.start()
    furnish(server)
    whole_catalogue(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def person(browser: Browser, company: LiveServer) -> Iterator[Page]:
    page = signed_in(browser, company)
    yield page
    page.context.close()


@pytest.fixture(autouse=True)
def looks_as_usual(person: Page) -> None:
    person.emulate_media(media="screen", forced_colors="none", color_scheme="light")


@pytest.mark.parametrize("path", EVERY)
def test_axe_finds_nothing_at_any_width_in_any_scheme_and_on_paper(person: Page, path: str) -> None:
    person.goto(path)
    assert flaws_in_all_looks(person) == []


# What axe has to find, each in one look only.
FLAWS = {
    "color-contrast": "@media (prefers-color-scheme: dark) and (width > 1500px) { h1 { color: #333 } }",
    "target-size": "@media (700px < width < 800px) { .picks :is(li, label, input) { min-height: 0; block-size: 8px } }",
}


@pytest.mark.parametrize("rule", FLAWS)
def test_a_flaw_of_one_look_alone_is_found(person: Page, rule: str) -> None:
    """The control."""
    person.goto("/keys")
    person.evaluate("document.adoptedStyleSheets = [new CSSStyleSheet()]")
    person.evaluate("(css) => document.adoptedStyleSheets[0].replaceSync(css)", FLAWS[rule])
    assert {found for _, found, _ in flaws_in_all_looks(person)} == {rule}


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_over_or_is_cut_in_any_language(person: Page, language: str) -> None:
    person.goto(f"/help?lang={language}")
    for path in (*EVERY, *NOTHING_THERE):
        person.goto(path)
        for width in WIDTHS:
            person.set_viewport_size({"width": width, "height": 844})
            assert person.evaluate(RUNS_OVER) + broken(person) == [], (path, width)
    person.goto("/help?lang=en")


CHIPS = "[...document.querySelectorAll('.chip')].map((one) => getComputedStyle(one).borderTopStyle)"


def test_paper_and_forced_colours_keep_what_a_colour_says(person: Page) -> None:
    for path in EVERY:
        person.emulate_media(media="screen", forced_colors="active")
        person.goto(path)
        for width in (390, 1280):
            person.set_viewport_size({"width": width, "height": 900})
            assert broken(person) == [], (path, width)
        assert person.locator(".nav").is_visible()
        assert {*person.evaluate(CHIPS)} <= {"solid", "dashed"}, path
        person.set_viewport_size({"width": PAPER, "height": 1100})
        person.emulate_media(media="print", forced_colors="none")
        assert broken(person) == [] and not person.locator(".nav").is_visible(), path
        assert {*person.evaluate(CHIPS)} <= {"solid", "dashed"}, path
    person.goto("/map")
    assert person.evaluate(CHIPS)


def test_the_same_bar_stands_on_every_page(person: Page) -> None:
    said = None
    for path in PAGES.values():
        person.goto(path)
        bar = person.locator(".nav > ul > li:not(.more)").all_inner_texts()
        assert said in (None, bar) and len(bar) == 6, path
        assert person.locator(".nav [aria-current=page]").count() <= 1
        said = bar


@pytest.mark.parametrize("width", [390, 1280])
def test_every_control_is_reached_by_tab_and_seen_when_it_has_the_focus(person: Page, width: int) -> None:
    person.set_viewport_size({"width": width, "height": 844})
    for path in EVERY:
        person.goto(path)
        assert walked(person) == [], path


def test_a_focus_that_nobody_sees_is_told(person: Page) -> None:
    """The control."""
    for sheet in (":focus-visible { outline: none }", "main { translate: 0 -200vh }"):
        person.goto("/keys")
        assert walked(person) == []
        person.evaluate("document.adoptedStyleSheets = [new CSSStyleSheet()]")
        person.evaluate(f"document.adoptedStyleSheets[0].replaceSync('{sheet}')")
        assert walked(person), sheet


# Bytes as they went over the wire, the page and all it loads.
WEIGHT = """() => performance.getEntries().filter((e) => e.encodedBodySize && !e.name.endsWith("/live"))
  .reduce((sum, e) => sum + e.encodedBodySize, 0)"""


def test_the_first_page_weighs_less_than_60_kilobytes_with_all_it_loads(person: Page) -> None:
    for path in ("/", "/map", "/comments", "/touchpoints/delivery"):
        person.goto(path, wait_until="load")
        assert 10_000 < person.evaluate(WEIGHT) < 60_000, path
