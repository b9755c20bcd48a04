"""A whole morning's work by keyboard: a drop is seen and taken, an action made of it, a comment answered."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.broken import broken
from tests.dashboard.focus import tab_to
from tests.dashboard.lived_in import delivery_fell
from tests.dashboard.test_shell import signed_in
from tests.pages.axe import flaws
from tests.pages.conftest import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture
def company(live_server: LiveServer) -> LiveServer:
    """Deliveries fell, and some customers wrote why."""
    live_server.make("delivery", kind="delivery")
    items = [{"touchpoint": "delivery", "rating": 1, "comment": f"Left in the rain, parcel {n}"} for n in range(3)]
    live_server.api("POST", "/v1/feedback/batch", json={"items": items})
    delivery_fell(live_server)
    return live_server


@pytest.fixture
def person(browser: Browser, company: LiveServer) -> Iterator[Page]:
    page = signed_in(browser, company, viewport={"width": 1280, "height": 900})
    yield page
    page.context.close()


def test_a_mornings_work_by_keyboard(person: Page, company: LiveServer) -> None:
    keys = person.keyboard

    def well() -> None:
        """The page is readable as it is, on a phone too."""
        assert flaws(person) == []
        for width in (390, 1280):
            person.set_viewport_size({"width": width, "height": 900})
            assert broken(person) == []

    expect(person.locator(".lead")).to_contain_text("Delivery has fallen and nobody has taken it yet.")
    well()
    tab_to(person, person.get_by_role("link", name="Delivery fell from 70 to 40", exact=True))
    keys.press("Enter")
    expect(person.locator("h1")).to_have_text("Delivery fell from 70 to 40")
    expect(person.locator("main")).to_contain_text("Left in the rain")
    well()
    tab_to(person, person.get_by_role("button", name="I take it"))
    keys.press("Enter")
    expect(person.locator(".state")).to_have_text("taken")
    tab_to(person, person.get_by_role("link", name="Make an action of it"))
    keys.press("Enter")
    expect(person.locator("input[name=title]")).to_be_focused()
    keys.type("The old courier again")
    keys.press("Enter")
    expect(person.locator("h1")).to_have_text("The old courier again")
    keys.press("g")
    keys.press("c")
    expect(person.locator(".list li")).to_have_count(3)
    keys.press("j")
    expect(person.locator(".pane blockquote")).to_contain_text("Left in the rain")
    well()
    tab_to(person, person.get_by_label("Who takes care"))
    keys.type("Ewa")
    keys.press("Escape")
    keys.press("a")
    expect(person.locator(".list li")).to_have_count(2)
    keys.press("s")
    expect(person.locator(".list li")).to_have_count(1)
    keys.press("x")
    expect(person.locator(".dock")).to_be_visible()
    tab_to(person, person.get_by_role("link", name="Needs an answer 1"))
    keys.press("Enter")
    expect(person.locator(".list li")).to_have_count(1)
    states = {one["handling"]["state"]: one["handling"]["owner"] for one in company.answers("delivery")}
    assert states == {"needs_reply": "Ewa", "seen": None, "new": None}
    alert = company.api("GET", "/v1/alerts/1")
    action = company.api("GET", "/v1/actions/1")
    assert (alert["state"], action["alert"], action["touchpoints"]) == ("acknowledged", "1", ["delivery"])
    keys.press("g")
    keys.press("t")
    expect(person.locator(".lead")).not_to_contain_text("has fallen")
