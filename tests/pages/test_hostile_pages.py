"""Hostile text in every page that shows text: no script runs, nor tries to, and no page becomes wider than it was."""

from collections.abc import Iterator
from itertools import product

import httpx
import pytest
from playwright.sync_api import Browser, Page

from app.pages.render import ENVIRONMENT
from tests.conftest import ADMIN, ADMIN_KEY
from tests.pages.conftest import LiveServer
from tests.reliability.report import report
from tests.reliability.test_hostile_text import PAYLOADS

pytestmark = pytest.mark.browser
CANARIES = ["<img src=x onerror=canary()>", "<script>canary()</script>", "<svg onload=canary()>"]
TEXTS = [*PAYLOADS, *CANARIES, "W" * 290, "\u202e" + "mirrored " * 20]
WATCH = """
window.ran = 0; window.blocked = [];
window.alert = window.canary = () => { window.ran += 1 };
document.addEventListener('securitypolicyviolation', (e) => window.blocked.push(e.violatedDirective));
"""
FOREIGN = "main :is(script, iframe, object, embed, base, math, style, img[src='x'], form[action*='evil'], [onerror])"
LOOK = f"""() => ({{
  ran: window.ran, blocked: window.blocked, foreign: document.querySelectorAll("{FOREIGN}").length,
  over: Math.max(0, document.documentElement.scrollWidth - innerWidth), said: document.body.innerText,
}})"""


def said_somewhere(server: LiveServer) -> int:
    """Put each text wherever a text can be put; returns how many of them the service takes as a comment."""
    api = httpx_client(server)
    taken = 0
    for place, text in enumerate(TEXTS):
        key = f"t{place}"
        words = {"name": text, "question": text, "owner": text, "comment_prompt": text}
        body = {"key": key, "public": True, "reasons": [{"key": "r", "label": text}], **words}
        if api.post("/v1/touchpoints", json=body).status_code != 201:
            api.post("/v1/touchpoints", json={"key": key})
        for touchpoint in (key, "all"):
            answer = {"rating": 1, "comment": text, "locale": "en", "context": {"store": text}}
            taken += api.post(f"/v1/touchpoints/{touchpoint}/feedback", json=answer).status_code == 201
        api.post("/v1/devices", json={"name": text, "touchpoints": [key]})
        api.post("/v1/keys", json={"name": text, "scopes": ["scores:read"]})
        api.post("/v1/actions", json={"title": text[:200], "note": text, "owner": text[:200], "touchpoints": [key]})
        stages = [{"name": text, "touchpoints": [key]}, {"name": "second", "touchpoints": ["all"]}]
        api.post("/v1/journeys", json={"key": f"j{place}", "name": text, "stages": stages})
    api.close()
    return taken // 2


def httpx_client(server: LiveServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers=ADMIN, timeout=30)


@pytest.fixture
def hostile(live_server: LiveServer) -> LiveServer:
    live_server.make("all", segments=["store"])
    assert said_somewhere(live_server) > 80
    return live_server


def signed_in(browser: Browser, server: LiveServer, *, bypass_csp: bool = False) -> Iterator[Page]:
    context = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844}, bypass_csp=bypass_csp)
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto("/login")
    page.fill("#key", ADMIN_KEY)
    page.keyboard.press("Enter")
    page.wait_for_url(server.url + "/")
    yield page
    context.close()


@pytest.fixture
def person(browser: Browser, hostile: LiveServer) -> Iterator[Page]:
    yield from signed_in(browser, hostile)


def pages(server: LiveServer) -> list[str]:
    """Each kind of page, and those of one thing for a choice of hostile ones."""
    numbers = [TEXTS.index(text) for text in (*CANARIES, TEXTS[0], TEXTS[3], TEXTS[-1], TEXTS[-2])]
    one = ["/touchpoints/t{}", "/touchpoints/t{}?words=1", "/touchpoints/t{}/edit", "/journeys/j{}/edit", "/t/t{}"]
    one += ["/touchpoints/t{}/edit?part=texts&text=de", "/actions?touchpoint=t{}"]
    searches = [f"/comments?q={word}" for word in ("script", "alert", "%3Cscript%3Ecanary()%3C/script%3E", "W" * 190)]
    lists = ["/", "/comments", "/touchpoints/all", "/touchpoints/all?words=1", "/touchpoints", "/journeys", "/keys"]
    return [
        *lists,
        *("/map", "/map?view=list", "/actions", "/actions/1", "/search?q=script"),
        *("/devices", "/webhooks", "/subscribers", "/import"),
        *("/segments", "/segments?start=60", "/segments?q=script", "/segment-keys", "/segment-keys/store"),
        *searches,
        *(path.format(number) for number in numbers for path in one),
    ]


def test_hostile_text_is_text_on_every_page(person: Page, hostile: LiveServer) -> None:
    wrong, seen, shown = [], 0, ""
    for width, path in product((1280, 390), pages(hostile)):
        person.set_viewport_size({"width": width, "height": 844})
        answer = person.goto(path)
        assert answer is not None and answer.status < 400, (path, answer and answer.status)
        found = person.evaluate(LOOK)
        shown += found.pop("said")
        seen += 1
        if any(found.values()):
            wrong.append((path, width, found))
    address: str | None = "/comments?handling=all"
    while address:  # all comments, page after page
        person.goto(address)
        found = person.evaluate(LOOK)
        shown += found.pop("said")
        seen += 1
        if any(found.values()):
            wrong.append((address, 390, found))
        older = person.locator("#comments a[rel=next]")
        address = older.first.get_attribute("href") if older.count() else None
    for text in (*CANARIES, "<script>alert(1)</script>", "{{7*7}}", "&lt;b&gt;", "=1+1"):
        assert text in shown, f"{text} is not shown as it was written"
    report("hostile texts in pages", f"{len(TEXTS)} texts, {seen} views, {wrong or 0} wrong", "0", holds=not wrong)


def test_a_template_that_trusts_its_text_is_seen(browser: Browser, live_server: LiveServer, monkeypatch) -> None:
    """The control: without escaping the policy blocks what tries to run, and without the policy too it runs."""
    live_server.make("all")
    items = [{"touchpoint": "all", "rating": 1, "comment": text} for text in CANARIES]
    live_server.api("POST", "/v1/feedback/batch", json={"items": items})
    monkeypatch.setattr(ENVIRONMENT, "autoescape", False)
    ENVIRONMENT.cache.clear()  # type: ignore[union-attr]  # it has one
    try:
        found = {}
        for bypass in (False, True):
            for page in signed_in(browser, live_server, bypass_csp=bypass):
                page.goto("/touchpoints/all")
                found[bypass] = page.evaluate(LOOK)
    finally:
        monkeypatch.undo()
        ENVIRONMENT.cache.clear()  # type: ignore[union-attr]
    assert found[False]["blocked"] and not found[False]["ran"] and found[False]["foreign"]
    assert found[True]["ran"], "the control did not fail: the proof proves nothing"
