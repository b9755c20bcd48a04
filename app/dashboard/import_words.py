"""What the importer says, in the reader's language. Pure."""

from collections.abc import Mapping
from typing import Any

from app.dashboard.localized import Localized
from app.importer.encodings import named
from app.importer.layout import Layout
from app.sanitize import xml_text

_SCALES = ("scale", "scales", "there", "wanted")  # values that are scales' keys
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
SHORT = 200


def said_in_words(t: Localized, told: Mapping[str, Any]) -> str:
    """A sentence by its code (see importer/sentence.py)."""
    values = {name: _value(t, name, value) for name, value in told["values"].items()}
    key = f"import.{told['code']}"
    return str(t(key, **values) if t.has(key) else t("import.other", text=" ".join(map(str, values.values()))))


def shown(text: object) -> str:
    """A foreign text as a page can hold it."""
    return xml_text(str(text))[:SHORT]


def layout_in(t: Localized, found: Mapping[str, Any]) -> str:
    """How the table lies in its file."""
    layout = Layout(**found["layout"])
    delimiter = t(f"import.delimiter.{_DELIMITERS.get(layout.delimiter, 'other')}")
    return str(t(f"import.kind.{layout.kind}", encoding=named(layout.encoding), delimiter=delimiter))


def _value(t: Localized, name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return said_in_words(t, value)
    if isinstance(value, int | float):
        return t.number(value, 0 if value == int(value) else 1)
    if name in _SCALES:
        return ", ".join(shown(t.named("scale", key)) for key in str(value).split(", "))
    return shown(value)
