"""A form that comes back with what is wrong: who changes the language then is led to the page on which it stands."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from playwright.sync_api import Browser, expect

from app.dashboard.room import ROOM
from tests.conftest import ADMIN_KEY
from tests.dashboard.lived_in import furnish
from tests.dashboard.test_shell import signed_in
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser
# By the route that takes a form, what it refuses. Those that refuse nothing are sent without their token.
REFUSED = {
    "/actions": {"title": ""},
    "/actions/{number}/state": {"state": "lost"},
    "/alerts/{number}/comments": {"text": ""},
    "/alerts/{number}/state": {"state": "lost"},
    "/comments/handling": {"state": "lost"},
    "/devices": {"name": ""},
    "/import": {},
    "/import/{number}": {"timezone": "Europe/Nowhere"},
    "/journeys/new": {"name": ""},
    "/journeys/{key}/edit": {"name": ""},
    "/keys": {"name": ""},
    "/segment-keys/{key}": {"name.en": "x" * 500},
    "/subscribers": {"email": "anna@"},
    "/subscribers/{number}": {"timezone": "Europe/Nowhere"},
    "/touchpoints": {"own": "\x01"},
    "/touchpoints/{key}": {"note": "x" * 4001},
    "/touchpoints/{key}/bursts": {"since": "lost"},
    "/touchpoints/{key}/edit": {"importance": "9"},
    "/touchpoints/{key}/flags": {"flag": "lost"},
    "/touchpoints/{key}/handling": {"state": "lost"},
    "/touchpoints/{key}/rushes": {"since": "lost"},
    "/webhooks": {"url": "nowhere"},
    "/webhooks/{number}": {"url": "nowhere"},
}
ROUTES = [
    route.path
    for router in ROOM.routers
    for route in router.routes
    if "POST" in getattr(route, "methods", ()) and route.path != "/login"
]
NAMES = {"touchpoints": "delivery", "journeys": "order", "segment-keys": "store"}


def address(route: str) -> str:
    return route.replace("{number}", "1").replace("{key}", NAMES.get(route.split("/")[1], ""))


@pytest.fixture
def manager(live_server: LiveServer) -> Iterator[httpx.Client]:
    """Somebody signed in to a company that has one of everything."""
    furnish(live_server)
    with httpx.Client(base_url=live_server.url) as client:
        client.post("/login", data={"key": ADMIN_KEY})
        yield client


def test_the_language_menu_of_every_answer_to_a_form_leads_to_its_page(manager: httpx.Client) -> None:
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', manager.get("/keys").text)
    assert token and set(ROUTES) > REFUSED.keys() and len(ROUTES) > 35
    wrong, again = [], 0
    for route in ROUTES:
        path = address(route)
        sent = {"csrf": token[1], **REFUSED[route]} if route in REFUSED else {}
        files = {"files": {"other": ("", b"")}} if route == "/import" else {}
        answer = manager.post(path, data=sent, **files)
        assert answer.status_code == (422 if route in REFUSED else 403), (path, answer.text)
        (link,) = re.findall(r'href="([^"]*lang=de)"', answer.text)
        back = re.findall(r'name="next" value="([^"]*)"', answer.text)
        page, *others = [manager.get(unescape(where)) for where in (link, *back)]
        form = f'<form[^>]* action="{path}["?]'
        comes_back = bool(re.search(form, answer.text))
        again, lost = again + comes_back, comes_back and not re.search(form, page.text)
        if lost or '<html lang="de">' not in page.text or {one.status_code for one in (page, *others)} != {200}:
            wrong.append((path, link, page.status_code, back))
    assert wrong == [] and again > 15


def test_a_form_that_was_sent_back_is_there_again_in_another_language(
    browser: Browser, live_server: LiveServer
) -> None:
    furnish(live_server)
    page = signed_in(browser, live_server)
    page.goto("/alerts/1")
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true })")
    form = page.locator("form[action='/alerts/1/comments']")
    form.get_by_role("button").click()
    expect(page.locator("#wrong-text")).to_be_visible()
    page.locator(".account summary").click()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(re.compile("/alerts/1[?]lang=de$"))
    expect(form).to_be_visible()
    page.context.close()
