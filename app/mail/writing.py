"""What a letter says, before it is drawn: the same for HTML and for text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Level:
    """A line from 0 to 100 with a mark at `value`, or from `low` to `high`; `name` is "before" or "now"."""

    name: str
    value: float
    rising: bool | None = None  # None: as it was before
    low: float | None = None
    high: float | None = None

    @property
    def span(self) -> str:
        """58–65: how far chance could move it; empty where that is not known."""
        return "" if self.low is None or self.high is None else f"{round(self.low)}–{round(self.high)}"

    @property
    def bar(self) -> tuple[int, int, int]:
        """What lies left of the mark, the mark, and what lies right of it: none is empty, and they make 100."""
        low, high = (self.value - 1, self.value + 2) if self.low is None or self.high is None else (self.low, self.high)
        left = min(max(round(low), 1), 96)
        width = min(max(round(high) - left, 3), 99 - left)
        return left, width, 100 - left - width


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: its name, which leads somewhere, what is said of it, and a line below."""

    name: str
    url: str
    said: str = ""
    more: str = ""
    levels: Sequence[Level] = ()
    button: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a customer wrote, one line and inert; `low` is whether the rating was."""

    text: str
    said: str
    url: str
    low: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A card with a title."""

    title: str
    items: Sequence[Item] = ()
    quotes: Sequence[Quote] = ()
    below: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter. `over` is small above the title; `button` is a label and where it leads; `ends` is the small print.

    `preview` is what mail programs show behind the subject. `choose` and `stop` are labels and where they lead.
    """

    subject: str
    over: str
    title: str
    lines: Sequence[str] = ()
    button: tuple[str, str] | None = None
    parts: Sequence[Part] = ()
    ends: Sequence[str] = ()
    choose: tuple[str, str] | None = None
    stop: tuple[str, str] = ("", "")
    preview: str = field(default="")


@dataclass(frozen=True, slots=True)
class Links:
    """Where a letter's links lead: addresses of the service, and those that only this subscriber has."""

    base: str
    confirm: str
    stop: str
    choose: str

    def alert(self, number: int | None) -> str:
        return f"{self.base}/alerts/{number}"

    def touchpoint(self, key: str) -> str:
        return f"{self.base}/touchpoints/{key}"
