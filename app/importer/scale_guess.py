"""Which scale the ratings of a column are on, from what is in it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.importer.rating_words import NOTHING, family_of, folded
from app.importer.ratings import Said, parse
from app.importer.sentence import Sentence

_NAMES = (
    (re.compile(r"\bnps\b|recommend|weiterempfehl|anbefale|polec", re.IGNORECASE), "nps", 10),
    (re.compile(r"\bces\b|effort|aufwand|mühe|indsats|wysił", re.IGNORECASE), "ces", 7),
    (re.compile(r"smil|happy", re.IGNORECASE), "smiley", 4),
    (re.compile(r"csat|satisf|zufrieden|tilfreds|zadowol", re.IGNORECASE), "csat", 5),
    (re.compile(r"star|stern|stjern|gwiazd", re.IGNORECASE), "stars", 5),
)
_BY_HIGH = {4: "smiley", 5: "stars", 7: "ces", 10: "nps"}


@dataclass(frozen=True, slots=True)
class Guess:
    """`scale` is None when it is not clear, and `why` says so; `words` are those to be mapped, `unknown` the others."""

    scale: str | None
    why: Sentence
    words: dict[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    rescale: str | None = None


def guess(cells: Iterable[str], name: str, hint: str = "") -> Guess:
    """The scale of a column called `name` with these different cells; `hint` is what ratings above 7 are here."""
    said = {cell: parse(cell) for cell in cells if folded(cell) not in NOTHING}
    words = [folded(cell) for cell, number in said.items() if number is None]
    numbers = [number for number in said.values() if number is not None]
    family = family_of(words)
    if family and not numbers:
        return Guess(family.scale, Sentence("why.words", "its words"), {word: family.ratings[word] for word in words})
    unknown = tuple(sorted(set(words)))
    if not numbers:
        return Guess(None, Sentence("why.nothing", "there is no rating in it"), unknown=unknown)
    above = hint if max(said.value for said in numbers) > 7 else ""
    return _of_numbers(numbers, f"{name} {above}", unknown)


def _of_numbers(numbers: list[Said], name: str, unknown: tuple[str, ...]) -> Guess:
    tops = {said.of for said in numbers if said.of}
    low, high = min(said.value for said in numbers), max(said.value for said in numbers)
    if tops == {100}:
        if all(said.value % 20 == 0 and said.value >= 20 for said in numbers):
            why = Sentence("why.percent_stars", "percentages that are whole stars")
            return Guess("stars", why, unknown=unknown, rescale="100:5")
        text = "these are percentages: say --rescale 100:5, and which --scale"
        return Guess(None, Sentence("why.percent", text), unknown=unknown)
    top = min(tops) if len(tops) == 1 else None
    named = next((scale for shape, scale, most in _NAMES if shape.search(name) and high <= most), None)
    scale, why = _clear(low, high, top, named)
    return Guess(scale, why, unknown=unknown)


def _clear(low: float, high: float, top: int | None, named: str | None) -> tuple[str | None, Sentence]:
    if top in (4, 5, 7):
        scale = "csat" if top == 5 and named == "csat" else _BY_HIGH[top]
        return scale, Sentence("why.top", "it says of {top}", top=top)
    if low < 0 or high > 10:
        return None, _spread("no_scale", ", which no scale here has", low, high)
    if low == 0 and high == 1:
        return "thumbs", _spread("spread", "", low, high)
    if named == "nps":
        return "nps", _spread("named", ", and the column is named so", low, high)
    if low == 0 and high > 7:
        return "nps", _spread("spread", "", low, high)
    if low >= 1 and 7 < high <= 10:
        what = ": points10, unless it is NPS (nps, which begins at 0), or --rescale 10:5"
        return None, _spread("ten", what, low, high)
    if low >= 1 and high == 5:
        return ("csat" if named == "csat" else "stars"), _spread("spread", "", low, high)
    if low >= 1 and named and high <= {"stars": 5, "csat": 5, "smiley": 4, "ces": 7}[named]:
        return named, _spread("named", ", and the column is named so", low, high)
    return None, _spread("several", ", which fits more than one scale", low, high)


def _spread(code: str, what: str, low: float, high: float) -> Sentence:
    return Sentence(f"why.{code}", "the ratings go from {low:g} to {high:g}" + what, low=low, high=high)
