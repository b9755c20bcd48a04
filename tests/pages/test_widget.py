"""The widget on somebody else's page, in a real browser, against the real service."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.pages import builds, widget
from app.touchpoints.scales import SCALES
from tests.pages import LOOKS
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer, Site

pytestmark = pytest.mark.browser
STRICT = "default-src 'none'; script-src {0}; connect-src {0}; require-trusted-types-for 'script'"
WATCH = "window.violations = []; addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective))"
EVENTS = "window.said = []; addEventListener('touchstone:submitted', e => said.push(e.detail))"


def tag(key: str, **attributes: str) -> str:
    """The widget as an element."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<touchstone-feedback touchpoint="{key}"{more}></touchstone-feedback>'


@pytest.fixture
def visit(site: Site, live_server: LiveServer, tab: Page) -> Callable[..., Page]:
    """Opens a page of another site with the widget in it: visit(tag("checkout"))."""

    def _visit(
        body: str, *, lang: str = "en", policy: str = "", html: str = "", server: LiveServer = live_server
    ) -> Page:
        headers = {"Content-Security-Policy": policy} if policy else {}
        script = f'<script src="{server.url}/widget.v1.js" async></script>'
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>'
        page = f'<!doctype html><html lang="{lang}" {html}><head>{head}{script}</head><body>{body}</body></html>'
        tab.goto(site.page("/", page, **headers))
        return tab

    return _visit


def stored(page: Page, server: LiveServer, key: str, n: int = 1) -> list[dict[str, Any]]:
    """The answers at a touchpoint, once there are `n`."""
    for _ in range(100):
        found = server.answers(key)
        if len(found) >= n:
            return found
        page.wait_for_timeout(50) if not page.is_closed() else httpx.get(server.url + "/healthz")
    raise AssertionError(f"{len(server.answers(key))} of {n} answers arrived")


def test_it_works_under_a_strict_policy_with_trusted_types(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page
) -> None:
    live_server.make("checkout", scale="csat", reasons=[{"key": "price", "label": "Price"}])
    live_server.make("search")
    tab.add_init_script(WATCH)
    page = visit(tag("checkout") + tag("search", display="button"), policy=STRICT.format(live_server.url))
    page.get_by_role("radio", name="4 Satisfied").click()
    page.get_by_role("checkbox", name="Price").check()
    page.get_by_role("textbox").fill("The photos show it well.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[touchpoint=checkout]").get_by_text("Sent", exact=True)).to_be_visible()
    page.get_by_role("button", name="Feedback").click()
    expect(page.get_by_role("dialog").get_by_role("radiogroup")).to_be_visible()
    (answer,) = live_server.answers("checkout")
    assert (answer["rating"], answer["comment"], answer["reasons"]) == (4, "The photos show it well.", ["price"])
    assert (answer["source"], answer["locale"]) == ("web", "en")
    assert page.evaluate("violations") == []
    page.evaluate("document.body.setAttribute('style', 'color: red')")  # the watch does see a violation
    page.wait_for_function("violations.length == 1")


def test_the_oldest_kept_build_works_under_its_hash_and_a_strict_policy(
    site: Site, live_server: LiveServer, tab: Page
) -> None:
    live_server.make("checkout", scale="csat", reasons=[{"key": "price", "label": "Price"}])
    version, integrity = next(iter(builds.record().items()))
    address = f"{live_server.url}/widget.{version}.js"
    pinned = f'integrity="{integrity}" crossorigin="anonymous"'
    script = f'<script src="{address}" data-touchpoint="checkout" {pinned} async></script>'
    policy = STRICT.format(live_server.url).replace(f"script-src {live_server.url}", f"script-src '{integrity}'")
    tab.add_init_script(WATCH)
    page = f'<!doctype html><html lang="de"><meta charset="utf-8"><body><main>{script}</main>'
    tab.goto(site.page("/", page, Content_Security_Policy=policy))
    tab.get_by_role("radio", name="4 Zufrieden").click()
    tab.get_by_role("checkbox", name="Price").check()
    tab.get_by_role("textbox").fill("Schnell.")
    tab.get_by_role("button", name="Senden").click()
    expect(tab.get_by_text("Gesendet", exact=True)).to_be_visible()
    (answer,) = live_server.answers("checkout")
    assert (answer["rating"], answer["comment"], answer["reasons"]) == (4, "Schnell.", ["price"])
    assert tab.evaluate("violations") == []


@pytest.fixture
def every_scale(live_server: LiveServer) -> str:
    """A touchpoint of each scale, and a widget for each."""
    for scale in LOOKS:
        live_server.make(scale, scale=scale, reasons=[{"key": "price", "label": "Price"}])
    return "".join(tag(scale, id=scale) for scale in LOOKS)


def test_a_press_counts_at_once_on_every_scale(
    visit: Callable[..., Page], live_server: LiveServer, every_scale: str
) -> None:
    page = visit(every_scale)
    for name, scale in ((name, SCALES[name]) for name in LOOKS):
        choices = page.locator(f"#{name}").get_by_role("radiogroup").get_by_role("radio")
        expect(choices).to_have_count(len(scale.ratings))
        choices.last.click()
        expect(page.locator(f"#{name} p.soft", has_text="Saved: ")).to_be_visible()
        (answer,) = live_server.answers(name)
        assert (answer["rating"], answer["comment"]) == (scale.high, None)


@pytest.mark.parametrize(
    ("lang", "thanks", "send"),
    [
        ("en", "Thank you", "Send"),
        ("de-AT", "Vielen Dank", "Senden"),
        ("da", "Tak", "Send"),
        ("pl", "Dziękujemy", "Wyślij"),
    ],
)
def test_it_speaks_the_pages_language(
    visit: Callable[..., Page], live_server: LiveServer, lang: str, thanks: str, send: str
) -> None:
    live_server.make("store", kind="physical_store")
    page = visit(tag("store"), lang=lang)
    page.get_by_role("radio").first.click()
    expect(page.get_by_text(thanks, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=send, exact=True)).to_be_visible()
    assert stored(page, live_server, "store")[0]["locale"] == lang[:2]


def test_arrows_choose_and_enter_sends(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout", scale="csat")
    page = visit('<a href="#">before</a>' + tag("checkout"))
    page.get_by_role("radio").first.wait_for()
    page.get_by_role("link").focus()
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="4 Satisfied")).to_be_checked()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert live_server.answers("checkout") == []
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: 5, very satisfied.", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Thank you. Saved: 5, very satisfied.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Change")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("Quick.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    (answer,) = live_server.answers("checkout")
    assert (answer["rating"], answer["comment"]) == (5, "Quick.")


def test_space_sends_what_it_checks(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout", scale="thumbs")
    page = visit(tag("checkout"))
    page.get_by_role("radio", name="Yes").focus()
    page.keyboard.press("Space")
    assert stored(page, live_server, "checkout")[0]["rating"] == 1


def test_two_widgets_on_a_page_are_two_answers(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout", scale="csat")
    live_server.make("search", scale="thumbs")
    page = visit(tag("checkout", id="a") + tag("search", id="b") + tag("checkout", id="c"))
    page.locator("#a").get_by_role("radio").nth(0).click()
    page.locator("#b").get_by_role("radio").nth(1).click()
    page.locator("#c").get_by_role("radio").nth(4).click()
    assert sorted(answer["rating"] for answer in stored(page, live_server, "checkout", 2)) == [1, 5]
    assert [answer["rating"] for answer in stored(page, live_server, "search")] == [1]


def test_a_script_tag_alone_is_enough(site: Site, live_server: LiveServer, tab: Page) -> None:
    live_server.make("checkout", scale="csat")
    integrity = builds.integrity(builds.newest())
    address = f"{live_server.url}/widget.v1.js"
    script = f'<script src="{address}" data-touchpoint="checkout" integrity="{{}}" crossorigin></script>'
    tab.goto(site.page("/", f'<!doctype html><html lang="en"><main>{script.format(integrity)}</main>'))
    expect(tab.locator("main > touchstone-feedback").get_by_role("radiogroup")).to_be_visible()
    head = f"<!doctype html><html lang=en><head>{script.format(integrity)}</head><body><p>Shop"
    tab.goto(site.page("/head", head.replace("data-t", 'data-display="button" data-t')))
    expect(tab.get_by_role("button", name="Feedback")).to_be_visible()
    tab.goto(site.page("/other", f"<!doctype html><html>{script.format(integrity[:-4] + 'AAAA')}"))
    assert tab.evaluate("customElements.get('touchstone-feedback')") is None


def test_a_double_click_is_one_answer_and_one_event(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page
) -> None:
    live_server.make("checkout")
    tab.add_init_script(EVENTS)
    page = visit(tag("checkout"))
    page.get_by_role("radio").nth(3).dblclick()
    expect(page.get_by_text("Saved: 4 stars, very good.", exact=True)).to_be_visible()
    assert len(live_server.answers("checkout")) == 1
    assert [said["rating"] for said in page.evaluate("said")] == [4]


def test_an_answer_survives_its_page_being_closed(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    page.get_by_role("radio").nth(1).click()
    page.close()
    assert [answer["rating"] for answer in stored(page, live_server, "checkout")] == [2]


def test_what_waits_is_delivered_when_the_page_is_left(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    page.get_by_role("radio").first.wait_for()
    page.route("**/feedback", lambda route: route.abort())
    page.get_by_role("radio").nth(2).click()
    expect(page.get_by_text("could not be sent yet").last).to_be_visible()
    page.unroute("**/feedback")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert [answer["rating"] for answer in stored(page, live_server, "checkout")] == [3]


def test_a_lost_reply_is_retried_under_the_same_id(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    bodies: list[Any] = []

    def lose(route: Any) -> None:
        bodies.append(route.request.post_data_json or route.request.post_data)
        answer = route.fetch()
        route.abort() if len(bodies) == 1 else route.fulfill(response=answer)

    page.route("**/feedback", lose)
    page.get_by_role("radio").nth(4).click()
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("Saved: 5 stars, excellent.", exact=True)).to_be_visible()
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    (answer,) = live_server.answers("checkout")
    assert answer["id"][14] == "7"


def test_a_server_that_is_down_is_said_and_caught_up_with(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    page.get_by_role("radio").first.wait_for()
    live_server.stop()
    page.get_by_role("radio").nth(0).click()
    page.get_by_role("textbox").fill("Too slow.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We keep trying while this page is open.").last).to_be_visible()
    live_server.start()
    expect(page.get_by_text("Sent", exact=True)).to_be_visible(timeout=20_000)
    (answer,) = live_server.answers("checkout")
    assert (answer["rating"], answer["comment"]) == (1, "Too slow.")


def test_a_full_rate_limit_is_waited_for_and_does_not_stop_a_comment(
    visit: Callable[..., Page], serve: Callable[..., LiveServer]
) -> None:
    limited = serve(rate_limit="1/minute")
    limited.make("checkout", scale="csat")
    page = visit(tag("checkout", id="a") + tag("checkout", id="b"), server=limited)
    first, second = page.locator("#a"), page.locator("#b")
    first.get_by_role("radio").nth(4).click()
    expect(first.get_by_text("Saved: 5, very satisfied.", exact=True)).to_be_visible()
    second.get_by_role("radio").nth(0).click()
    expect(second.get_by_text("Next try in")).to_be_visible()
    first.get_by_role("textbox").fill("Quick.")
    first.get_by_role("button", name="Send").click()
    expect(first.get_by_text("Sent", exact=True)).to_be_visible()
    assert [answer["comment"] for answer in limited.answers("checkout")] == ["Quick."]


@pytest.mark.parametrize("key", ["nothing", "archived", "elsewhere"])
def test_where_it_may_not_ask_it_shows_nothing_and_says_why_once(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page, key: str
) -> None:
    live_server.make("archived")
    live_server.api("DELETE", "/v1/touchpoints/archived")
    live_server.make("elsewhere", origins=["https://elsewhere.example"])
    lines: list[str] = []
    tab.on("console", lambda message: lines.append(message.text))
    tab.on("pageerror", lambda error: lines.append(str(error)))
    page = visit(tag(key))
    page.wait_for_timeout(300)
    said = [line for line in lines if "Failed to load resource" not in line]
    assert len(said) == 1
    assert said[0].startswith(f"touchstone: {key} is not shown: ")
    assert page.evaluate("document.querySelector('touchstone-feedback').shadowRoot") is None


def test_an_answer_that_is_refused_for_good_is_said_and_not_tried_again(
    visit: Callable[..., Page], live_server: LiveServer
) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    page.get_by_role("radio").first.wait_for()
    live_server.api("DELETE", "/v1/touchpoints/checkout")  # while somebody reads the question
    page.get_by_role("radio").nth(2).click()
    expect(page.locator(".note")).to_contain_text("Your answer could not be saved.")
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()
    assert live_server.answers("checkout") == []


def test_nothing_is_kept_on_the_device(
    visit: Callable[..., Page], live_server: LiveServer, context: BrowserContext
) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout"))
    page.get_by_role("radio").first.click()
    expect(page.locator("p.soft", has_text="Saved: ")).to_be_visible()
    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert page.evaluate("Promise.all([indexedDB.databases(), caches.keys()])") == [[], []]


def test_a_cool_down_is_kept_only_where_it_is_asked_for(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    live_server.make("search")
    page = visit(tag("checkout", cooldown_days="30") + tag("search"))
    page.locator("[touchpoint=checkout]").get_by_role("radio").first.click()
    expect(page.locator("p.soft", has_text="Saved: ")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == ["touchstone:checkout"]
    page.reload()
    page.locator("[touchpoint=search]").get_by_role("radiogroup").wait_for()
    expect(page.get_by_role("radiogroup")).to_have_count(1)


def test_it_works_where_storage_is_blocked(
    visit: Callable[..., Page], live_server: LiveServer, site: Site, tab: Page
) -> None:
    live_server.make("checkout")
    inner = (
        f'<html lang="en"><script src="{live_server.url}/widget.v1.js"></script>{tag("checkout", cooldown_days="9")}'
    )
    site.page("/inner", inner)
    page = visit('<iframe sandbox="allow-scripts" src="/inner" width="380" height="700"></iframe>')
    page.frame_locator("iframe").get_by_role("radio").nth(4).click()
    assert stored(page, live_server, "checkout")[0]["rating"] == 5


def test_it_counts_how_often_it_was_seen(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    live_server.make("below")
    live_server.make("closed")
    gap = '<div style="height: 3000px"></div>'
    page = visit(tag("checkout") + tag("closed", display="button") + gap + tag("below"))
    with page.expect_response("**/asked"):
        page.get_by_role("radio").first.wait_for()
    page.get_by_role("radio").nth(2).click()
    expect(page.locator("p.soft", has_text="Saved: ").first).to_be_visible()

    def asked(key: str) -> Any:
        return live_server.api("GET", f"/v1/touchpoints/{key}/score")["response_rate"]

    assert asked("checkout").items() >= {"asked": 1, "answered": 1, "value": 100.0}.items()
    assert asked("below") is None
    assert asked("closed") is None
    with page.expect_response("**/below/asked"):
        page.locator("[touchpoint=below]").scroll_into_view_if_needed()
    assert asked("below").items() >= {"asked": 1, "answered": 0, "value": 0.0}.items()
    with page.expect_response("**/closed/asked"):
        page.get_by_role("button", name="Feedback").click()


def test_a_button_opens_a_panel_and_escape_closes_it(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout")
    page = visit(tag("checkout", display="button", label="Your opinion"))
    button = page.get_by_role("button", name="Your opinion")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(page.get_by_role("radiogroup")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("radiogroup")).to_be_hidden()
    expect(button).to_be_focused()


def test_a_modal_is_opened_by_the_page_and_says_what_was_answered(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page
) -> None:
    live_server.make("checkout", scale="nps")
    tab.add_init_script(EVENTS)
    page = visit(
        '<button id="ask">Ask me</button>'
        + tag("checkout", display="modal", trigger="#ask", context_store="nord", context_plan="free")
    )
    page.wait_for_function("document.querySelector('touchstone-feedback').shadowRoot")
    page.get_by_role("button", name="Ask me").click()
    expect(page.get_by_role("dialog").get_by_role("radio")).to_have_count(11)
    page.evaluate("document.querySelector('touchstone-feedback').close()")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.evaluate(
        "() => { const e = document.querySelector('touchstone-feedback');"
        " e.context = {plan: 'pro'}; e.respondent = 'c-17'; e.open() }"
    )
    page.get_by_role("radio", name="9 of 10").click()
    page.wait_for_function("said.length == 1")
    (answer,) = live_server.answers("checkout")
    said = page.evaluate("said[0]")
    assert (said["touchpoint"], said["id"], said["rating"]) == ("checkout", answer["id"], 9)
    assert said["secret"] is None, "the page and its scripts are told the id only"
    assert (answer["context"], answer["respondent"]) == ({"store": "nord", "plan": "pro"}, "c-17")


def test_a_changed_mind_is_the_same_answer(visit: Callable[..., Page], live_server: LiveServer) -> None:
    live_server.make("checkout", scale="smiley")
    page = visit(tag("checkout"))
    page.get_by_role("radio").nth(0).click()
    page.get_by_role("button", name="Change").click()
    page.get_by_role("radio").nth(3).click()
    expect(page.get_by_text("Saved: very good.", exact=True)).to_be_visible()
    (answer,) = live_server.answers("checkout")
    assert answer["rating"] == 4
    url, stranger = f"{live_server.url}/v1/touchpoints/checkout/feedback", {"Origin": live_server.url}
    refused = httpx.post(url, json={"id": answer["id"], "rating": 1}, headers=stranger)
    assert (refused.status_code, refused.json()["code"]) == (409, "feedback_locked")


def test_on_a_right_to_left_page_the_scale_still_runs_from_left_to_right(
    visit: Callable[..., Page], every_scale: str
) -> None:
    page = visit(every_scale, lang="de", html='dir="rtl"')
    for name in LOOKS:
        radios = page.locator(f"#{name}").get_by_role("radio")
        first, second = radios.nth(0).bounding_box(), radios.nth(1).bounding_box()
        assert first
        assert second
        assert first["x"] < second["x"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(visit: Callable[..., Page], every_scale: str, tab: Page, colours: Any) -> None:
    tab.emulate_media(color_scheme=colours, reduced_motion="reduce")
    page = visit(f"<main><h1>Shop</h1>{every_scale}</main>", html='style="color-scheme: light dark"')
    for step in ("asked", "chosen", "answered"):
        for name in LOOKS:
            last = page.locator(f"#{name}").get_by_role("radio").last
            last.wait_for()
            if step == "chosen":
                last.focus()
                page.keyboard.press("ArrowLeft")
            if step == "answered":
                last.click()
                page.locator(f"#{name} p.soft", has_text="Saved: ").wait_for()
        assert flaws(page) == [], step


@pytest.mark.parametrize("lang", ["en", "de", "da", "pl"])
def test_it_fits_the_narrowest_phone_with_targets_of_44_pixels(
    visit: Callable[..., Page], every_scale: str, tab: Page, lang: str
) -> None:
    tab.set_viewport_size({"width": 320, "height": 700})
    page = visit(every_scale, lang=lang)
    for name in LOOKS:
        radios = page.locator(f"#{name}").get_by_role("radio")
        radios.first.wait_for()
        for box in radios.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())"):
            assert box["width"] >= 44, name
            assert box["height"] >= 44, name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("lang", ["en", "de", "da", "pl"])
def test_the_panel_fits_the_narrowest_phone_even_in_trouble(
    visit: Callable[..., Page], live_server: LiveServer, tab: Page, lang: str
) -> None:
    live_server.make("store", kind="physical_store")
    tab.set_viewport_size({"width": 320, "height": 700})
    tab.route("**/feedback", lambda route: route.abort())
    page = visit(tag("store", display="button"), lang=lang)
    page.get_by_role("button").click()
    page.get_by_role("radio").last.click()
    page.locator(".note").wait_for()
    right = page.locator(".pop").evaluate("panel => panel.getBoundingClientRect().right")
    for child in page.locator(".pop .card:not([hidden]) *").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => one.getBoundingClientRect().right)"
    ):
        assert child <= right


def test_it_is_at_most_six_kilobytes() -> None:
    assert len(widget.zipped(builds.newest())) <= 6_144
