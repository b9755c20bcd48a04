"""Messages in English, German, Danish and Polish: one JSON file per area in `messages/`, each with all four.

    t = messages("customer", language_of(request))
    t("thanks")                         # "Vielen Dank"
    t("stars", n=3)                     # "3 Sterne": an entry with plural forms is chosen by `n`
    t.language                          # "de", for <html lang>

An entry is a text, or an object of plural forms (`one`, `few`, `many`, `other`) as the language needs them.
Placeholders are those of str.format. A missing id is a KeyError: tests hold that every language has every id, with the
same placeholders.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request

from app.touchpoints.catalogue import LANGUAGES

Entry = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Messages:
    """The texts of one area in one language."""

    language: str
    entries: Mapping[str, Entry]

    def __call__(self, message: str, **values: Any) -> str:
        entry = self.entries[message]
        text = entry if isinstance(entry, str) else entry[plural(self.language, values["n"])]
        return text.format(**values)


@cache
def area(name: str) -> Mapping[str, Mapping[str, Entry]]:
    """The messages of an area by language."""
    found: dict[str, dict[str, Entry]] = json.loads(
        files(__package__).joinpath("messages", f"{name}.json").read_bytes()
    )
    return found


def messages(name: str, language: str) -> Messages:
    """The messages of the area `name` in `language`, one of LANGUAGES."""
    return Messages(language, area(name)[language])


def plural(language: str, n: int) -> str:
    """The plural form of a whole number (Unicode CLDR, cardinal rules of en, de, da and pl)."""
    if n == 1:
        return "one"
    if language != "pl":
        return "other"
    return "few" if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else "many"


def language_of(request: Request, offered: Collection[str] = LANGUAGES) -> str:
    """The language to answer in: `?lang`, then Accept-Language, then the first that is offered.

    `offered` are the languages that a touchpoint's question has: a page is never half in one and half in another.
    """
    return best([request.query_params.get("lang", ""), *_accepted(request.headers.get("accept-language", ""))], offered)


def best(wanted: Collection[str], offered: Collection[str]) -> str:
    """The first wanted language that is offered (`de-AT` is met by `de`), or the first of LANGUAGES that is."""
    for tag in wanted:
        language = tag.lower().replace("_", "-").partition("-")[0]
        if language in offered and language in LANGUAGES:
            return language
    return next((language for language in LANGUAGES if language in offered), LANGUAGES[0])


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    weighed = []
    for part in header.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weighed.append((float(quality or 1), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def in_language(by_language: Mapping[str, str], language: str) -> str:
    """A touchpoint's own text in a language, or in the first it has; empty when it has none."""
    found = by_language.get(language) or by_language.get(LANGUAGES[0])
    return found or next(iter(by_language.values()), "")
