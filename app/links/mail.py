"""The rating as it stands in a mail: HTML that mail programs leave alone, and plain text. Pure.

Tables and inline styles, no image and no style sheet. It is drawn once per touchpoint and language; what differs
between recipients is only the address of their link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import escape

from app.pages.choices import ends, face, is_numbered, word
from app.pages.i18n import Messages, in_language, messages
from app.pages.render import ENVIRONMENT
from app.touchpoints.scales import Scale

_LINK = "\0link\0"


@dataclass(frozen=True, slots=True)
class Snippet:
    """The rating for a mail, but for the address of the recipient's link."""

    html: str
    text: str

    def to(self, url: str) -> "Snippet":
        """The snippet with the links of one recipient, whose page is at `url`."""
        return Snippet(self.html.replace(_LINK, str(escape(url))), self.text.replace(_LINK, url))


def snippet(question: Mapping[str, str], scale: Scale, language: str) -> Snippet:
    """The rating of a touchpoint with this question and scale."""
    return _drawn(in_language(question, language), scale, language)


@lru_cache(256)
def _drawn(question: str, scale: Scale, language: str) -> Snippet:
    t, words = messages("links", language), messages("customer", language)
    cells = [_cell(scale, rating, t, words) for rating in scale.ratings]
    wide = len(cells) if len(cells) <= 5 else -(-len(cells) // 2)  # more in one row are too narrow for a thumb
    outer = None if scale.worded else _explained(scale, t, words)
    html = ENVIRONMENT.get_template("mail_rating.html").render(
        link=_LINK,
        question=question,
        language=language,
        rows=[cells[start : start + wide] for start in range(0, len(cells), wide)],
        wide=wide,
        explained=outer,
        t=t,
    )
    explained = [question, t("mail_choose")] + ([outer] if outer else [])
    lines = [f"{cell['line']}\n   {_LINK}?s={cell['value']}" for cell in cells]
    return Snippet(html, "\n\n".join(explained + lines) + "\n")


def _explained(scale: Scale, t: Messages, words: Messages) -> str:
    low, high = ends(scale, words)
    return t("mail_ends", first=scale.low, low=low, last=scale.high, high=high)


def _cell(scale: Scale, rating: int, t: Messages, words: Messages) -> dict[str, Any]:
    """One button: what is drawn, the bold title (a number where people say one), the word beneath, the line of text."""
    said = word(scale, rating, words) if scale.worded else ""
    titled = bool(said) and not is_numbered(scale)
    broken = f"mail_{scale.labels.get(rating)}"  # where long words may break on a phone
    return {
        "value": rating,
        "face": face(scale, rating),
        "star": scale.look == "stars",
        "title": said if titled else str(rating),
        "word": "" if titled or not said else t(broken) if broken in t.entries else said,
        "line": said if titled else f"{rating}  {said}".rstrip(),
    }
