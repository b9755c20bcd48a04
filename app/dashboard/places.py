"""The places of the bar, and which of them a page stands in. Pure."""

from collections.abc import Callable
from typing import NamedTuple


class Place(NamedTuple):
    """One place of the bar; `letter` goes there after `g`."""

    name: str
    path: str
    letter: str
    icon: str


_PLACES = (
    (Place("today", "/", "t", "today"), "scores:read"),
    (Place("map", "/map", "m", "map"), "scores:read"),
    (Place("comments", "/comments", "c", "chat"), "feedback:read"),
    (Place("actions", "/actions", "a", "act"), "actions:read"),
    (Place("journeys", "/journeys", "j", "way"), "journeys:read"),
)
SETUP = {
    "touchpoints": "touchpoints:read",
    "import": "feedback:write",
    "subscribers": "subscribers:read",
    "webhooks": "webhooks:read",
    "devices": "devices:read",
    "segment-keys": "touchpoints:read",
    "keys": "keys:read",
}


def of(may: Callable[[str], bool]) -> list[Place]:
    """The places that may be opened; the set-up begins with the first of its pages that may."""
    found = [place for place, scope in _PLACES if may(scope)]
    pages = [path for path, scope in SETUP.items() if may(scope)]
    return found + [Place("setup", f"/{path}", "s", "setup") for path in pages[:1]]


def here(path: str) -> str:
    """The name of the place that the page with this path stands in; empty for a page of none."""
    first, *rest = path.strip("/").split("/")
    if first == "touchpoints" and rest and rest[-1] != "edit":
        return "map"
    if first in SETUP:
        return "setup"
    return {"": "today", "alerts": "today", "segments": "map"}.get(first, first)
