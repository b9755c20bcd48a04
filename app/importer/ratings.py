"""A rating, as files of many makers write it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor

from app.importer.rating_words import NOTHING, folded
from app.importer.row import FileError, RowError
from app.importer.sentence import Sentence

LOW = {1: 0, 10: 0}  # the lowest rating of a scale by its highest one, where that is not 1: thumbs and nps
_WHOLE = re.compile(r"([+-]?\d{1,9})(?:[.,]0*)?")
_NUMBER = re.compile(r"[+-]?\d{1,4}(?:[.,]\d+)?")
_OF = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*(?:/|out of|of|von|af|ud af|na|z|na)\s*(\d{1,3})(?!\d)\D*", re.IGNORECASE)
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")
_LED = re.compile(r"(\d{1,2})\s*(?:[-–—:=.)(|]\s*)?[^\d\s.,/%:()–—=|-][^\d]*")  # "5 - Sehr zufrieden", "5 stars"
_CLOSED = re.compile(r"[^\d]*[^\d\s][^\d]*?[-–—:=(\s]\s*(\d{1,2})\s*\)?")  # "Very satisfied (5)"
_FULL, _EMPTY = "★⭐✭🌟✮✦*", "☆✩✰⚝"


@dataclass(frozen=True, slots=True)
class Said:
    """What a cell says: a number, and the highest one that was possible where it says that too."""

    value: float
    of: int | None = None


@dataclass(frozen=True, slots=True)
class Ratings:
    """How cells become ratings: words (folded) by their rating, and the highest rating of the file and of ours."""

    words: Mapping[str, int] = field(default_factory=dict)
    rescale: tuple[int, int] | None = None

    def read(self, cell: str) -> tuple[int | None, int | None]:
        """The rating (None: no answer), and the highest possible one where the cell says it; RowError if it is none."""
        word = folded(cell)
        if word in self.words:
            return self.words[word], None
        if word in NOTHING:
            return None, None
        said, shown = parse(cell), cell.strip()[:40]
        if said is None:
            text = 'rating: {text!r} is not a whole number (--map "{word}=5" says what it is)'
            raise RowError(Sentence("row.no_rating", text, text=shown, word=word[:40]))
        if self.rescale:
            return rescaled(said, self.rescale), None
        if said.of == 100:
            text = "rating: {text!r} is a percentage (--rescale 100:5 makes five stars of it)"
            raise RowError(Sentence("row.percentage", text, text=shown))
        if said.value != int(said.value):
            text, near = (
                "rating: {text!r} is not a whole number (--map {word}={near} says what it ",
                floor(said.value + 0.5),
            )
            text += "becomes, --rescale 5:5 rounds all)"
            raise RowError(Sentence("row.fraction", text, text=shown, word=word, near=near))
        return int(said.value), said.of


@lru_cache(4096)
def whole(cell: str) -> int | None:
    """A rating: "5", "5.0" and "5,0" are 5, "" is none; RowError for what is not a whole number."""
    text = cell.strip()
    if not text:
        return None
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise RowError(Sentence("row.no_whole", "rating: {text!r} is not a whole number", text=text[:40]))
    return int(found[1])


def parse(cell: str) -> Said | None:
    """The number that a cell says, with digits or drawn; None for words."""
    text = " ".join(cell.replace("\ufe0f", "").split())
    if found := _WHOLE.fullmatch(text):
        return Said(int(found[1]))
    if _NUMBER.fullmatch(text):
        return Said(float(text.replace(",", ".")))
    if found := _OF.fullmatch(text):
        return Said(float(found[1].replace(",", ".")), int(found[2]))
    if found := _PERCENT.fullmatch(text):
        return Said(float(found[1].replace(",", ".")), 100)
    if found := _LED.fullmatch(text) or _CLOSED.fullmatch(text):
        return Said(int(found[1]))
    return _drawn(text.replace(" ", ""))


def _drawn(text: str) -> Said | None:
    full, empty = sum(map(text.count, _FULL)), sum(map(text.count, _EMPTY))
    if not text or full + empty != len(text):
        return None
    return Said(full, full + empty if empty else None)


def rescaled(said: Said, scale: tuple[int, int]) -> int:
    """The rating on a scale with another highest one, in proportion, halves up; RowError if it was above the first."""
    high, to = scale
    if said.of not in (None, high) or not 0 <= said.value <= high:
        shown = f"{said.value:g} of {said.of}" if said.of else f"{said.value:g}"
        text = "rating: {text} is not on a scale up to {high}"
        raise RowError(Sentence("row.beyond", text, text=shown, high=high))
    return max(LOW.get(to, 1), floor(said.value * to / high + 0.5))


def read_rescale(text: str) -> tuple[int, int]:
    """`10:5` as numbers; FileError for what is none."""
    found = re.fullmatch(r"(\d{1,3}):(\d{1,2})", text.strip())
    if found is None or not (1 <= int(found[1]) <= 100 and int(found[2]) in (1, 4, 5, 7, 10)):
        raise FileError("--rescale is said as FROM:TO, the highest ratings, such as 10:5; TO is 1, 4, 5, 7 or 10.")
    return int(found[1]), int(found[2])


def scale_up_to(high: int) -> str:
    """The scale with this highest rating, stars for the two that have five."""
    return {1: "thumbs", 4: "smiley", 7: "ces", 10: "nps"}.get(high, "stars")


def lost(scale: tuple[int, int], low: int = 1) -> str:
    """What becomes one when the scale is changed: "1, 2 become 1; 3, 4 become 2"."""
    high, to = scale
    if high > 20:
        return f"0 to {high} becomes {LOW.get(to, 1)} to {to}, in steps of {high / to:g}"
    become: dict[int, list[str]] = {}
    for value in range(low, high + 1):
        become.setdefault(rescaled(Said(value), scale), []).append(str(value))
    return "; ".join(f"{', '.join(was)} become{'s' * (len(was) == 1)} {now}" for now, was in become.items())


def read_map(pairs: Mapping[str, int] | list[str]) -> dict[str, int]:
    """`["Very satisfied=5"]` as words and ratings; FileError for what says no whole number."""
    if isinstance(pairs, Mapping):
        return {folded(word): rating for word, rating in pairs.items()}
    found = {}
    for pair in pairs:
        word, _, rating = pair.rpartition("=")
        if not word or not re.fullmatch(r"\s*-?\d{1,2}\s*", rating):
            raise FileError(f"--map {pair!r} says no rating; write it as WORD=5.")
        found[folded(word)] = int(rating)
    return found
