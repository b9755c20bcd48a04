"""Words that a page breaks inside, and pages that can be moved sideways."""

from playwright.sync_api import Page

# A word whose letters stand on two lines was broken, unless the browser put a hyphen: it may, in long words.
_LOOK = """() => {
  const found = [], range = document.createRange(), over = document.scrollingElement.scrollWidth - innerWidth;
  if (over > 0) found.push(`the page is ${over} px too wide`);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const around = node.parentElement;
    if (!around.checkVisibility() || around.closest(".vh, svg, select, textarea, .snippet")) continue;
    for (const word of node.data.matchAll(/[\\p{L}\\p{N}]{2,30}/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      const hyphen = getComputedStyle(around).hyphens === "auto" && word[0].length >= 9;
      if (tops.size > 1 && !hyphen) found.push(word[0]);
    }
  }
  return found;
}"""


def broken(page: Page) -> list[str]:
    """What is wrong with the page at its present width."""
    found: list[str] = page.evaluate(_LOOK)
    return found
