"""What axe-core objects to on a page."""

from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# Only what is wrong: to describe all that is right takes it twice as long as to look.
RUN = "axe.run({ resultTypes: ['violations'] }).then((found) => found.violations)"


def flaws(page: Page) -> list[Any]:
    """The rules that the page breaks, and where; asked through the debugger, which the page's policy does not bind."""
    page.evaluate(AXE + ";0")
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [(rule["id"], rule["help"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
