"""A sentence for the terminal that a page can say in its reader's language. Pure."""

from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """English text, with the code and the values by which pages say the same (app/pages/messages/import.json).

    A value is a number, a text, or another sentence.
    """

    __slots__ = ("code", "values")

    code: str
    values: Mapping[str, Any]

    def __new__(cls, code: str, text: str, /, **values: Any) -> "Sentence":
        made = super().__new__(cls, text.format(**values) if values else text)
        made.code, made.values = code, values
        return made

    @property
    def told(self) -> dict[str, Any]:
        """As JSON: the code, and the values by their names."""
        values = {name: value.told if isinstance(value, Sentence) else value for name, value in self.values.items()}
        return {"code": self.code, "values": values}


class Said(Exception):
    """An error whose message is a sentence."""

    @property
    def said(self) -> Sentence:
        """The message; one without a code is said as it is."""
        message = self.args[0]
        return message if isinstance(message, Sentence) else Sentence("other", "{text}", text=str(message))
