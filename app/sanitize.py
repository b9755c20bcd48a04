"""Cleaning of foreign text: control characters, what XML and terminals cannot take."""

import unicodedata
from typing import Any

PLAIN: dict[str, Any] = {"pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"}  # `plain_text`, as JSON Schema


def plain_text(value: str) -> str:
    """Refuse control characters but tab and line ends: no customer types them, and terminals obey them."""
    if not value.isprintable():
        for place, character in enumerate(value):
            if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r":
                raise ValueError(f"has the control character U+{ord(character):04X} at position {place}; take it out")
    return value


_NOT_XML = {
    number: "\ufffd" for number in (*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF) if chr(number) not in "\t\n\r"
}


def xml_text(value: str) -> str:
    """What XML 1.0 can hold (its production 2, Char): a document with any other character in it is not shown at all."""
    return value.translate(_NOT_XML)


_LINE_ENDS = str.maketrans(dict.fromkeys("\x0b\x0c\x85", "\n"))


def cleaned(value: str) -> str:
    """The text as `plain_text` takes it: what word processors end lines and pages with is a line end, the rest goes."""
    if value.isprintable():
        return value
    kept = (c for c in value.translate(_LINE_ENDS) if c in "\t\n\r" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept)


def terminal_text(value: str) -> str:
    """Foreign text for a terminal, which obeys control characters: they are written as escapes."""
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() or c in "\t\n" else c.encode("unicode_escape").decode() for c in value)
