"""How an answer stands in the cells of a CSV file, and back again. Pure.

A spreadsheet runs a cell that begins like a formula. What is one cell to us is several to a spreadsheet that parts them
elsewhere: at `;` in half of Europe, at tabs, at a line end when it does not know our quotes. So an apostrophe goes
wherever a cell could begin with a formula, behind blanks and quotes too. `unmark(mark(x))` is x for every text.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic_core import to_json

COLUMNS = (
    "id", "touchpoint", "rating", "comment", "reasons", "source", "occurred_at", "received_at", "flags", "locale",
    "respondent", "context", "claimed_at", "scale",
)  # fmt: skip
_TELLING = frozenset(COLUMNS[:9])  # an export of before has fewer, one of a later version more
DELIMITERS = ",;\t|"
_FORMULA = "[=+\\-@\0＝＋－＠]"
_BEGINS = rf"(?:\A|(?<=[{re.escape(DELIMITERS)}\r\n]))"
_RUN = rf"(?=[ \u00a0'\"]*{_FORMULA})"
_BLANK = r"(?='*[\t\r\n\0])"  # at the very beginning these are as bad
_MARK = re.compile(rf"\A{_BLANK}|{_BEGINS}{_RUN}")
_MARKED = re.compile(rf"\A'{_BLANK}|{_BEGINS}'{_RUN}")


def is_export(names: Iterable[str]) -> bool:
    """Whether a file with these columns is an export of ours."""
    return _TELLING.issubset(names)


def mark(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could take what follows for a formula."""
    return _MARK.sub("'", text)


def unmark(cell: str) -> str:
    """The text that `mark` made this cell of."""
    return _MARKED.sub("", cell) if "'" in cell else cell


def text(value: Any) -> str:
    """A value of an answer as text: nothing is empty, words are parted by spaces."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return " ".join(value)
    return to_json(value).decode() if isinstance(value, dict) else str(value)
