"""From an answer's context to the segment it is counted under. Pure."""

import json
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from app.sanitize import cleaned

NONE, OTHER = "none", "other"
VALUE_MAX = 80
# Controls of direction: in a list a value would turn what stands beside it.
_DIRECTION = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


class Said(Protocol):
    """What a segment asks of an answer."""

    context: dict[str, Any] | None
    locale: str | None
    device_id: int | None


def reader(key: str) -> Callable[[Said], str]:
    """Tells the value of `key` under which an answer is counted: `none` without one."""
    if key == "locale":
        return lambda answer: value_of(answer.locale)
    if key == "device":
        return lambda answer: value_of(answer.device_id)

    def in_context(answer: Said) -> str:
        said = answer.context.get(key) if answer.context else None
        return _text(said) if type(said) is str else value_of(said)

    return in_context


def value_of(said: Any) -> str:
    """A value of a context as the name of a segment."""
    if isinstance(said, str):
        return _text(said)
    if isinstance(said, bool | float):
        whole = isinstance(said, float) and said.is_integer()
        return str(int(said)) if whole else json.dumps(said)
    return NONE if said is None else str(said)[:VALUE_MAX]


@lru_cache(8192)  # the same few values come again and again
def _text(said: str) -> str:
    if not said.isascii():
        said = unicodedata.normalize("NFC", said).translate(_DIRECTION)
    return " ".join(cleaned(said).split())[:VALUE_MAX].rstrip() or NONE
