"""The page that the link "Change what you get" opens: every screen, every language, axe and by keyboard."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.mail.tokens import CHOOSE, token
from app.touchpoints.catalogue import LANGUAGES
from tests.dashboard.broken import broken
from tests.dashboard.focus import tab_to, walked
from tests.dashboard.looks import flaws_in_all_looks
from tests.pages.conftest import LiveServer, browser, serve  # noqa: F401 - fixtures
from tests.pages.test_fit import look

pytestmark = pytest.mark.browser
SECRET = "a-secret-that-signs-links-0123456789"
ANNA = "anna@lindhoej.example"
LONG = f"'&amp{'w' * 59}@{'lindhoej' * 7}.example"  # as long, and as much of a markup, as an address may be
Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, serve: Callable[..., LiveServer]) -> Iterator[Open]:  # noqa: F811
    """Opens somebody's page, in English: opened(ANNA)."""
    server = serve(secret_key=SECRET)
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(15_000)

    def _opened(email: str) -> Page:
        body = {"email": email, "language": "en", "alerts": True, "digest": "weekly"}
        number = server.api("POST", "/v1/subscribers", json=body)["id"]
        page, whom = context.new_page(), f"{email}\0None"
        page.goto(f"/mail/choose/{token(SECRET.encode(), CHOOSE, number, whom)}")
        return page

    yield _opened
    context.close()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"[name={name}][value={value}]").check(force=True)
    page.locator("button.btn").click()


def test_the_page_fits_and_axe_finds_nothing(opened: Open) -> None:
    long, page = opened(LONG), opened(ANNA)
    for language in LANGUAGES:
        if language != "en":
            choose(page, "language", language)
            expect(page.locator("html")).to_have_attribute("lang", language)
        for width in (320, 390, 768, 1280):
            look(page, width)
            assert broken(page) == [], (language, width)
            look(long, width)
    assert walked(page) == []
    assert flaws_in_all_looks(page) == []


def test_somebody_ends_the_alerts_by_keyboard(opened: Open) -> None:
    page = opened(ANNA)
    tab_to(page, page.locator("[name=alerts]:checked"))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.locator("button.btn"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("[name=alerts][value=no]")).to_be_checked()
