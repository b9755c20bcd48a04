"""The hosted page: with JavaScript, without it, and its QR code."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from app.ids import first_of
from tests.conftest import ADMIN
from tests.pages.axe import flaws
from tests.pages.conftest import CHROMIUM, FLAGS, LiveServer, Site

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A tab without JavaScript."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def store(live_server: LiveServer) -> LiveServer:
    live_server.api("POST", "/v1/touchpoints", json={"key": "store", "kind": "physical_store"})
    return live_server


def test_without_javascript_a_plain_form_takes_the_answer(store: LiveServer, plain: Page) -> None:
    plain.goto(f"{store.url}/t/store")
    expect(plain.get_by_role("textbox")).to_be_hidden()
    plain.get_by_role("radio", name="Good", exact=True).click()
    plain.get_by_role("checkbox", name="Staff").check()
    plain.get_by_role("textbox").fill("Friendly <b>people</b>.")
    plain.get_by_role("button", name="Send").click()
    expect(plain.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(plain.get_by_text("Saved: good.")).to_be_visible()
    expect(plain.get_by_text("Friendly <b>people</b>.")).to_be_visible()
    (answer,) = store.answers("store")
    assert store.api("GET", "/v1/touchpoints/store/score")["response_rate"]["asked"] == 1
    assert (answer["rating"], answer["reasons"], answer["source"]) == (3, ["staff"], "page")
    assert (answer["comment"], answer["locale"]) == ("Friendly <b>people</b>.", "en")


def test_sending_the_form_again_changes_the_answer_and_adds_none(store: LiveServer, plain: Page) -> None:
    plain.goto(f"{store.url}/t/store?lang=de")
    plain.get_by_role("radio", name="Gut", exact=True).click()
    plain.get_by_role("button", name="Senden").click()
    expect(plain.get_by_text("Gespeichert: gut.")).to_be_visible()  # or the reload meets a page that is just leaving
    plain.reload()
    expect(plain.get_by_text("Gespeichert: gut.")).to_be_visible()
    plain.get_by_role("button", name="Antwort ändern").click()
    expect(plain.get_by_role("radio", name="Gut", exact=True)).to_be_checked()
    plain.get_by_role("radio", name="Sehr schlecht").click()
    plain.get_by_role("button", name="Senden").click()
    expect(plain.get_by_text("Gespeichert: sehr schlecht.")).to_be_visible()
    assert [answer["rating"] for answer in store.answers("store")] == [1]
    assert store.api("GET", "/v1/touchpoints/store/score")["response_rate"]["asked"] == 1


def test_what_is_emptied_is_taken_back_and_a_stranger_changes_nothing(store: LiveServer, plain: Page) -> None:
    plain.goto(f"{store.url}/t/store")
    plain.get_by_role("radio", name="Good", exact=True).click()
    plain.get_by_role("checkbox", name="Staff").check()
    plain.get_by_role("textbox").fill("Rude.")
    plain.get_by_role("button", name="Send").click()
    plain.get_by_role("button", name="Change").click()
    plain.get_by_role("checkbox", name="Staff").uncheck()
    plain.get_by_role("textbox").fill("")
    plain.get_by_role("button", name="Send").click()
    expect(plain.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(plain.get_by_text("Rude.")).to_have_count(0)
    (answer,) = store.answers("store")
    assert (answer["rating"], answer["comment"], answer["reasons"]) == (3, None, [])
    for secret in ({}, {"secret": "0" * 32}):
        refused = httpx.post(f"{store.url}/t/store", data={"id": answer["id"], "rating": "1", **secret})
        assert (refused.status_code, "can no longer be changed" in refused.text) == (409, True)
    for tag in (f'"{answer["id"]}"', f'"{answer["id"]}.{"0" * 32}"'):
        reload = {"If-None-Match": tag, "Cache-Control": "max-age=0"}
        assert answer["id"] not in httpx.get(f"{store.url}/t/store", headers=reload).text


def test_what_is_emptied_in_the_widget_is_taken_back(store: LiveServer, tab: Page) -> None:
    tab.goto(f"{store.url}/t/store")
    for comment in ("Rude.", ""):
        tab.locator("touchstone-feedback .card").first.wait_for()  # not the form that it takes the place of
        tab.get_by_role("radio", name="Very good").click()
        tab.get_by_role("checkbox", name="Staff").set_checked(bool(comment))
        tab.get_by_role("textbox").fill(comment)
        tab.get_by_role("button", name="Send").click()
        expect(tab.get_by_text("Sent", exact=True).locator("visible=true")).to_be_visible()
        (answer,) = store.answers("store")
        assert (answer["comment"], answer["reasons"]) == (comment or None, ["staff"] * bool(comment))
        tab.reload()


def test_with_javascript_the_widget_takes_the_forms_place(store: LiveServer, tab: Page) -> None:
    violations: list[str] = []
    tab.on("console", lambda message: violations.append(message.text))
    with tab.expect_response("**/asked"):
        tab.goto(f"{store.url}/t/store")
    tab.get_by_role("radio", name="Very good").click()
    expect(tab.locator("p.soft", has_text="Saved: very good.")).to_be_visible()
    assert [(answer["rating"], answer["source"]) for answer in store.answers("store")] == [(4, "page")]
    assert store.api("GET", "/v1/touchpoints/store/score")["response_rate"]["asked"] == 1
    assert violations == []


@pytest.fixture(params=["kept in memory", "loaded anew"])
def back(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[[bool], Page]]:
    """Opens a tab of a browser that keeps a page in memory when it is left, or does not: back(javascript)."""
    ignored = ["--disable-back-forward-cache"] if request.param == "kept in memory" else []
    own = browser.browser_type.launch(executable_path=CHROMIUM, args=list(FLAGS), ignore_default_args=ignored)
    yield lambda javascript: own.new_page(java_script_enabled=javascript, locale="en-GB")
    own.close()


@pytest.mark.parametrize("javascript", [True, False])
def test_back_and_send_again_is_one_answer_of_one_visit(
    store: LiveServer, back: Callable[[bool], Page], javascript: bool
) -> None:
    page = back(javascript)
    page.set_default_timeout(10_000)

    def rate(name: str) -> None:
        radio, change = page.get_by_role("radio", name=name, exact=True), page.get_by_role("button", name="Change")
        expect(radio.or_(change)).to_be_visible()
        if change.is_visible():  # the widget as it was left
            change.click()
        radio.click()
        if not javascript or page.locator("touchstone-feedback button.big").is_visible():
            page.get_by_role("button", name="Send").click()
            expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        expect(page.get_by_text("Saved: ").locator("visible=true").last).to_be_visible()

    with page.expect_response("**/asked") if javascript else nullcontext():
        page.goto(f"{store.url}/t/store")
    rate("Good")
    if javascript:
        page.goto(f"{store.url}/healthz")
    page.go_back()
    rate("Not so good")
    if not javascript:
        page.go_back()
    page.reload()
    rate("Very good")
    assert [answer["rating"] for answer in store.answers("store")] == [4]
    page.goto("about:blank")
    page.goto(f"{store.url}/t/store")  # somebody else
    rate("Good")
    assert sorted(answer["rating"] for answer in store.answers("store")) == [3, 4]


def test_an_id_that_a_stranger_could_have_made_up_is_not_taken_for_a_reload(store: LiveServer) -> None:
    old = first_of(datetime.now(UTC) - timedelta(hours=2))
    for etag in ('"nothing"', f'"{old}"', f'"{UUID(int=2**128 - 1)}"', '"-"'):
        reload = {"If-None-Match": etag, "Cache-Control": "max-age=0"}
        answer = httpx.get(f"{store.url}/t/store", headers=reload)
        assert (answer.status_code, answer.headers["etag"] == etag) == (200, False)


def test_only_the_sites_that_a_touchpoint_names_may_show_its_page_in_a_frame(
    store: LiveServer, site: Site, tab: Page
) -> None:
    page = site.page("/", f'<iframe src="{store.url}/t/store" width="380" height="700"></iframe>')
    tab.goto(page)
    expect(tab.frame_locator("iframe").get_by_role("radio")).to_have_count(0)
    refused = httpx.get(f"{store.url}/t/store").headers
    assert "frame-ancestors 'none'" in refused["content-security-policy"]
    assert refused["x-frame-options"] == "DENY"
    store.api("PATCH", "/v1/touchpoints/store", json={"frame_origins": [site.origin.upper() + "/"]})
    tab.wait_for_timeout(1100)  # what is known of a touchpoint is up to a second old
    tab.goto(page)
    tab.frame_locator("iframe").get_by_role("radio", name="Very good").click()
    expect(tab.frame_locator("iframe").locator("p.soft", has_text="Saved: very good.")).to_be_visible()
    assert [answer["source"] for answer in store.answers("store")] == ["page"]
    elsewhere = site.origin.replace("localhost", "127.0.0.1")
    tab.goto(elsewhere + "/")
    expect(tab.frame_locator("iframe").get_by_role("radio")).to_have_count(0)
    headers = httpx.post(f"{store.url}/t/store", data={"rating": "3"}).headers
    assert f"frame-ancestors {site.origin};" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in httpx.get(f"{store.url}/login").headers["content-security-policy"]


@pytest.mark.parametrize("origin", ["*", "capacitor://localhost", "https://a.example; script-src *", "'self'", "a.b"])
def test_a_frame_is_opened_to_named_sites_only(store: LiveServer, origin: str) -> None:
    refused = httpx.patch(f"{store.url}/v1/touchpoints/store", json={"frame_origins": [origin]}, headers=ADMIN)
    assert refused.status_code == 422


def test_an_empty_form_is_asked_to_choose(store: LiveServer, plain: Page) -> None:
    plain.goto(f"{store.url}/t/store")
    answer = httpx.post(f"{store.url}/t/store", data={"comment": " "})
    assert answer.status_code == 422
    assert "Please choose a rating or write a comment." in answer.text
    assert store.answers("store") == []


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"rating": "9"}, {}, 422),
        ({"rating": "3", "id": "x"}, {}, 422),
        ({"rating": "3"}, {"Origin": "https://elsewhere.example"}, 403),
    ],
)
def test_a_form_that_was_tampered_with_is_refused(
    store: LiveServer, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = httpx.post(f"{store.url}/t/store", data=fields, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert store.answers("store") == []


def test_a_robot_that_fills_every_field_is_flagged(store: LiveServer) -> None:
    httpx.post(f"{store.url}/t/store", data={"rating": "4", "website": "https://spam.example"})
    assert [answer["flags"] for answer in store.answers("store")] == [["spam"]]


def test_what_is_gone_is_told_to_a_person(store: LiveServer) -> None:
    store.api("DELETE", "/v1/touchpoints/store")
    for key, status, text in (("store", 410, "nimmt keine Antworten mehr"), ("nothing", 404, "Adresse ist nichts")):
        answer = httpx.get(f"{store.url}/t/{key}?lang=de")
        assert (answer.status_code, text in answer.text) == (status, True)


def test_it_is_shared_with_its_question_and_indexed_by_nobody(serve: Callable[..., LiveServer]) -> None:
    server = serve(public_url="https://feedback.example")
    server.make("store", kind="physical_store", question={"pl": "Jak minęła wizyta?"})
    answer = httpx.get(f"{server.url}/t/store", headers={"Accept-Language": "de"})
    assert 'lang="pl"' in answer.text  # the question is in Polish only, so the whole page is
    assert '<meta property="og:title" content="Jak minęła wizyta?">' in answer.text
    assert '<meta property="og:url" content="https://feedback.example/t/store">' in answer.text
    shared = re.search(r'"og:image" content="https://feedback.example(/static/[^"]+)"', answer.text)
    assert shared
    drawn = httpx.get(server.url + shared[1])
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    assert drawn.content[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")  # the size the page says
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "require-trusted-types-for 'script'" in answer.headers["content-security-policy"]
    picture = httpx.get(f"{server.url}/v1/touchpoints/store/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert re.match(r"<\?xml|<svg", picture.text)
    assert httpx.get(f"{server.url}/v1/touchpoints/nothing/qr.svg").status_code == 404


@pytest.mark.parametrize("script", [True, False])
def test_a_page_and_a_qr_code_of_one_store_say_it_where_browsers_may(
    store: LiveServer, tab: Page, plain: Page, script: bool
) -> None:
    said = {"segments": ["store", "till"], "open_segments": ["store"]}
    store.api("PATCH", "/v1/touchpoints/store", json=said)
    page = tab if script else plain
    page.goto(f"{store.url}/t/store?store=Nord+%26+%22S%C3%B8n%22&till=7&lang=en")
    if script:
        page.locator("touchstone-feedback .card").first.wait_for()  # a function could not be waited for: no eval here
    page.get_by_role("radio", name="Good", exact=True).click()
    if not script:
        page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Saved: good.").last).to_be_visible()
    (answer,) = store.answers("store")
    assert answer["context"] == {"store": 'Nord & "Søn"'}
    score = store.api("GET", "/v1/touchpoints/store/score", params={"segment": 'store:Nord & "Søn"'})
    assert score["count"] == 1
    codes = {
        where: httpx.get(f"{store.url}/v1/touchpoints/store/qr.svg{where}").text
        for where in ("", "?store=nord", "?store=syd")
    }
    assert len(set(codes.values())) == 3


@pytest.mark.parametrize("said", ["till=7", "stroe=nord", "store=", f"store={'%F0%9F%98%80' * 500}"])
def test_no_qr_code_is_printed_that_would_say_something_else_than_was_asked_for(store: LiveServer, said: str) -> None:
    store.api("PATCH", "/v1/touchpoints/store", json={"segments": ["store", "till"], "open_segments": ["store"]})
    refused = httpx.get(f"{store.url}/v1/touchpoints/store/qr.svg?{said}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing(store: LiveServer, tab: Page, colours: Any) -> None:
    tab.emulate_media(color_scheme=colours, reduced_motion="reduce")
    tab.route("**/widget.v1.js", lambda route: route.abort())  # the form, as it is without the widget
    tab.goto(f"{store.url}/t/store")
    tab.get_by_role("radio", name="Good", exact=True).click()
    assert tab.evaluate("document.getAnimations().length") == 0  # less motion was asked for
    assert flaws(tab) == []
    tab.get_by_role("button", name="Send").click()
    tab.get_by_role("heading", name="Thank you").wait_for()
    assert flaws(tab) == []
