"""Every page that customers see fits every screen in every language: nothing is cut, and fingers hit what they mean."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.scales import SCALES
from tests.pages import LOOKS
from tests.pages.conftest import LiveServer, Site

pytestmark = pytest.mark.browser
# A kind of each scale: its question and its reasons are as long as real ones.
KINDS = {
    "stars": "online_shop",
    "csat": "delivery",
    "smiley": "physical_store",
    "ces": "complaint_handling",
    "nps": "feedback_survey",
    "thumbs": "order_confirmation",
}
WIDTHS = (320, 600, 1280)
TABLETS = ((1180, 820), (1024, 768), (820, 1180), (768, 1024))
# Texts and controls beyond the screen's sides or cut by their own box; and targets smaller than `target` pixels.
WRONG = """(target) => {
  const wrong = [], PRESSED = "button, summary, textarea, [type=radio], [type=checkbox], footer a, .stage a, .btn";
  const words = (one) => `${one.tagName} "${(one.textContent || one.ariaLabel || "").trim().slice(0, 40)}"`;
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      const box = one.getBoundingClientRect(), style = getComputedStyle(one);
      if (!box.width || !box.height || style.visibility === "hidden" || one.closest(".sr, .live, .peek")) continue;
      if (one.textContent.trim() && (box.right > innerWidth + 1 || box.left < -1))
        wrong.push(`${words(one)} is beside the screen, up to ${box.right}`);
      if (target > 44 && one.matches("button, textarea, .chip, h1, p") && box.bottom > innerHeight + 1)
        wrong.push(`${words(one)} is below the screen, down to ${box.bottom}`);
      const cuts = style.overflowX !== "visible" && one.clientWidth > 8 && one.tagName !== "INPUT";
      if (cuts && one.scrollWidth > one.clientWidth + 1)
        wrong.push(`${words(one)} is cut: ${one.scrollWidth} in ${one.clientWidth}`);
      if (one.matches("h1") && box.width > one.parentElement.clientWidth + 1)
        wrong.push(`${words(one)} runs into what is beside it`);
      if (!one.matches(PRESSED)) continue;
      const hit = one.closest("label")?.getBoundingClientRect() ?? box;
      const wide = Math.max(box.width, hit.width), high = Math.max(box.height, hit.height);
      if (wide < target - 0.5 || high < target - 0.5) wrong.push(`${words(one)} is ${wide} x ${high}`);
    }
  };
  look(document);
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page can be moved sideways");
  return wrong;
}"""


@pytest.fixture
def company(live_server: LiveServer) -> LiveServer:
    """A touchpoint of each scale, those of the demo, and one that is closed."""
    for scale, kind in KINDS.items():
        live_server.make(scale, kind=kind, scale=scale)
    for kind in ("online_shop", "order_process", "delivery"):
        live_server.make(kind.replace("_", "-"), kind=kind)
    return live_server


def look(tab: Page, width: int, height: int = 844, target: int = 44) -> None:
    """Nothing is wrong on a screen of this size, once what moves has come to rest."""
    tab.set_viewport_size({"width": width, "height": height})
    for _ in range(30):
        wrong = tab.evaluate(WRONG, target)
        if not wrong:
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"{tab.url} at {width} x {height}: " + "; ".join(wrong))


@pytest.fixture
def fits(tab: Page) -> Callable[[], None]:
    """Looks at what is open on all widths: fits()."""
    return lambda: [look(tab, width) for width in WIDTHS] and None


def links(server: LiveServer, scale: str, language: str) -> list[str]:
    """The addresses of one mail's ratings, low to high."""
    body = {"touchpoint": scale, "recipients": [{"locale": language}]}
    urls = server.api("POST", "/v1/links", json=body)["items"][0]["urls"]
    parts = [urlsplit(url) for url in urls.values()]
    return [f"{server.url}{part.path}?{part.query}" for part in parts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit(company: LiveServer, tab: Page, fits: Callable[[], None], language: str) -> None:
    tab.emulate_media(reduced_motion="reduce")
    for scale in LOOKS:
        tab.goto(f"{company.url}/t/{scale}?lang={language}")
        tab.get_by_role("radio").first.wait_for()
        fits()
    for path in ("/demo", "/demo/mail", "/t/nowhere", "/r/nonsense"):
        tab.goto(f"{company.url}{path}?lang={language}")
        fits()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_rating_links_pages_fit(company: LiveServer, tab: Page, fits: Callable[[], None], language: str) -> None:
    for scale in LOOKS:
        address = links(company, scale, language)[-1]
        tab.goto(address)
        fits()
        if scale not in ("smiley", "ces"):  # with words, with numbers: the others are drawn alike
            continue
        tab.goto(address.partition("?")[0] + "/more")  # as a program does: the press is asked about
        tab.goto(address)
        with tab.expect_navigation():
            tab.locator("form .big").click()
        fits()
        tab.wait_for_timeout(750)  # a press within 700 ms of its page is held
        with tab.expect_navigation():
            tab.locator("form .big").click()
        tab.locator("summary").click()
        fits()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_without_javascript_fits(
    company: LiveServer, tab: Page, fits: Callable[[], None], language: str
) -> None:
    tab.route("**/widget.v1.js", lambda route: route.abort())  # the form as it is without it; asking needs a script
    for scale in LOOKS:
        tab.goto(f"{company.url}/t/{scale}?lang={language}")
        tab.get_by_role("radio").last.click()
        fits()
        tab.get_by_role("textbox").last.fill("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenfabrik")
        tab.locator("form .big").click()
        tab.locator(".quote").wait_for()
        fits()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_widget_fits_in_trouble_and_after(
    company: LiveServer, site: Site, tab: Page, fits: Callable[[], None], language: str
) -> None:
    tags = "".join(f'<touchstone-feedback id="{one}" touchpoint="{one}"></touchstone-feedback>' for one in LOOKS)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    script = f'<script src="{company.url}/widget.v1.js"></script>'
    tab.goto(site.page("/", f'<!doctype html><html lang="{language}"><head>{head}{script}</head><body>{tags}'))
    for scale in LOOKS:
        tab.locator(f"#{scale}").get_by_role("radio").first.wait_for()
    fits()
    tab.route("**/feedback", lambda route: route.abort())
    for scale in LOOKS:
        tab.locator(f"#{scale}").get_by_role("radio").last.click()
        tab.locator(f"#{scale} .note").wait_for()
    fits()
    tab.unroute("**/feedback")
    for scale in LOOKS:
        tab.locator(f"#{scale} form:visible .bare").last.click()
    for scale in LOOKS:
        # The widget tries again by itself too, and its button may be gone before a mouse gets there.
        tab.locator(f"#{scale} .note button").evaluate_all("buttons => buttons.forEach(button => button.click())")
        expect(tab.locator(f"#{scale} .card").last).to_be_visible(timeout=15_000)
    fits()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tablet_shows_everything_whole_lying_and_standing(
    company: LiveServer, context: BrowserContext, tab: Page, language: str
) -> None:
    body = {"name": "Hamburg, exit 1", "touchpoints": list(LOOKS)}
    code = company.api("POST", "/v1/devices", json=body)["pairing_code"]
    tab.emulate_media(reduced_motion="reduce")
    tab.set_viewport_size({"width": 1180, "height": 820})
    tab.goto(f"{company.url}/kiosk")
    tab.locator("input[name=code]").fill(code)
    tab.locator("form .btn").click()
    tab.locator(".attract").wait_for()

    def whole() -> None:
        for width, height in TABLETS:
            look(tab, width, height, 96)

    for place, scale in enumerate(LOOKS):
        tab.set_viewport_size({"width": 1180, "height": 820})
        tab.locator(".attract").click()
        tab.locator(f".langs [lang={language}]").click()
        whole()
        tab.locator(".list button").nth(place).click()
        whole()
        tab.locator(f".mid button[value='{SCALES[scale].high}']").click()
        whole()
        tab.locator(".tell form .btn").click()
        whole()
        tab.locator(".bye").click()
        tab.locator(".attract").wait_for()
        whole()
