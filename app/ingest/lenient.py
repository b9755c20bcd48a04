"""Keeps an answer whose side notes cannot be used: they are cut, cleaned or left out, and `warnings` say so. Pure.

A side note is what goes with a rating and a comment: context, reasons, locale and, from somebody without a key, the
respondent, a time and fields that are not known here. The rating and the comment's length are no side notes.
"""

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

import pydantic
from pydantic_core import from_json

from app import mistakes
from app.errors import Code, Place, Problem, invalid
from app.ingest.schemas import (
    CONTEXT_ENTRIES,
    CONTEXT_MAX,
    LOCALE,
    NAME_MAX,
    TEXT_MAX,
    AnswerIn,
    context_size,
    fits_a_double,
)
from app.sanitize import cleaned

Said = TypeVar("Said", bound=AnswerIn)
# A key's program is told at once when it names a field wrongly or sends an address in clear; a customer cannot mend it.
OF_ANYBODY = frozenset({"context", "locale", "reasons"})
OF_A_PERSON = OF_ANYBODY | {"respondent", "occurred_at", "secret"}
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_LANGUAGE = re.compile(LOCALE.removesuffix("$") + r"(?![A-Za-z0-9])")


def read(raw: Any, model: type[Said], warnings: list[Place], *, person: bool, root: str = "body") -> Said:
    """What `raw` (JSON as bytes, or what was read from it) says as a `model`; what had to give way is in `warnings`.

    Problem malformed_body for what is no JSON, invalid_request for what is wrong with more than a side note.
    """
    said = _parsed(raw, root, warnings if person else None) if isinstance(raw, bytes) else raw
    if not _is_json(said):
        place = Place(place=root, message="has a number that JSON does not have", mend="Send a finite number or null.")
        raise Problem(Code.MALFORMED_BODY, "NaN, Infinity and numbers beyond a double are no JSON.", errors=[place])
    if isinstance(said, dict):
        said = said | {
            name: clean(said[name], f"{root}.{name}", warnings) for name, clean in _CLEAN.items() if name in said
        }
    try:
        return model.model_validate(said)
    except pydantic.ValidationError as error:
        if not (dropped := _dropped(error, person)):
            raise invalid(error, root) from None
        for name, why in dropped.items():
            warnings.append(_warning(f"{root}.{name}", f"was left out: it {why}"))
        return _strict({name: value for name, value in said.items() if name not in dropped}, model, root)


def _strict(said: Any, model: type[Said], root: str) -> Said:
    try:
        return model.model_validate(said)
    except pydantic.ValidationError as error:
        raise invalid(error, root) from None


def _parsed(body: bytes, root: str, warnings: list[Place] | None) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        if warnings is not None and (whole := _without_halves(body)) is not None:
            warnings.append(_warning(root, "had halves of characters, which became question marks"))
            return _parsed(whole, root, None)
        place = Place(place=root, message="is not valid JSON", mend="Send valid JSON.")
        raise Problem(Code.MALFORMED_BODY, "The body is not valid JSON.", errors=[place]) from None


def _without_halves(body: bytes) -> bytes | None:
    """The body without half surrogate pairs: a script that cuts a text may cut an emoji in two. None without any."""
    if not _HALF.search(body):
        return None
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def _is_json(value: Any) -> bool:
    """Whether no number in here is infinite, none at all, or larger than a double."""
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return fits_a_double(value) if isinstance(value, int | float) else True


def _dropped(error: pydantic.ValidationError, person: bool) -> dict[str, str]:
    """The side notes that are to blame and why; empty when something else is wrong too."""
    found: dict[str, str] = {}
    for each in error.errors(include_url=False, include_input=False):
        name = str(each["loc"][0]) if each["loc"] else ""
        unknown = person and each["type"] == "extra_forbidden"
        if not unknown and name not in (OF_A_PERSON if person else OF_ANYBODY):
            return {}
        ((_, why, _),) = mistakes.said([each])
        found.setdefault(name, why)
    return found


def _warning(place: str, message: str) -> Place:
    return Place(place=place, message=message, mend=None)


def _comment(value: Any, place: str, warnings: list[Place]) -> Any:
    if not isinstance(value, str) or (text := cleaned(value)) == value:
        return value
    warnings.append(_warning(place, "had control characters, which were taken out"))
    return text


def _locale(value: Any, place: str, warnings: list[Place]) -> Any:
    """`en_US.UTF-8`, `de_DE@currency=EUR` and `da-DK,da;q=0.9` begin with a locale; `C` and `POSIX` are none."""
    found = _LANGUAGE.match(value) if isinstance(value, str) else None
    if value is None or (found and found[0] == value):
        return value
    warnings.append(_warning(place, f"was read as {found[0]}" if found else "was left out: it names no language"))
    return found[0] if found else None


def _context(value: Any, place: str, warnings: list[Place]) -> Any:
    """As many plain values as fit. The shortest come first: a flag or a branch's name before a long address."""
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, said in sorted(value.items(), key=lambda item: len(str(item[1]))):
        short = cleaned(name)[:NAME_MAX]
        text = cleaned(said)[:TEXT_MAX] if isinstance(said, str) else said
        if isinstance(said, dict | list):
            warnings.append(_warning(f"{place}.{short}", "was left out: only plain values are kept"))
        elif len(kept) == CONTEXT_ENTRIES or context_size(kept | {short: text}) > CONTEXT_MAX:
            warnings.append(_warning(f"{place}.{short}", "was left out: the context was too large"))
        else:
            kept[short] = text
            if (short, text) != (name, said):
                warnings.append(_warning(f"{place}.{short}", "was cut or cleaned of control characters"))
    return kept


_CLEAN: dict[str, Callable[[Any, str, list[Place]], Any]] = {
    "comment": _comment,
    "locale": _locale,
    "context": _context,
}
