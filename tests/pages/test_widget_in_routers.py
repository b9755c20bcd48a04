"""The widget in pages that change under it: React, Vue, Alpine and Turbo as they are, and a page's own script."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import LiveServer, Site

pytestmark = pytest.mark.browser
WIDGET = "document.querySelector('touchstone-feedback')"
FOLDER = Path(__file__).parent / "routers"
REACT = {
    "react": "react/cjs/react.production.js",
    "react-dom": "react-dom/cjs/react-dom.production.js",
    "scheduler": "scheduler/cjs/scheduler.production.js",
    "client": "react-dom/cjs/react-dom-client.production.js",
}
# Each page shows the widget of `checkout`, then of `delivery`, then nothing, as a router does it: go(1), go(2).
PAGES = ("react", "vue", "alpine", "script")


@pytest.fixture
def served(site: Site, npm: Path) -> Site:
    """A site that has the frameworks."""

    def script(path: str, text: str) -> None:
        site.page(path, text, Content_Type="text/javascript")

    bodies = (
        f'given["{name}"] = (module, exports) => {{ {(npm / file).read_text()} }};' for name, file in REACT.items()
    )
    script("/react.js", (FOLDER / "commonjs.js").read_text() + "\n".join(bodies))
    script("/vue.js", (npm / "vue/dist/vue.global.prod.js").read_text())
    script("/alpine.js", (npm / "alpinejs/dist/cdn.min.js").read_text())
    script("/turbo.js", (npm / "@hotwired/turbo/dist/turbo.es2017-umd.js").read_text())
    return site


@pytest.fixture
def visit(site: Site, live_server: LiveServer, tab: Page) -> Callable[..., Page]:
    """Opens a page of another site that has loaded the widget."""
    for key in ("checkout", "delivery"):
        live_server.make(key, scale="thumbs", question={"en": f"How was the {key}?"})

    def _visit(body: str) -> Page:
        script = f'<script src="{live_server.url}/widget.v1.js" async></script>'
        page = f'<!doctype html><html lang="en"><head><meta charset="utf-8">{script}</head><body>{body}</body></html>'
        tab.goto(site.page("/", page))
        return tab

    return _visit


def press(page: Page, name: str, key: str) -> None:
    """Answer the question of `key` once it is shown."""
    expect(page.get_by_text(f"How was the {key}?")).to_be_visible()
    page.get_by_role("radio", name=name).click()


def told(answer: dict[str, Any]) -> tuple[int, dict[str, Any], str]:
    return answer["rating"], answer["context"], answer["respondent"]


@pytest.mark.parametrize("framework", PAGES)
def test_an_answer_goes_to_the_touchpoint_whose_question_is_shown(
    visit: Callable[..., Page], served: Site, live_server: LiveServer, framework: str
) -> None:
    page = visit((FOLDER / f"{framework}.html").read_text())
    with page.expect_response("**/checkout/feedback"):
        press(page, "Yes", "checkout")
    page.evaluate("go(1)")
    with page.expect_response("**/delivery/feedback"):
        press(page, "No", "delivery")
    assert [told(answer) for answer in live_server.answers("checkout")] == [(1, {"page": "cart"}, "r-cart")]
    assert [told(answer) for answer in live_server.answers("delivery")] == [(0, {"page": "van"}, "r-van")]
    page.evaluate("go(2)")
    expect(page.get_by_role("radiogroup")).to_have_count(0)


@pytest.mark.parametrize("framework", PAGES)
def test_what_could_not_be_sent_goes_where_it_was_given_when_the_page_moves_on(
    visit: Callable[..., Page], served: Site, live_server: LiveServer, framework: str
) -> None:
    page = visit((FOLDER / f"{framework}.html").read_text())
    page.route("**/checkout/feedback", lambda route: route.abort())
    press(page, "Yes", "checkout")
    expect(page.get_by_text("could not be sent yet").last).to_be_visible()
    page.unroute("**/checkout/feedback")
    with page.expect_response("**/checkout/feedback"):
        page.evaluate("go(1)")
    with page.expect_response("**/delivery/feedback"):
        press(page, "No", "delivery")
    assert [told(answer) for answer in live_server.answers("checkout")] == [(1, {"page": "cart"}, "r-cart")]
    assert [answer["rating"] for answer in live_server.answers("delivery")] == [0]


def test_twenty_mounts_leave_no_listener_timer_or_observer(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page
) -> None:
    tab.add_init_script(path=FOLDER / "left.js")
    page = visit('<button id="open">open</button><main></main>')
    page.evaluate("customElements.whenDefined('touchstone-feedback')")
    before = page.evaluate("left()")
    for turn in range(20):
        page.evaluate("mountOnce", ("", "button", "modal")[turn % 3])
    assert page.evaluate("left()") == before
    assert len(live_server.answers("checkout")) == 7


def test_a_move_within_the_page_keeps_what_somebody_has_begun(
    visit: Callable[..., Page], live_server: LiveServer
) -> None:
    page = visit('<main><touchstone-feedback touchpoint="checkout"></touchstone-feedback></main><aside></aside>')
    press(page, "Yes", "checkout")
    page.get_by_role("textbox").fill("half a sen")
    page.evaluate(f"document.querySelector('aside').append({WIDGET})")
    expect(page.get_by_role("textbox")).to_have_value("half a sen")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    assert [answer["comment"] for answer in live_server.answers("checkout")] == ["half a sen"]


@pytest.mark.parametrize("where", ["head", "body"])
def test_back_with_turbo_shows_one_widget(served: Site, live_server: LiveServer, tab: Page, where: str) -> None:
    live_server.make("checkout", scale="thumbs")
    script = f'<script src="{live_server.url}/widget.v1.js" data-touchpoint="checkout" async></script>'
    head, body = (script, "") if where == "head" else ("", script)
    html = '<!doctype html><html lang="en"><head><script src="/turbo.js"></script>{}</head><h1>{}</h1>{}{}'
    served.page("/two", html.format("", "Two", '<a href="/one">one</a>', ""))
    tab.goto(served.page("/one", html.format(head, "One", '<a href="/two">two</a>', body)))
    for _ in range(2):
        expect(tab.get_by_role("radiogroup")).to_have_count(1)
        tab.get_by_role("link", name="two").click()
        expect(tab.get_by_role("heading", name="Two")).to_be_visible()
        tab.go_back()
        expect(tab.get_by_role("heading", name="One")).to_be_visible()
    expect(tab.get_by_role("radiogroup")).to_have_count(1)
    tab.wait_for_timeout(300)  # a second one would come a moment later
    expect(tab.locator("touchstone-feedback")).to_have_count(1)
    tab.get_by_role("radio", name="Yes").click()
    expect(tab.locator("p.soft", has_text="Saved: ")).to_be_visible()
    assert len(live_server.answers("checkout")) == 1


@pytest.mark.parametrize("display", ["", "button", "modal"])
def test_reset_lets_the_next_person_answer(visit: Callable[..., Page], live_server: LiveServer, display: str) -> None:
    page = visit(f'<touchstone-feedback touchpoint="checkout" display="{display}"></touchstone-feedback>')
    page.wait_for_function(f"{WIDGET}.shadowRoot")
    for name in ("Yes", "No"):
        page.evaluate(f"{WIDGET}.open()")
        press(page, name, "checkout")
        expect(page.locator("p.soft", has_text="Saved: ")).to_be_visible()
        page.evaluate(f"{WIDGET}.reset()")
    assert sorted(answer["rating"] for answer in live_server.answers("checkout")) == [0, 1]


@pytest.mark.parametrize(
    ("attributes", "script", "about", "respondent"),
    [
        ("context='{\"plan\": \"pro\"}' respondent='c-1'", "", {"plan": "pro"}, "c-1"),
        ("", "node.context = {plan: 'pro'}; node.respondent = 17;", {"plan": "pro"}, "17"),
        ('context=\'{"plan": "free"}\'', 'node.context = \'{"plan": "pro"}\';', {"plan": "pro"}, None),
        ("context='plan: pro' respondent=''", "", None, None),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_context_and_respondent_are_attributes_or_properties(
    visit: Callable[..., Page],
    live_server: LiveServer,
    attributes: str,
    script: str,
    about: Any,
    respondent: Any,
    when: str,
) -> None:
    body = f'<touchstone-feedback touchpoint="checkout" {attributes}></touchstone-feedback>'
    set_them = f"const node = {WIDGET}; {script}"
    if when == "before":  # the widget's script comes late
        page = visit(f"{body}<script>{set_them}</script>")
    else:
        page = visit(body)
        page.evaluate("customElements.whenDefined('touchstone-feedback')")
        page.evaluate(f"() => {{ {set_them} }}")
    with page.expect_response("**/feedback"):
        press(page, "Yes", "checkout")
    (answer,) = live_server.answers("checkout")
    assert (answer["context"], answer["respondent"]) == (about, respondent)


def test_keys_typed_into_our_fields_fire_no_shortcut_of_the_page(
    visit: Callable[..., Page], live_server: LiveServer
) -> None:
    page = visit(
        '<p id="heard"></p><touchstone-feedback touchpoint="checkout"></touchstone-feedback><script>'
        "for (const type of ['keydown', 'keyup', 'keypress']) document.addEventListener(type, event => {"
        "  const typing = /^(INPUT|TEXTAREA)$/.test(event.target.tagName);"
        "  if (typing) return;"
        "  if (type == 'keydown') heard.textContent += event.key + ' ';"
        "  if (event.key == 's') event.preventDefault() })</script>"
    )
    press(page, "Yes", "checkout")
    page.get_by_role("textbox").click()
    page.keyboard.type("staff was slow")
    expect(page.get_by_role("textbox")).to_have_value("staff was slow")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    expect(page.locator("#heard")).to_have_text("Escape Tab")
    page.keyboard.press("s")  # no field of ours: the page's again
    expect(page.locator("#heard")).to_have_text("Escape Tab s")


SIX = [{"key": f"r{n}", "label": f"A reason that takes its room, {n}"} for n in range(6)]


@pytest.mark.parametrize(("width", "height"), [(667, 320), (320, 480), (320, 240)])
@pytest.mark.parametrize("display", ["button", "modal"])
def test_everything_in_a_panel_can_be_reached_on_a_small_screen(
    visit: Callable[..., Page], live_server: LiveServer, width: int, height: int, display: str
) -> None:
    live_server.make("store", scale="csat", reasons=SIX)
    page = visit(f'<touchstone-feedback touchpoint="store" display="{display}"></touchstone-feedback>')
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(f"{WIDGET}.shadowRoot")
    page.evaluate(f"{WIDGET}.open()")
    page.get_by_role("radio").first.click()
    page.get_by_role("textbox").wait_for()
    box = page.get_by_role("dialog").bounding_box()
    assert box
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= height
    page.get_by_role("checkbox").first.check()
    page.get_by_role("checkbox").last.check()
    page.get_by_role("textbox").fill("Slow.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    (answer,) = live_server.answers("store")
    assert (answer["comment"], answer["reasons"]) == ("Slow.", ["r0", "r5"])
