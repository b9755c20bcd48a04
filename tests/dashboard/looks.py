"""axe on one load of a page: every width in every scheme, forced colours and paper, each thing looked at once.

All rules are run on a desktop and on a phone, which show different elements (the bar, columns that a phone leaves out).
Elsewhere only these can find something else; the others read names, roles, nesting and attributes, which neither a
colour nor a width changes:
- `color-contrast` and `link-in-text-block` read colours, of each text whose colours, size and grounds are new;
- `target-size` and `scrollable-region-focusable` read boxes, once a width: a scheme moves none.
In forced colours only what keeps colours of its own is asked about: of all others axe reads the author's colour, which
Chromium still says as `-webkit-text-fill-color`, on the reader's ground.
"""

from typing import Any, Final

from playwright.sync_api import Page

from tests.pages.axe import AXE

PAPER: Final = 794  # A4 in pixels
_COLOURS: Final = ("color-contrast", "link-in-text-block")
_BOXES: Final = ("target-size", "scrollable-region-focusable")
_SCHEMES: Final[tuple[dict[str, Any], ...]] = (
    {"color_scheme": "light", "forced_colors": "none"},
    {"color_scheme": "dark", "forced_colors": "none"},
    {"color_scheme": "light", "forced_colors": "active"},
    {"color_scheme": "dark", "forced_colors": "active"},
)

# The texts and fields that look as none did before: what their contrast depends on is new.
_FRESH = """() => {
  const seen = window.looks ??= new Set(), known = new Map(), clear = "rgba(0, 0, 0, 0)";
  const grounds = (one) => {
    if (!one) return "";
    if (!known.has(one)) {
      const style = getComputedStyle(one), picture = style.backgroundImage;
      const own = [style.backgroundColor, picture, style.opacity].join();
      known.set(one, (own === clear + ",none,1" ? "" : own + "<") + grounds(one.parentElement));
    }
    return known.get(one);
  };
  const look = (one) => {
    const { color, fontSize, fontWeight, textShadow, textDecorationLine } = getComputedStyle(one);
    const kind = one.closest("a") ? "link" : "text";
    return [kind, color, fontSize, fontWeight, textShadow, textDecorationLine, grounds(one)].join();
  };
  const says = (one) => one.matches("input, select, textarea") || [...one.childNodes].some((node) => node.data?.trim());
  const forced = matchMedia("(forced-colors: active)").matches;
  const own = (one) => !forced || getComputedStyle(one).forcedColorAdjust === "none";
  const shown = (one) => own(one) && one.checkVisibility({ visibilityProperty: true });
  const fresh = (one) => { const it = look(one); return !seen.has(it) && seen.add(it); };
  window.texts ??= [...document.body.querySelectorAll("*")].filter(says);
  return window.texts.filter((one) => shown(one) && fresh(one));
}"""
_RUN = f"""async ([rules, whole]) => {{
  await Promise.all(document.getAnimations().map((one) => one.finished));
  const texts = ({_FRESH})(), found = [], resultTypes = ["violations"];
  const run = async (where, options) => found.push(...(await axe.run(where, options)).violations);
  if (rules) await run(document, {{ resultTypes, ...rules }});
  if (texts.length && !whole) await run({{ include: texts }}, {{ resultTypes, runOnly: {[*_COLOURS]} }});
  return found;
}}"""
_ALL: Final[dict[str, Any]] = {}
_NAMES_TOO: Final = {"rules": {rule: {"enabled": False} for rule in _COLOURS}}
_BOXES_ONLY: Final = {"runOnly": list(_BOXES)}
# By width, what is asked in the first scheme beside the colours of what is new.
_FIRST: Final = {1280: _ALL, 390: _NAMES_TOO, 768: _BOXES_ONLY, 1920: _BOXES_ONLY}


def flaws_in_all_looks(page: Page) -> list[Any]:
    """The rules that the page breaks in any of its looks: the look, the rule, and where. The page is left on paper."""
    page.evaluate(AXE + ";0")
    wrong: list[Any] = []

    def look(*name: object, rules: dict[str, Any] | None = None) -> None:
        found = page.evaluate(_RUN, [rules, rules is _ALL])
        wrong.extend((name, rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found)

    for width, rules in _FIRST.items():
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in _SCHEMES:
            page.emulate_media(media="screen", **scheme)
            look(width, *scheme.values(), rules=rules if scheme is _SCHEMES[0] else None)
    page.emulate_media(media="print", color_scheme="light", forced_colors="none")
    page.set_viewport_size({"width": PAPER, "height": 1100})
    look("paper")
    return wrong
