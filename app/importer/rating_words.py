"""Answers given in words, in four languages: families of words that are used together. Pure.

`rating_words.txt` has a family per paragraph: its scale and lowest rating, then the words of each rating from there up.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Family(NamedTuple):
    """Words that are used together, and the scale they make."""

    scale: str
    ratings: Mapping[str, int]


NOTHING = frozenset(
    ("", "-", "–", "n/a", "na", "n.a.", "none", "null", "nan", "no answer", "no response", "not answered", "skipped",
     "not rated", "no rating", "offered", "unoffered", "star_rating_unspecified", "keine angabe", "k. a.", "k.a.",
     "weiß nicht", "nicht beantwortet", "ingen", "ved ikke", "ikke besvaret", "brak", "brak odpowiedzi", "nie wiem",
     "not applicable", "don't know", "i don't know")
)  # fmt: skip


def folded(cell: str) -> str:
    """How a word is looked up: without the difference of case, blanks, and how an emoji is drawn."""
    return " ".join(cell.replace("\ufe0f", "").casefold().split()).strip(" .!")


def family_of(words: Iterable[str]) -> Family | None:
    """The first family that knows all the (folded) words; None when none does, or when there are no words."""
    wanted = set(words)
    return next((family for family in FAMILIES if wanted and wanted <= family.ratings.keys()), None)


def _family(block: str) -> Family:
    head, *levels = block.strip().splitlines()
    scale, low = head.split()
    return Family(scale, {folded(w): n for n, line in enumerate(levels, int(low)) for w in line.split("|")})


_TEXT = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
FAMILIES = tuple(_family(block) for block in _TEXT.split("\n\n"))
