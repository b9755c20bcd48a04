"""The tablet's page in a real browser, with its real service worker."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from app.pages import kiosk as kiosk_page
from app.touchpoints.scales import SCALES
from tests.pages import LOOKS
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser
LYING = {"width": 1024, "height": 768}
STANDING = {"width": 768, "height": 1024}
COUNT = """(store) => new Promise((done) => {
  const request = indexedDB.open("touchstone-kiosk");
  request.onsuccess = () => {
    const count = request.result.transaction(store).objectStore(store).count();
    count.onsuccess = () => { request.result.close(); done(count.result); };
  };
})"""
KEPT = """() => new Promise((done) => {
  const request = indexedDB.open("touchstone-kiosk");
  request.onsuccess = () => {
    const all = request.result.transaction("queue").objectStore("queue").getAll();
    all.onsuccess = () => { request.result.close(); done(all.result); };
  };
})"""
FORGET = """() => new Promise((done) => {
  const request = indexedDB.open("touchstone-kiosk");
  request.onsuccess = () => {
    const transaction = request.result.transaction("meta", "readwrite");
    transaction.objectStore("meta").delete("words");
    transaction.oncomplete = () => { request.result.close(); done(); };
  };
})"""
REMEMBERED = """() => new Promise((done) => {
  const request = indexedDB.open("touchstone-kiosk");
  request.onsuccess = () => {
    const one = request.result.transaction("meta").objectStore("meta").get("waiting");
    one.onsuccess = () => { request.result.close(); done(Boolean(one.result)); };
  };
})"""
FILL = """(most) => new Promise((done) => {
  const request = indexedDB.open("touchstone-kiosk");
  request.onsuccess = () => {
    const transaction = request.result.transaction("queue", "readwrite");
    const queue = transaction.objectStore("queue");
    const record = { touchpoint: "exit", rating: 1, at: "2026-01-01T00:00:00Z", hold: 0 };
    for (let n = 0; n < most; n += 1) queue.put({ ...record, id: `fill-${n}` });
    transaction.oncomplete = () => { request.result.close(); done(); };
  };
})"""


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile on a tablet that lies."""
    found = browser.new_context(viewport=LYING, locale="en-GB", has_touch=True)  # type: ignore[arg-type]
    found.set_default_timeout(20_000)
    yield found
    found.close()


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """A tab in which nothing may go wrong unseen."""
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert wrong == []


def registered(server: LiveServer, *touchpoints: str) -> dict[str, Any]:
    body = {"name": "Hamburg, exit 1", "touchpoints": list(touchpoints)}
    found: dict[str, Any] = server.api("POST", "/v1/devices", json=body)
    return found


def enter(page: Page, code: str) -> None:
    page.locator("input[name=code]").fill(code)
    page.get_by_role("button", name="Pair").click()


@pytest.fixture
def paired(live_server: LiveServer, tab: Page) -> Callable[..., dict[str, Any]]:
    """Opens the page, pairs it with a new device and waits until the shell is kept: paired("exit", scale="nps")."""

    def _paired(*touchpoints: str, **fields: Any) -> dict[str, Any]:
        names = touchpoints or ("exit",)
        for name in names:
            live_server.api("POST", "/v1/touchpoints", json={"kind": "physical_store", "key": name, **fields})
        device = registered(live_server, *names)
        tab.goto(f"{live_server.url}/kiosk")
        enter(tab, device["pairing_code"])
        on(tab, "attract")
        tab.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        tab.wait_for_function("navigator.serviceWorker.controller !== null")
        return device

    return _paired


def on(page: Page, screen: str) -> None:
    """Wait until `screen` shows; the staff's takes five seconds of holding."""
    expect(page.locator("#kiosk")).to_have_attribute("data-screen", screen, timeout=15_000)


def rate(page: Page, rating: int) -> None:
    on(page, "attract")
    page.locator(".attract").click()
    page.locator(f".mid button[value='{rating}']").click()
    on(page, "tell")


def answer(page: Page, rating: int) -> None:
    """A customer comes, answers and goes."""
    rate(page, rating)
    page.get_by_role("button", name="Done").click()
    on(page, "bye")
    page.locator(".bye").click()
    on(page, "attract")


def waiting(page: Page, store: str = "queue") -> int:
    found: int = page.evaluate(COUNT, store)
    return found


def sent(page: Page) -> None:
    """Wait until nothing waits; a look at the page makes it try at once."""
    for _ in range(600):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        if waiting(page) == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{waiting(page)} answers still wait")


def test_a_customer_answers_with_a_reason_and_a_few_words(
    paired: Callable[..., Any], live_server: LiveServer, tab: Page
) -> None:
    device = paired(scale="smiley")
    rate(tab, 4)
    tab.get_by_label("Staff").check()
    tab.get_by_label("A few words").fill("very kind")
    tab.get_by_role("button", name="Done").click()
    expect(tab.get_by_text("Your answer is saved.")).to_be_visible()
    sent(tab)
    (stored,) = live_server.answers("exit")
    assert (stored["rating"], stored["comment"], stored["source"]) == (4, "very kind", "kiosk")
    assert stored["locale"] == "en" and len(stored["reasons"]) == 1 and stored["id"][14] == "7"
    shown = live_server.api("GET", f"/v1/devices/{device['id']}")
    assert shown["state"] == "active" and shown["version"] == kiosk_page.version()


def test_a_touch_in_passing_is_no_rating_and_a_changed_mind_is_one_answer(
    paired: Callable[..., Any], live_server: LiveServer, tab: Page
) -> None:
    paired(scale="smiley")
    tab.locator(".attract").click()
    on(tab, "question")
    assert waiting(tab) == 0
    tab.locator(".mid button[value='1']").click()
    tab.get_by_role("button", name="Change").click()
    tab.locator(".mid button[value='4']").click()
    tab.get_by_role("button", name="Done").click()
    sent(tab)
    assert [stored["rating"] for stored in live_server.answers("exit")] == [4]


def test_offline_answers_survive_a_reload_and_arrive_once(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    for rating in (1, 2):
        answer(tab, rating)
    tab.reload()
    on(tab, "attract")
    answer(tab, 3)
    rate(tab, 4)
    tab.reload()  # in the middle: the rating is on disk already
    on(tab, "attract")
    assert waiting(tab) == 4 and live_server.answers("exit") == []
    tab.locator(".attract").click()
    expect(tab.get_by_text("Offline. Answers are kept.")).to_be_visible()
    assert tab.evaluate(SMALL) == [] and tab.evaluate("document.querySelector('.off').offsetHeight") < 40  # quietly
    tab.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=3))  # the held one is let go after two
    context.set_offline(False)
    sent(tab)
    assert sorted(stored["rating"] for stored in live_server.answers("exit")) == [1, 2, 3, 4]
    expect(tab.get_by_text("Offline. Answers are kept.")).to_be_hidden()


@pytest.mark.parametrize("key_is_lost", [False, True])
def test_words_wait_encrypted_and_a_lost_key_costs_no_rating(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page, key_is_lost: bool
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    rate(tab, 2)
    tab.get_by_label("A few words").fill("Żółć, the queue was long")
    tab.get_by_role("button", name="Done").click()
    on(tab, "bye")
    (kept,) = tab.evaluate(KEPT)
    assert kept["rating"] == 2 and "queue" not in str(kept) and {*kept["comment"]} == {"iv", "data"}
    if key_is_lost:
        tab.evaluate(FORGET)
    tab.reload()
    on(tab, "attract")
    context.set_offline(False)
    sent(tab)
    (stored,) = live_server.answers("exit")
    assert (stored["rating"], stored["comment"]) == (2, None if key_is_lost else "Żółć, the queue was long")


def test_who_sees_the_question_is_asked_once_offline_and_through_lost_replies(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    answer(tab, 4)
    rate(tab, 3)
    tab.get_by_role("button", name="Change").click()  # still the same customer
    tab.get_by_role("button", name="DE").click()
    tab.reload()
    on(tab, "attract")
    tab.locator(".attract").click()  # and one who goes without an answer
    on(tab, "question")
    lost = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    context.route("**/v1/devices/heartbeat", lose)
    context.set_offline(False)
    sent_some(tab, lambda: len(lost) > 1)
    context.unroute("**/v1/devices/heartbeat")
    with tab.expect_response("**/v1/devices/heartbeat"):
        sent_some(tab, lambda: False, times=3)
    rates = live_server.api("GET", "/v1/touchpoints/exit/score")["response_rate"]
    assert rates["asked"] == 3 and rates["answered"] >= 1 and set(lost) == {200}


def sent_some(page: Page, enough: Callable[[], bool], times: int = 100) -> None:
    """Make the tablet try again until it is enough."""
    for _ in range(times):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        if enough():
            return
        page.wait_for_timeout(200)


def test_a_lost_reply_neither_loses_nor_doubles(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    lost = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    context.route("**/v1/feedback/batch", lose)
    answer(tab, 4)
    tab.wait_for_timeout(1500)
    assert lost and set(lost) == {200} and waiting(tab) == 1
    context.unroute("**/v1/feedback/batch")
    sent(tab)
    assert len(live_server.answers("exit")) == 1


def test_two_tabs_send_each_answer_once(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    other = context.new_page()
    other.goto(f"{live_server.url}/kiosk")
    on(other, "attract")
    context.set_offline(True)
    for page, rating in ((tab, 1), (other, 2), (tab, 3), (other, 4)):
        page.bring_to_front()
        answer(page, rating)
    context.set_offline(False)
    sent(tab)
    sent(other)
    assert sorted(stored["rating"] for stored in live_server.answers("exit")) == [1, 2, 3, 4]


def test_a_server_that_is_away_for_a_while_loses_nothing(
    paired: Callable[..., Any], live_server: LiveServer, tab: Page
) -> None:
    paired(scale="smiley")
    live_server.stop()
    answer(tab, 1)
    tab.reload()
    answer(tab, 2)
    live_server.start()
    sent(tab)
    assert sorted(stored["rating"] for stored in live_server.answers("exit")) == [1, 2]


def test_a_revoked_tablet_locks_keeps_its_answers_and_goes_on_after_pairing(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    device = paired(scale="smiley")
    context.set_offline(True)
    answer(tab, 3)
    live_server.api("DELETE", f"/v1/devices/{device['id']}")
    context.set_offline(False)
    on(tab, "locked")
    expect(tab.get_by_text("Answers kept here: 1.")).to_be_visible()
    tab.reload()
    on(tab, "locked")
    assert waiting(tab) == 1 and live_server.answers("exit") == []
    again = live_server.api("POST", f"/v1/devices/{device['id']}/pairing")
    enter(tab, again["pairing_code"])
    on(tab, "attract")
    sent(tab)
    assert [stored["rating"] for stored in live_server.answers("exit")] == [3]


def test_a_wrong_code_is_said(live_server: LiveServer, tab: Page) -> None:
    tab.goto(f"{live_server.url}/kiosk")
    enter(tab, "2222-2222")
    expect(tab.get_by_role("alert")).to_contain_text("not known")


@pytest.mark.parametrize("again", ["by the staff", "by a restart"])
def test_what_the_server_refuses_is_set_aside_and_shown_to_the_staff(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page, again: str
) -> None:
    device = paired("exit", "cafe", scale="smiley")
    context.set_offline(True)
    live_server.api("PATCH", f"/v1/devices/{device['id']}", json={"touchpoints": ["cafe"]})
    for number in (0, 1):
        tab.locator(".attract").click()
        tab.locator(".list button").nth(number).click()
        tab.locator(".mid button[value='4']").click()
        tab.get_by_role("button", name="Done").click()
        tab.locator(".bye").click()
    context.set_offline(False)
    sent(tab)
    assert waiting(tab, "rejected") == 1 and len(live_server.answers("cafe")) == 1
    on(tab, "attract")
    for _ in range(100):  # its next heartbeat says so
        if refused := live_server.api("GET", f"/v1/devices/{device['id']}")["refused"]:
            break
        tab.wait_for_timeout(50)
    assert refused == 1
    live_server.api("PATCH", f"/v1/devices/{device['id']}", json={"touchpoints": ["cafe", "exit"]})
    if again == "by the staff":
        staff(tab)
        expect(tab.locator(".facts")).to_contain_text("Refused answers1")
        tab.get_by_role("button", name="Try refused answers again").click()
    else:
        tab.reload()
        on(tab, "attract")
    sent(tab)
    assert waiting(tab, "rejected") == 0 and len(live_server.answers("exit")) == 1


def staff(page: Page) -> None:
    """Hold the wordmark for five seconds."""
    page.locator(".mark").hover(position={"x": 8, "y": 8})
    page.mouse.down()
    on(page, "staff")
    page.mouse.up()


def test_the_staff_see_what_waits_and_whether_the_browser_keeps_it(paired: Callable[..., Any], tab: Page) -> None:
    paired()
    staff(tab)
    for text in ("All answers are sent", "of 50,000 answers", "kept by the browser", "Hamburg, exit 1"):
        expect(tab.locator(".staff")).to_contain_text(text)
    expect(tab.locator(".facts")).to_contain_text(kiosk_page.version())
    tab.get_by_role("button", name="Close").click()
    on(tab, "attract")


def test_a_nearly_full_tablet_warns_and_a_full_one_takes_nothing_and_purges_nothing(
    paired: Callable[..., Any], context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    tab.evaluate(FILL, 45_000)
    tab.reload()
    expect(tab.get_by_text("Almost full")).to_be_visible()
    answer(tab, 4)
    tab.evaluate(FILL, 49_998)
    rate(tab, 4)  # the last that fits
    tab.get_by_role("button", name="Done").click()
    tab.locator(".bye").click()
    expect(tab.get_by_text("This tablet is full")).to_be_visible()
    assert waiting(tab) == 50_000


def test_a_browser_whose_space_is_used_up_says_so_keeps_all_and_goes_on(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    answer(tab, 3)
    tab.evaluate(
        "window.add = IDBObjectStore.prototype.add;"
        "void (IDBObjectStore.prototype.add = () => { throw new DOMException('no', 'QuotaExceededError'); })"
    )
    tab.locator(".attract").click()
    tab.locator(".mid button[value='4']").click()
    expect(tab.get_by_text("This tablet is full")).to_be_visible()
    assert waiting(tab) == 1
    tab.evaluate("void (IDBObjectStore.prototype.add = window.add)")
    context.set_offline(False)
    sent(tab)
    answer(tab, 2)
    sent(tab)
    assert sorted(stored["rating"] for stored in live_server.answers("exit")) == [2, 3]


def test_a_tablet_that_cannot_keep_an_answer_says_so_and_thanks_for_nothing(
    paired: Callable[..., Any], tab: Page
) -> None:
    paired(scale="smiley")
    tab.evaluate("void (IDBObjectStore.prototype.add = () => { throw new Error('no'); })")
    tab.locator(".attract").click()
    tab.locator(".mid button[value='4']").click()
    expect(tab.get_by_text("Answers cannot be kept")).to_be_visible()
    assert waiting(tab) == 0


def test_a_browser_without_storage_is_told_at_once(live_server: LiveServer, tab: Page) -> None:
    tab.add_init_script("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); }")
    tab.goto(f"{live_server.url}/kiosk")
    expect(tab.get_by_text("Answers cannot be kept")).to_be_visible()


def test_a_tablet_in_1970_tells_the_right_time(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    tab.clock.set_system_time(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    began = datetime.now(UTC)
    answer(tab, 4)
    ended = datetime.now(UTC)
    tab.wait_for_timeout(2500)
    context.set_offline(False)
    sent(tab)
    (stored,) = live_server.answers("exit")
    slack = timedelta(seconds=2)
    assert began - slack <= datetime.fromisoformat(stored["occurred_at"]) <= ended + slack
    assert stored["claimed_at"].startswith("1970-01-01T00:05")


def test_a_clock_that_is_set_right_while_answers_wait_does_not_age_them(
    paired: Callable[..., Any], live_server: LiveServer, context: BrowserContext, tab: Page
) -> None:
    paired(scale="smiley")
    context.set_offline(True)
    tab.clock.set_system_time(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    began = datetime.now(UTC)
    answer(tab, 4)
    ended = datetime.now(UTC)
    tab.clock.set_system_time(datetime.now(UTC))
    context.set_offline(False)
    sent(tab)
    (stored,) = live_server.answers("exit")
    slack = timedelta(seconds=2)
    assert began - slack <= datetime.fromisoformat(stored["occurred_at"]) <= ended + slack


def test_a_tablet_that_learns_the_time_does_not_oversleep(paired: Callable[..., Any], tab: Page) -> None:
    paired(scale="smiley")
    for time in (datetime(1970, 1, 1, 0, 5, tzinfo=UTC), datetime.now(UTC)):
        tab.clock.set_system_time(time)
        with tab.expect_response("**/v1/devices/heartbeat", timeout=20_000):
            tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        tab.wait_for_timeout(300)  # until it has set its alarm clock anew


@pytest.mark.parametrize("after_a_day", [False, True])
def test_a_new_version_takes_over_once_nothing_waits_or_after_a_day(
    paired: Callable[..., Any],
    context: BrowserContext,
    tab: Page,
    monkeypatch: pytest.MonkeyPatch,
    after_a_day: bool,
) -> None:
    paired(scale="smiley")
    context.route("**/v1/feedback/batch", lambda route: route.abort())
    answer(tab, 4)
    old = kiosk_page.version()
    monkeypatch.setattr(kiosk_page, "version", lambda: "ffffffff")
    registration = "navigator.serviceWorker.getRegistration('/kiosk')"
    tab.evaluate(f"{registration}.then((found) => found.update()).then(() => 1)")
    tab.wait_for_function(f"{registration}.then((found) => found.waiting !== null)")
    answer(tab, 3)  # home again, and the new version has to wait
    tab.reload()
    on(tab, "attract")
    assert tab.locator("#kiosk").get_attribute("data-version") == old and waiting(tab) == 2
    if after_a_day:
        tab.wait_for_function(REMEMBERED)  # since when it waits
        tab.clock.set_system_time(datetime.now(UTC) + timedelta(hours=25))
    else:
        context.unroute("**/v1/feedback/batch")
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    tab.evaluate(f"setTimeout(() => {look})")  # not within this call, which the page that goes would take with it
    expect(tab.locator("#kiosk")).to_have_attribute("data-version", "ffffffff", timeout=15_000)
    on(tab, "attract")
    assert not after_a_day or waiting(tab) == 2


def test_the_screen_goes_back_by_itself_and_keeps_what_was_rated(
    live_server: LiveServer, paired: Callable[..., Any], tab: Page
) -> None:
    tab.clock.install()
    paired(scale="smiley")
    tab.locator(".attract").click()
    on(tab, "question")
    tab.clock.run_for(31_000)
    on(tab, "attract")
    rate(tab, 2)
    tab.clock.run_for(46_000)
    on(tab, "bye")
    tab.clock.run_for(9_000)
    on(tab, "attract")
    for _ in range(100):
        if live_server.answers("exit"):
            break
        tab.clock.run_for(100)
    assert [stored["rating"] for stored in live_server.answers("exit")] == [2]


@pytest.mark.parametrize("scale", LOOKS)
def test_every_scale_can_be_answered_at_both_ends(
    paired: Callable[..., Any], live_server: LiveServer, tab: Page, scale: str
) -> None:
    paired(scale=scale)
    low, high = SCALES[scale].low, SCALES[scale].high
    for rating in (low, high):
        answer(tab, rating)
    sent(tab)
    assert sorted(stored["rating"] for stored in live_server.answers("exit")) == [low, high]


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "How was your visit today?"),
        ("de", "Wie war Ihr Besuch heute?"),
        ("da", "Hvordan var dit besøg i dag?"),
        ("pl", "Jak oceniają Państwo dzisiejszą wizytę?"),
    ],
)
def test_a_customer_chooses_the_language_and_the_next_starts_anew(
    paired: Callable[..., Any], live_server: LiveServer, tab: Page, language: str, question: str
) -> None:
    paired(scale="smiley")
    tab.locator(".attract").click()
    tab.locator(f".langs [lang={language}]").click()
    expect(tab.get_by_role("heading", name=question)).to_be_visible()
    assert tab.locator("html").get_attribute("lang") == language
    tab.locator(".mid button[value='4']").click()
    tab.locator("form .btn").click()
    tab.locator(".bye").click()
    expect(tab.locator(".attract strong")).to_have_text("How was your visit today?")
    sent(tab)
    assert live_server.answers("exit")[0]["locale"] == language


@pytest.mark.parametrize("size", [LYING, STANDING, {"width": 390, "height": 844}])
def test_axe_finds_nothing_in_light_and_dark_and_a_finger_finds_everything(
    paired: Callable[..., Any], tab: Page, size: Any
) -> None:
    tab.set_viewport_size(size)
    paired("exit", "cafe", scale="smiley")

    def look(*, fingers: bool = True) -> None:
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for scheme in schemes:
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert flaws(tab) == [], scheme
        assert tab.evaluate("document.querySelectorAll('a').length") == 0
        if fingers and size["width"] > 700:
            assert tab.evaluate(SMALL) == []

    look()
    tab.locator(".attract").click()
    look()
    tab.locator(".list button").first.click()
    look()
    tab.locator(".mid button[value='1']").click()
    look()
    tab.get_by_role("button", name="Done").click()
    look()
    tab.locator(".bye").click()
    staff(tab)
    look(fingers=False)


SMALL = """[...document.querySelectorAll("#kiosk :is(button, textarea, .chip)")]
  .map((e) => [e.textContent, e.getBoundingClientRect()])
  .filter(([, box]) => box.width < 95.5 || box.height < 95.5 || box.right > innerWidth || box.bottom > innerHeight)
  .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""


def test_there_is_no_way_out(paired: Callable[..., Any], tab: Page) -> None:
    paired(scale="smiley")
    stopped = """(type) => !document.querySelector(".attract").dispatchEvent(
        new Event(type, { bubbles: true, cancelable: true }))"""
    for type_ in ("contextmenu", "dragstart", "drop", "gesturestart", "selectstart"):
        assert tab.evaluate(stopped, type_), type_
    tab.go_back()
    on(tab, "attract")
    assert tab.url.endswith("/kiosk")
    style = "getComputedStyle(document.querySelector('#kiosk'))"
    assert tab.evaluate(f"[{style}.userSelect, {style}.touchAction]") == ["none", "pan-x pan-y"]


def test_the_page_can_be_installed(live_server: LiveServer, tab: Page) -> None:
    tab.goto(f"{live_server.url}/kiosk")
    tab.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    session = tab.context.new_cdp_session(tab)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == [] and manifest["url"].endswith("/kiosk/manifest.webmanifest")
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
