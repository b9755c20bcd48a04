"""What a browser of November 2022 makes of our files: Chromium 107, Firefox 107 and Safari 16.1 taken together.

That is the oldest that the README promises. Newer ones know more; none of these may be needed.
"""

import re

# What at least one of the three does not know, by how it is written.
UNKNOWN_CSS = {
    "nesting": r"&",
    "ranges": r"\((?:width|height|inline-size|block-size)\s*[<>=]",
    "or in media queries": r"@media[^{]*\)\s*or\s*\(",
    "light-dark()": r"light-dark\(",
    "color-mix()": r"color-mix\(",
    "newer colours": r"oklch\(|oklab\(|\blch\(|color\(",
    "container queries": r"@container|container-type|container-name",
    "container units": r"\d(?:cqi|cqb|cqw|cqh|cqmin|cqmax)\b",
    ":has()": r":has\(",
    "subgrid": r"\bsubgrid\b",
    "viewport units": r"\d(?:dvh|dvw|svh|lvh|lh|rlh)\b",
    "text-wrap": r"text-wrap",
    "alternative text": r'content:"[^"]*"\s*/',
    "popover, anchors": r":popover-open|anchor\(|@position-try|field-sizing",
    "scopes, layers, properties": r"@scope|@starting-style|@layer|@property",
    "newer functions": r"\b(?:round|mod|rem|sin|cos|pow|sqrt|exp)\(",
    "newer pseudo-classes": r":user-(?:in)?valid|:dir\(|:nth-child\([^)]* of |:state\(",
    "unprefixed mask and backdrop": r"(?<!-webkit-)(?:mask|backdrop-filter):",
}
# Where one of them only adds to what is there without it: a tint, a nicer line break, a closer fit. Each declaration
# with it is dropped by old browsers, and the pages are looked at without it (test_old_browsers.py).
DISPENSABLE_CSS = {"color-mix()", "subgrid", "viewport units", "text-wrap", "alternative text"}
# Where a browser asks itself whether it knows it, or has another rule beside it.
GUARDED_CSS = {"light-dark()", ":has()", "container queries"}
UNKNOWN_JS = {
    "lookbehind": r"\(\?<[=!]",
    "static blocks": r"\bstatic\s*\{",
    "newer array methods": r"\.(?:toSorted|toReversed|toSpliced|with|fromAsync|findLastIndex)\(",
    "newer collections": r"Object\.groupBy|Map\.groupBy|\.(?:union|intersection|difference|isSubsetOf)\(",
    "newer promises": r"Promise\.(?:withResolvers|try)",
    "newer URLs": r"URL\.(?:canParse|parse)\(",
    "newer signals": r"AbortSignal\.any",
    "view transitions, popovers": r"startViewTransition|(?:show|hide|toggle)Popover|\.inert\b",
    "sets of flags": r"/[gimsuy]*v[gimsuy]*[,);.]",
    "imports of other kinds": r"import .* (?:with|assert) \{",
    "clean-up of variables": r"\b(?:await )?using \w+ =",
    "constructed style sheets": r"replaceSync|adoptedStyleSheets",
}


def nested(source: str) -> list[str]:
    """What stands in a rule and is itself a rule."""
    found, open_rules = [], [""]
    for start, brace in re.findall(r"([^{};]*)([{};])", source):
        if brace == "{":
            if open_rules[-1] and not open_rules[-1].startswith("@"):
                found.append(start)
            open_rules.append(start.strip())
        elif brace == "}":
            open_rules.pop()
    return found


_RULE = re.compile(r"[^{}]+\{[^{}]*\}")


def aged_css(source: str) -> str:
    """A style sheet as served, with what such a browser drops left out."""
    source = _supports(re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))
    source = _without_blocks(source, "@container")
    return _RULE.sub(lambda rule: _aged_rule(rule[0]), source)


def _aged_rule(rule: str) -> str:
    selector, _, body = rule.rstrip("}").partition("{")
    if re.search(UNKNOWN_CSS[":has()"], selector):
        return ""
    kept = [one for one in body.split(";") if not _unknown(one)]
    return f"{selector}{{{';'.join(kept)}}}"


def _unknown(declaration: str) -> bool:
    """Whether it is dropped. (With var() in it, it is dropped as late as its value is needed, which looks the same.)"""
    return any(re.search(pattern, declaration) for name, pattern in UNKNOWN_CSS.items() if name != "nesting")


def _supports(source: str) -> str:
    """@supports decided: `not` with something unknown holds, and the unknown itself does not."""
    while found := re.search(r"@supports (not )?[^{]*\{", source):
        inside, end = _block(source, found.end())
        source = source[: found.start()] + (inside if found[1] else "") + source[end:]
    return source


def _without_blocks(source: str, name: str) -> str:
    while (start := source.find(name)) >= 0:
        _, end = _block(source, source.index("{", start) + 1)
        source = source[:start] + source[end:]
    return source


def _block(source: str, start: int) -> tuple[str, int]:
    """What stands between the brace before `start` and the one that closes it, and where that is over."""
    depth, place = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(source[place], 0)
        place += 1
    return source[start : place - 1], place
