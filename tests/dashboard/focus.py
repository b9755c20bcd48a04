"""A walk by the Tab key: to one control; through a page, what it does not reach and where nobody sees that it is."""

from typing import Any

from playwright.sync_api import Locator, Page

# What is to be reached: each control, of radio buttons of one name only one.
_CONTROLS = """() => {
  const names = new Set(), wanted = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  const first = (one) => one.type !== "radio" || (!names.has(one.name) && names.add(one.name));
  const usable = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0;
  window.controls = [...document.querySelectorAll(wanted)].filter((one) => usable(one) && first(one));
  return window.controls.length;
}"""
# The one that has the focus: its place among them, whether that is drawn, and whether any of it is uncovered.
_FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const same = (other) => other === one || (one.type === "radio" && other.name === one.name);
  const at = (x, y) => document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
  const own = (top) => top && (one.contains(top) || top.contains(one) || top.closest("label")?.control === one);
  const free = [at(.5, .5), at(.1, .1), at(.9, .1), at(.1, .9), at(.9, .9)].some(own);
  const drawn = style.outlineStyle !== "none";
  return { place: window.controls.findIndex(same), drawn, free, says: one.outerHTML.slice(0, 120) };
}"""


def walked(page: Page) -> list[Any]:
    """What is wrong on the way: a focus that is not drawn or wholly covered, and what is never reached."""
    controls = page.evaluate(_CONTROLS)
    reached: dict[int, None] = {}  # in order
    wrong: list[Any] = []
    for _ in range(controls * 2 + 20):  # a date has several stops
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        if len(reached) > 1 and found["place"] == next(iter(reached)):
            break
        reached[found["place"]] = None
        if found["place"] >= 0 and not (found["drawn"] and found["free"]):
            wrong.append(found)
    missed = [place for place in range(controls) if place not in reached]
    never: list[Any] = page.evaluate(
        "(them) => them.map((one) => window.controls[one].outerHTML.slice(0, 120))", missed
    )
    return wrong + never


def tab_to(page: Page, what: Locator) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    found = what.element_handle()
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("(one) => one === document.activeElement", found):
            return
    raise AssertionError(f"the keyboard does not get to {what}")
