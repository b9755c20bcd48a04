"""The rating as it stands in a mail: HTML that mail programs leave alone, and plain text. Pure.

Tables and inline styles, no image and no style sheet. It is drawn once per touchpoint and language; what differs
between recipients is only the address of their link.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markupsafe import escape

from app.pages.choices import FACES, ends, word
from app.pages.i18n import Messages, in_language, messages
from app.pages.render import ENVIRONMENT
from app.touchpoints.scales import SCALES

_LINK = "\0link\0"
PER_ROW = {"nps": 6, "ces": 4}  # eleven cells in one row are too narrow for a thumb on a phone


@dataclass(frozen=True, slots=True)
class Snippet:
    """The rating for a mail, but for the address of the recipient's link."""

    html: str
    text: str

    def to(self, url: str) -> "Snippet":
        """The snippet with the links of one recipient, whose page is at `url`."""
        return Snippet(self.html.replace(_LINK, str(escape(url))), self.text.replace(_LINK, url))


def snippet(question: Mapping[str, str], scale: str, language: str) -> Snippet:
    """The rating of a touchpoint with this question and scale."""
    return _drawn(in_language(question, language), scale, language)


@lru_cache(256)
def _drawn(question: str, scale: str, language: str) -> Snippet:
    t, words = messages("links", language), messages("customer", language)
    cells = [_cell(scale, rating, t, words) for rating in SCALES[scale].ratings]
    wide = PER_ROW.get(scale, len(cells))
    outer = ends(scale, words) if scale == "nps" else None
    html = ENVIRONMENT.get_template("mail_rating.html").render(
        link=_LINK,
        question=question,
        language=language,
        rows=[cells[start : start + wide] for start in range(0, len(cells), wide)],
        wide=wide,
        ends=outer,
        t=t,
    )
    explained = [question, t("mail_choose")] + ([t("mail_ends", low=outer[0], high=outer[1])] if outer else [])
    lines = [f"{cell['line']}\n   {_LINK}?s={cell['value']}" for cell in cells]
    return Snippet(html, "\n\n".join(explained + lines) + "\n")


def _cell(scale: str, rating: int, t: Messages, words: Messages) -> dict[str, Any]:
    """One button: what is drawn, the bold title (a number where people say one), the word beneath, the line of text."""
    said = "" if scale == "nps" else word(scale, rating, words)
    worded = scale in ("smiley", "thumbs")
    broken = t(f"mail_{scale}_{rating}") if scale in ("csat", "stars", "ces") else said  # long words on a phone
    return {
        "value": rating,
        "face": FACES[scale][rating - 1] if scale in FACES else None,
        "star": scale == "stars",
        "title": said if worded else str(rating),
        "word": "" if worded else broken,
        "line": said if worded else f"{rating}  {said}".rstrip(),
    }
