"""Browsers of the last four years: we serve what they know, and the pages work with the rest taken away."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.pages import builds, render
from app.pages.css import written_out
from tests.conftest import ADMIN_KEY
from tests.pages.aged import DISPENSABLE_CSS, GUARDED_CSS, UNKNOWN_CSS, UNKNOWN_JS, aged_css, nested
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer, Site

SIZES = [(320, 480), (667, 320), (390, 844), (1280, 800)]
WIDGET_CSS = re.compile(r":host\{all:initial.*?(?=')")
TEMPLATES = Path(render.__file__).parent / "templates"


def served() -> dict[str, str]:
    """Every style sheet and script as browsers get it, but for kept builds of the widget: they stay as they were."""
    found = {name: body.decode() for name, body in render._files().items() if name.endswith((".css", ".js"))}
    newest = builds.newest().decode()
    sheet = WIDGET_CSS.search(newest)
    assert sheet
    del found["widget.js"]  # the source of the build
    worker = (TEMPLATES / "kiosk-sw.js").read_text()
    return found | {"the widget's.css": sheet[0], "the widget.js": newest.replace(sheet[0], ""), "kiosk-sw.js": worker}


@pytest.mark.parametrize("name", sorted(served()))
def test_what_is_served_keeps_to_what_browsers_of_the_last_four_years_know(name: str) -> None:
    source = served()[name]
    unknown = UNKNOWN_CSS if name.endswith(".css") else UNKNOWN_JS
    used = {what for what, pattern in unknown.items() if re.search(pattern, source)}
    allowed = DISPENSABLE_CSS | GUARDED_CSS if name.endswith(".css") else set()
    if name == "the widget.js":
        allowed = {"constructed style sheets"}  # with a style element for those who do not know them
    assert used <= allowed


@pytest.mark.parametrize("name", [name for name in sorted(served()) if name.endswith(".css")])
def test_no_rule_stands_in_another_and_what_is_guarded_stands_apart(name: str) -> None:
    source = served()[name]
    assert nested(source) == []
    for rule in re.findall(r"[^{}]+(?=\{)", source):
        if ":has(" in rule and not rule.startswith("@supports"):
            assert not re.search(r",(?![^()]*\))", re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", rule)), rule
    assert "light-dark(" not in re.sub(r"@supports \(color:light-dark\(.*?\}\}", "", source)


@pytest.mark.parametrize(
    ("source", "flat"),
    [
        ("a { b { c: d } e: f }", "a{e:f}a b{c:d}"),
        (".a, .b { &:hover > i { x: y } > u { v: w } }", ".a:hover>i,.b:hover>i{x:y}.a>u,.b>u{v:w}"),
        ("a { @media (width < 48rem) { b: c } }", "@media (max-width:47.999rem){a{b:c}}"),
        ("@media (height >= 5px) { a { b: c } }", "@media (min-height:5px){a{b:c}}"),
        ("a:has(b), c { d: e }", "c{d:e}a:has(b){d:e}"),
        (":is(a, b) c { d: calc(1px + 2px) }", ":is(a,b) c{d:calc(1px + 2px)}"),
        ("a { b: c(d, e(f(1%, g(2px, 3%)), 1fr)) }", "a{b:c(d,e(f(1%,g(2px,3%)),1fr))}"),
        ('a::after { content: " →" / "" }', 'a::after{content:" →" / ""}'),
        ("@keyframes x { from { a: b } to { a: c } }", "@keyframes x{from{a:b}to{a:c}}"),
        ("a { b: light-dark(#fff, #000); c: d }", "a{b:#fff;c:d}@media (prefers-color-scheme:dark){a{b:#000}}"),
    ],
)
def test_a_style_sheet_is_written_out(source: str, flat: str) -> None:
    assert written_out(source) == flat


@pytest.fixture(params=["light", "dark"])
def aged(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of a browser that is four years old, as far as our files go."""
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(10_000)
    context.add_init_script("delete CSSStyleSheet.prototype.replaceSync")  # Safari 16.1

    def older(route: Route) -> None:
        answer = route.fetch()
        if ".css" in route.request.url:
            return route.fulfill(response=answer, body=aged_css(answer.text()))
        return route.fulfill(response=answer, body=WIDGET_CSS.sub(lambda sheet: aged_css(sheet[0]), answer.text()))

    context.route(re.compile(r"\.css$|/widget\.v1"), older)
    yield context.new_page()
    context.unroute_all(behavior="ignoreErrors")
    context.close()


# What lies beside the screen, in the page and in the widget's shadow root.
INSIDE = """() => {
  const seen = node => node.offsetParent && getComputedStyle(node).visibility == "visible" && !node.closest(".sr")
    && !node.closest("details:not([open]) > :not(summary)")  // what is closed is laid out nowhere
    && !node.closest(".tabs");  // a row of its own that scrolls sideways
  const outside = ({left, right, width}) => width > 1 && (left < -1 || right > innerWidth + 1);
  const roots = [document, ...[...document.querySelectorAll("touchstone-feedback")].map(one => one.shadowRoot)];
  return roots.filter(Boolean).flatMap(root => [...root.querySelectorAll("input, button, textarea, a, h1, .q")])
    .filter(node => seen(node) && outside(node.getBoundingClientRect())).map(node => node.outerHTML.slice(0, 120)) }"""


def holds(page: Page) -> None:
    """Nothing stands beside the screen; on the lowest one axe finds nothing: words can be read on what is behind."""
    assert page.evaluate(INSIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if page.viewport_size == {"width": 667, "height": 320}:  # it takes a second, and this is where things overlap
        assert flaws(page) == []


def on_every_screen(page: Page, check: Callable[[Page], None]) -> None:
    page.wait_for_load_state()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        check(page)


SIX = [{"key": f"r{n}", "label": f"Reason {n}"} for n in range(6)]


@pytest.mark.browser
@pytest.mark.parametrize("scale", ["smiley", "nps", "stars"])
def test_the_hosted_page_works_in_an_old_browser(live_server: LiveServer, aged: Page, scale: str) -> None:
    live_server.make("store", scale=scale, reasons=SIX)
    aged.goto(f"{live_server.url}/t/store")
    radios = aged.get_by_role("radio")
    radios.last.wait_for()
    on_every_screen(aged, holds)
    radios.last.check()
    on_every_screen(aged, holds)
    aged.get_by_role("checkbox", name="Reason 1").check()
    aged.get_by_role("button", name="Send").click()
    aged.get_by_role("heading", name="Thank you").wait_for()
    on_every_screen(aged, holds)
    assert [answer["reasons"] for answer in live_server.answers("store")] == [["r1"]]


@pytest.mark.browser
@pytest.mark.parametrize("scale", ["smiley", "nps", "stars"])
def test_the_widget_works_in_an_old_browser(site: Site, live_server: LiveServer, aged: Page, scale: str) -> None:
    live_server.make("store", scale=scale, reasons=SIX)
    script = f'<script src="{live_server.url}/widget.v1.js" data-touchpoint="store" data-lang="en"></script>'
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>'
    aged.goto(site.page("/", f'<!doctype html><html lang="en">{head}<body><main><h1>Shop</h1>{script}</main>'))
    aged.get_by_role("radio").last.wait_for()

    def one_card(page: Page) -> None:
        holds(page)
        expect(page.locator("touchstone-feedback .card:visible")).to_have_count(1)

    on_every_screen(aged, one_card)
    first = aged.get_by_role("radio").first.bounding_box()
    assert first
    assert first["width"] >= 24
    aged.get_by_role("radio").last.click()
    aged.get_by_role("textbox").wait_for()
    aged.get_by_role("checkbox").nth(1).check()
    on_every_screen(aged, one_card)
    aged.get_by_role("button", name="Send").click()
    expect(aged.get_by_text("Sent", exact=True)).to_be_visible()
    assert [answer["reasons"] for answer in live_server.answers("store")] == [["r1"]]


@pytest.mark.browser
def test_the_rating_link_works_in_an_old_browser(live_server: LiveServer, aged: Page) -> None:
    live_server.make("store", scale="smiley", question={"en": "How was it?"})
    made = live_server.api("POST", "/v1/links", json={"touchpoint": "store", "recipients": [{"locale": "en"}]})
    aged.goto(made["items"][0]["urls"]["4"])
    on_every_screen(aged, holds)
    aged.wait_for_timeout(800)  # a press within 700 ms of its page is taken for a program's
    aged.get_by_role("button", name="Send").click()
    aged.get_by_role("heading", name="Thank you").wait_for()
    on_every_screen(aged, holds)


@pytest.mark.browser
def test_the_tablet_works_in_an_old_browser(live_server: LiveServer, aged: Page) -> None:
    live_server.make("store", scale="smiley", reasons=SIX, question={"en": "How was it?"})
    device = live_server.api("POST", "/v1/devices", json={"name": "Exit", "touchpoints": ["store"]})
    aged.goto(f"{live_server.url}/kiosk")
    aged.get_by_role("textbox").fill(device["pairing_code"])
    aged.set_viewport_size({"width": 1280, "height": 800})
    aged.get_by_role("button").click()
    aged.locator(".attract").click()
    aged.get_by_role("button", name="Very good").wait_for()
    on_every_screen(aged, holds)
    aged.get_by_role("button", name="Very good").click()
    aged.get_by_role("checkbox").first.check()
    on_every_screen(aged, holds)
    aged.get_by_role("button", name="Done").click()
    aged.locator(".bye").wait_for()
    on_every_screen(aged, holds)


@pytest.mark.browser
def test_the_dashboard_works_in_an_old_browser(live_server: LiveServer, aged: Page) -> None:
    live_server.api("POST", "/v1/touchpoints", json={"kind": "physical_store"})
    aged.goto(f"{live_server.url}/login")
    on_every_screen(aged, holds)
    aged.locator("input[type=password], input[name=key]").first.fill(ADMIN_KEY)
    aged.keyboard.press("Enter")
    aged.wait_for_url(f"{live_server.url}/")
    for path in ("/", "/touchpoints/physical-store", "/touchpoints/physical-store/edit", "/comments"):
        aged.goto(live_server.url + path)
        on_every_screen(aged, holds)


@pytest.mark.browser
def test_a_browser_that_cannot_read_the_widget_has_a_plain_form(live_server: LiveServer, aged: Page) -> None:
    live_server.make("store", scale="smiley")

    def older(route: Route) -> Any:
        body = (
            "?.;" if "widget" in route.request.url else "x { y: z }"
        )  # a script with newer syntax, and no styles at all
        return route.fulfill(status=200, body=body, content_type="text/plain")

    aged.route(re.compile(r"\.css$|/widget\.v1"), older)
    aged.goto(f"{live_server.url}/t/store")
    aged.get_by_role("radio", name="Very good").check()
    aged.get_by_role("button", name="Send").click()
    aged.get_by_role("heading", name="Thank you").wait_for()
    assert [answer["rating"] for answer in live_server.answers("store")] == [4]
