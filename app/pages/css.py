"""Style sheets as the supported browsers read them. Pure.

The sources in static/ are written with nesting, `light-dark()` and ranges such as `(width < 48rem)`. Browsers of 2022
know none of these, so what is served is written out: one flat rule each, dark colours in rules of their own.
"""

import re
from typing import Literal

Node = tuple[str, "list[Node]"]  # a selector or at-rule with what stands in it; a declaration has nothing in it

_INNER = r"\([^()]*\)"  # parentheses in parentheses, up to five deep
for _ in range(4):
    _INNER = rf"\([^()]*(?:{_INNER}[^()]*)*\)"
_TOKEN = re.compile(rf'"[^"]*"|{_INNER}|[{{}};]|[^"(){{}};]+')
_SELECTOR = re.compile(rf"(?:{_INNER}|[^,()])+")
_SPACES = ((r"\s+", " "), (r"\s*([{};])\s*", r"\1"), (r"([:,]) ", r"\1"), (r" ([~>!]) ?", r"\1"), (r";}", "}"))
_RANGE = re.compile(r"\((width|height) ?(<|>=) ?([\d.]+)(\w+)\)")
_PAIR = re.compile(r"light-dark\(([^,()]+), ?([^,()]+)\)")


def written_out(source: str, *, dark: Literal["page", "widget"] = "page") -> str:
    """A style sheet without nesting, light-dark(), ranges, comments and white space.

    `dark` says what makes it dark: the browser's choice (`page`), or the color-scheme of the page around a `widget`,
    which browsers without light-dark() do not tell: there it stays light.
    """
    tree = _parsed(re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))
    rules = _rules(tree, [], dark)
    # Where there are no containers, the window's size stands in for theirs.
    windows = [re.sub(r"^@container [\w ]*", "@media ", rule) for rule in rules if rule.startswith("@container")]
    text = "".join(rules) + (f"@supports not (container-type:inline-size){{{''.join(windows)}}}" if windows else "")
    for found, instead in _SPACES:
        text = re.sub(found, instead, text)
    return text.strip()


def _parsed(source: str) -> list[Node]:
    stack: list[list[Node]] = [[]]
    begun = ""
    for part in _TOKEN.findall(source):
        if part == "{":
            inside: list[Node] = []
            stack[-1].append((begun.strip(), inside))
            stack.append(inside)
        elif part in ("}", ";"):
            if begun.strip():
                stack[-1].append((begun.strip(), []))
            if part == "}":
                stack.pop()
        else:
            begun += part
            continue
        begun = ""
    return stack[0]


def _rules(nodes: list[Node], parents: list[str], dark: str) -> list[str]:
    """The rules that stand in a rule with the selectors `parents`, in the order of the source."""
    found: list[str] = []
    own = [said for said, inside in nodes if not inside]
    if own and parents:
        for selectors in _apart(parents):
            found += _coloured(selectors, own, dark)
    for said, inside in nodes:
        if said.startswith("@keyframes"):
            found.append(f"{said}{{{''.join(f'{step}{{{_block(block)}}}' for step, block in inside)}}}")
        elif said.startswith("@") and inside:
            found.append(f"{_ranges(said)}{{{''.join(_rules(inside, parents, dark))}}}")
        elif inside:
            found += _rules(inside, _nested(_split(said), parents), dark)
    return found


def _block(nodes: list[Node]) -> str:
    return ";".join(said for said, _ in nodes)


def _split(selectors: str) -> list[str]:
    """`a, :is(b, c)` as its two selectors."""
    return [one.strip() for one in _SELECTOR.findall(selectors)]


def _nested(selectors: list[str], parents: list[str]) -> list[str]:
    if not parents:
        return selectors
    return [one.replace("&", parent) if "&" in one else f"{parent} {one}" for parent in parents for one in selectors]


def _apart(selectors: list[str]) -> list[str]:
    """Each selector with :has() apart: a browser that does not know it drops the whole list."""
    plain = ",".join(one for one in selectors if ":has(" not in one)
    return [part for part in (plain, *(one for one in selectors if ":has(" in one)) if part]


def _ranges(condition: str) -> str:
    def sized(found: re.Match[str]) -> str:
        what, sign, number, unit = found.groups()
        if sign == ">=":
            return f"(min-{what}:{number}{unit})"
        least = 0.02 if unit == "px" else 0.001  # less than a screen can show
        return f"(max-{what}:{float(number) - least:g}{unit})"

    return _RANGE.sub(sized, condition)


def _lit(which: int, declarations: list[str]) -> str:
    """Declarations with the first or second colour of each light-dark()."""
    return _PAIR.sub(rf"\{which}", ";".join(declarations))


def _coloured(selectors: str, own: list[str], dark: str) -> list[str]:
    """A rule in its light colours, and one for the dark where it has any."""
    both = [one for one in own if "light-dark(" in one]
    light = f"{selectors}{{{_lit(1, own)}}}"
    if not both:
        return [light]
    if dark == "page":
        return [light, f"@media (prefers-color-scheme:dark){{{selectors}{{{_lit(2, both)}}}}}"]
    return [light, f"@supports (color:light-dark(red,red)){{{selectors}{{{';'.join(both)}}}}}"]
