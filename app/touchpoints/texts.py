"""Texts that a company writes: a line, and a line by language. Pure."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from app.sanitize import PLAIN, plain_text
from app.touchpoints.catalogue import LANGUAGES

# A language of BCP 47, perhaps with a script, a region or variants: de, de-AT, zh-Hant-TW.
TAG = r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3})){0,2}$"
LANGUAGES_MOST = 40


def _by_language(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


def tag(language: str) -> str:
    """A tag of BCP 47 as it is written: de-AT, zh-Hant-TW."""
    first, *rest = language.split("-")
    sized = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(sized.get(len(part), str.lower)(part) for part in rest)])


def _tagged(texts: dict[str, str]) -> dict[str, str]:
    found = {tag(language): text for language, text in texts.items()}
    if len(found) < len(texts):
        raise ValueError("has the same language twice; leave one of them out")
    return found


def texts_schema(least: int = 0) -> dict[str, Any]:
    """JSON Schema of a text, or of at least `least` texts by language."""
    line = {"type": "string", "minLength": 1, "maxLength": 300} | PLAIN
    by_language = {
        "type": "object",
        "properties": dict.fromkeys(LANGUAGES, line),
        "propertyNames": {"pattern": TAG},
        "additionalProperties": line,
        "maxProperties": LANGUAGES_MOST,
    }
    return {"anyOf": [line, by_language | {"minProperties": least}]}


Line = Annotated[str, Field(min_length=1, max_length=300, json_schema_extra=PLAIN), AfterValidator(plain_text)]
Language = Annotated[str, Field(pattern=TAG), AfterValidator(tag)]
Texts = Annotated[
    dict[Annotated[str, Field(pattern=TAG)], Line],
    Field(max_length=LANGUAGES_MOST),
    BeforeValidator(_by_language),
    AfterValidator(_tagged),
    WithJsonSchema(texts_schema()),
]
