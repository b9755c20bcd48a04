"""Messages: what customers read in one file per language, what managers read in one file per area.

    t = messages("customer", language_of(request))
    t("thanks")                         # "Vielen Dank"
    t("stars", n=3)                     # "3 Sterne": an entry with plural forms is chosen by `n`
    t.language                          # "de", for <html lang>

`messages/customers/<language>.json` holds the areas customer, links, kiosk and badge; a language needs nothing else.
`messages/<area>.json` holds an area of the dashboard in each of LANGUAGES. An entry is a text, or an object of the
plural forms (`one`, `few`, `many`, `other`) that Unicode's CLDR has for the language. Placeholders are those of
str.format. A missing id is a KeyError: tests hold that every language has every id, with the same placeholders.

A touchpoint's own texts may be in any language. Where the product has no words in it, those of a wider tag, else of
English, stand beside them.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from starlette.requests import Request

from app.touchpoints.catalogue import LANGUAGES

Entry = str | dict[str, str]
_FOLDER = files(__package__).joinpath("messages")
_CUSTOMERS = {
    file.name.removesuffix(".json"): json.loads(file.read_bytes()) for file in _FOLDER.joinpath("customers").iterdir()
}
_RTL_SCRIPTS = {"arab", "hebr", "syrc", "thaa", "nkoo", "adlm", "rohg", "mand", "samr"}
SPOKEN = (*LANGUAGES, *sorted(_CUSTOMERS.keys() - set(LANGUAGES)))
"""The languages that the product speaks with customers; LANGUAGES are those it speaks with managers too."""


@dataclass(frozen=True, slots=True)
class Messages:
    """The texts of one area for readers of `language`; the words are in `worded`, the nearest that there is."""

    language: str
    entries: Mapping[str, Entry]
    worded: str

    def __call__(self, message: str, **values: Any) -> str:
        entry = self.entries[message]
        text = entry if isinstance(entry, str) else entry[plural(self.worded, values["n"])]
        return text.format(**values)


@cache
def area(name: str) -> Mapping[str, Mapping[str, Entry]]:
    """The messages of an area by language."""
    if name in _CUSTOMERS[LANGUAGES[0]]:
        return {language: _CUSTOMERS[language][name] for language in SPOKEN}
    found: dict[str, dict[str, Entry]] = json.loads(_FOLDER.joinpath(f"{name}.json").read_bytes())
    return found


@lru_cache(1000)
def messages(name: str, language: str) -> Messages:
    """The messages of the area `name` for readers of `language`, any tag of BCP 47."""
    there = area(name)
    worded = next((tag for tag in _wider(language) if tag in there), LANGUAGES[0])
    return Messages(language, there[worded], worded)


def plural(language: str, n: int) -> str:
    """The plural form of a whole number, by the cardinal rules of Unicode's CLDR."""
    return str(locale(language).plural_form(n))


@lru_cache(200)
def locale(language: str) -> Locale:
    """What Unicode's CLDR knows of a language; what it knows of English when it knows nothing."""
    for tag in _wider(language[:35]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(LANGUAGES[0])


def direction(language: str) -> str:
    """`rtl` for a language that is written from right to left, else `ltr`: the attribute `dir`."""
    script = next((part for part in language.lower().split("-")[1:] if len(part) == 4 and part.isalpha()), None)
    if script:
        return "rtl" if script in _RTL_SCRIPTS else "ltr"
    return str(locale(language).text_direction)


def name_of(language: str) -> str:
    """What a language calls itself: Deutsch. The tag when nobody knows."""
    known = locale(language)
    if known.language != _primary(language):
        return language
    name = str(known.get_display_name(known))
    return name[:1].upper() + name[1:]


def territory(language: str) -> str:
    """The language with the country where most people speak it, as og:locale has it: de_DE."""
    if language == LANGUAGES[0]:
        return "en_GB"
    known = locale(language)
    if known.language != _primary(language):
        return language
    likely = str(get_global("likely_subtags").get(known.language, "")).rpartition("_")[2]
    return "_".join(filter(None, (known.language, known.territory or likely)))


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def language_of(
    request: Request,
    offered: Collection[str] = LANGUAGES,
    otherwise: str | None = LANGUAGES[0],
    mailed: str | None = None,
) -> str:
    """The language to answer in: `?lang`, that of the mail, then Accept-Language, then `otherwise` (see `best`).

    `offered` are the languages that a touchpoint's question has, `otherwise` is the touchpoint's own.
    """
    wanted = [request.query_params.get("lang", ""), mailed or ""]
    return best([*wanted, *_accepted(request.headers.get("accept-language", ""))], offered, otherwise)


def best(wanted: Collection[str], offered: Collection[str], otherwise: str | None = LANGUAGES[0]) -> str:
    """The first wanted language that is offered: `de-AT` is met by `de-AT`, else `de`, else `de-CH`.

    None of them is: `otherwise`, or the first of LANGUAGES that is offered, or the first that is.
    """
    by_tag = {tag.lower(): tag for tag in offered}
    for tag in wanted:
        wider = [one.lower() for one in _wider(tag[:35].lower().replace("_", "-"))]
        if found := next((by_tag[one] for one in wider if one in by_tag), None):
            return found
        if found := next((by_tag[one] for one in by_tag if wider and one.startswith(f"{_primary(tag)}-")), None):
            return found
    return next((tag for tag in (otherwise, *LANGUAGES, *offered) if tag and tag in offered), LANGUAGES[0])


def _wider(language: str) -> list[str]:
    """The tag, and what is left while its last part goes: zh-Hant-TW, zh-Hant, zh (RFC 4647, lookup).

    What names no script is read in that of its region: zh-TW, zh-Hant, zh.
    """
    found = []
    while language:
        found.append(language)
        language = language.rpartition("-")[0]
    if found and (script := _script(found[0])):
        found.insert(max(1, len(found) - 1), f"{found[-1]}-{script}")
    return found


def _script(language: str) -> str | None:
    """The script of a tag that names none, as CLDR knows it; None when nobody knows."""
    first, *rest = language.split("-")
    if rest and len(rest[0]) == 4:
        return None
    likely = get_global("likely_subtags")
    known = likely.get("_".join([first, *(part.upper() for part in rest[:1])])) or likely.get(first)
    return known.split("_")[1] if known else None


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first."""
    weighed = []
    for part in header.split(",")[:20]:
        tag, _, quality = "".join(part.split()).partition(";q=")
        try:
            weighed.append((float(quality or 1), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def in_language(by_language: Mapping[str, str], language: str, otherwise: str | None = None) -> str:
    """A text of one's own in a language or a wider one, else in `otherwise`, in English, or in the first it has.

    Empty when it has none.
    """
    for tag in (*_wider(language), otherwise, LANGUAGES[0]):
        if tag and (found := by_language.get(tag)):
            return found
    return next(iter(by_language.values()), "")
