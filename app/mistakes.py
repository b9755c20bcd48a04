"""What is wrong with a value and how to mend it: our own sentences for each kind of mistake that pydantic finds. Pure.

A rule of our own says both in one sentence, parted by a semicolon: "looks like an e-mail address; send a hash of it".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_TIME = ("is not a time", "Write a time with its offset, such as 2026-01-31T12:00:00Z.")
_DATE = ("is not a date", "Write a date, such as 2026-01-31.")
_TIME_OR_DATE = ("is neither a time nor a date", "Write 2026-01-31T12:00:00Z, or 2026-01-31 for a whole day.")
_PLAIN = ("is no plain value", "Send a text, a number, true, false or null.")
_WHOLE = ("should be a valid integer, which has no fraction and no quotes", "Send a whole number.")
_NUMBER = ("is no number", "Send a number without quotes.")
_OBJECT = ("is no object", "Send an object, in braces.")
_UUID = ("is not a UUID", "Make one with your language's UUID library.")
_TRUTH = ("is neither true nor false", "Send true or false.")
_OTHER = ("cannot be used", "Look at its schema under /docs.")
# By the beginning of pydantic's name for it; the first that fits.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "Add this field."),
    "extra_forbidden": ("is not known here", "Remove this field."),
    "json": ("is not valid JSON", "Send valid JSON."),
    "string_type": ("is no text", "Send a text, in quotes."),
    "string_too_short": ("has fewer than {min_length} characters", "Write something, or leave the field out."),
    "string_too_long": ("has more than {max_length} characters", "Shorten it."),
    "string_pattern": ("does not have the form it needs", "It has to match {pattern}"),
    "string": ("is not text in UTF-8", "Send UTF-8."),
    "int": _WHOLE,
    "float": _NUMBER,
    "finite": ("is not a finite number", "Send a finite number."),
    "bool": _TRUTH,
    "greater_than_equal": ("is less than {ge}", "Send {ge} or more."),
    "less_than_equal": ("is more than {le}", "Send {le} or less."),
    "literal_error": ("is none of {expected}", "Send one of {expected}."),
    "list": ("is no list", "Send a list, in brackets."),
    "too_long": ("has more than {max_length} items", "Send fewer items."),
    "too_short": ("has fewer than {min_length} items", "Send at least {min_length}."),
    "dict": _OBJECT,
    "model": _OBJECT,
    "uuid": _UUID,
    "timezone": ("has no offset", "Add the offset, such as 2026-01-31T12:00:00Z."),
    "datetime": _TIME,
    "date": _DATE,
}
# pydantic names the branch of a union at the end of a place; no field of ours is called so.
_BRANCH = re.compile(
    r"(function-|constrained-|union|tagged-).*|str|int|float|bool|date|datetime|none|dict\[.*|list\[.*"
)


def said(errors: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """pydantic's errors as (place, what is wrong, how to mend it), one for each place, at most twenty."""
    by_place: dict[str, list[Mapping[str, Any]]] = {}
    for error in errors:
        by_place.setdefault(_place(error["loc"]), []).append(error)
    return [(place, *_sentence(found)) for place, found in list(by_place.items())[:20]]


def _place(loc: Sequence[Any]) -> str:
    parts = [str(part) for part in loc]
    while len(parts) > 1 and _BRANCH.fullmatch(parts[-1]):
        parts.pop()
    return ".".join(parts)


def _sentence(errors: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What is wrong at one place, where each branch of a union may have an error of its own."""
    telling = [error for error in errors if not error["type"].endswith(("_type", "_parsing"))] or errors
    if len(telling) == 1:
        return _one(telling[0])
    return _TIME_OR_DATE if all(error["type"].startswith("date") for error in telling) else _PLAIN


def _one(error: Mapping[str, Any]) -> tuple[str, str]:
    if error["type"] == "value_error":
        message, _, mend = error["msg"].removeprefix("Value error, ").partition("; ")
        return message, f"{mend[:1].upper()}{mend[1:]}." if mend else _OTHER[1]
    message, mend = next((both for name, both in _SENTENCES.items() if error["type"].startswith(name)), _OTHER)
    values = error.get("ctx") or {}
    return message.format(**values), mend.format(**values)
