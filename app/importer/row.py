"""A row of a file, and what can be wrong with it. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.importer.sentence import Said


class RowError(Said):
    """A row that cannot be taken; the message says why, for people. `content` are its cells, where they are known."""

    def __init__(self, message: str, content: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.content = content


class LeftOut(Said):
    """A row that is not wanted; the message says why."""

    content = ()


class FileError(Said):
    """A file that cannot be read as a whole."""


class Row(NamedTuple):
    """The wanted cells in order ("" for a column not wanted or a key missing), and what the whole row consists of."""

    cells: tuple[str, ...]
    content: Sequence[str]


Rows = Iterator[tuple[int, Row | RowError | LeftOut]]  # with the number of the line each begins on
