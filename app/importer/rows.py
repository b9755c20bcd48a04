"""Rows out of a file, one at a time: CSV or NDJSON, gzipped or not. The file is never in memory as a whole."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, NamedTuple

from app.answers.cells import DELIMITERS, is_export, unmark


class RowError(Exception):
    """A row that cannot be taken; the message says why, for people."""


class LeftOut(Exception):
    """A row that is not wanted."""


class FileError(Exception):
    """A file that cannot be read as a whole."""


class Row(NamedTuple):
    """The wanted cells in order ("" for a column not wanted or a key missing), and what the whole row consists of."""

    cells: tuple[str, ...]
    content: Sequence[str]


Rows = Iterator[tuple[int, Row | RowError]]  # with the number of the line each begins on


class Table(NamedTuple):
    """An open file: the names of its columns (the keys of its first object), its rows by the names wanted, and how many
    of its bytes are read. Asking for the rows is a FileError when a CSV lacks a wanted column."""

    names: list[str]
    rows: Callable[[Sequence[str | None]], Rows]
    position: Callable[[], int]


@contextmanager
def open_table(path: Path, encoding: str) -> Iterator[Table]:
    """The file at `path` as a table; FileError when it cannot be read at all.

    Bytes that are not text in `encoding` stay as lone surrogates, which the answer's own check refuses with its line.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        plain: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        text = io.TextIOWrapper(plain, encoding=name, errors="surrogateescape", newline="")
        try:
            first = text.readline()
        except (EOFError, OSError) as error:
            raise FileError(f"The file cannot be read: {error}") from None
        names, rows = (_json if first.lstrip().startswith("{") else _csv)(chain([first], text), first)
        yield Table(names, rows, raw.tell)


def _csv(lines: Iterator[str], first: str) -> tuple[list[str], Callable[[Sequence[str | None]], Rows]]:
    reader = csv.reader(lines, delimiter=max(DELIMITERS, key=lambda d: len(next(csv.reader([first], delimiter=d), []))))
    header = [name.strip() for name in next(reader, [])]

    def rows(wanted: Sequence[str | None]) -> Rows:
        missing = [name for name in wanted if name is not None and name not in header]
        if missing:
            raise FileError(f"There is no column {missing[0]!r}. The columns are: {', '.join(header) or 'none'}.")
        pick = itemgetter(*(len(header) if name is None else header.index(name) for name in wanted))
        if not is_export(header):
            return _cells(reader, len(header), pick)
        return _cells(reader, len(header), lambda cells: tuple(map(unmark, pick(cells))))

    return header, rows


def _cells(reader: Any, width: int, pick: Callable[[list[str]], tuple[str, ...]]) -> Rows:
    """A row that spans lines (a comment with line ends) has the number of its first one."""
    line = reader.line_num + 1
    while True:
        try:
            for cells in reader:
                if len(cells) == width:
                    yield line, Row(pick([*cells, ""]), cells)
                elif cells:
                    yield line, RowError(f"has {len(cells)} cells where the header has {width}")
                line = reader.line_num + 1
            return
        except csv.Error as error:
            yield line, RowError(str(error))
            line = reader.line_num + 1
        except (EOFError, OSError) as error:
            yield line, _torn(error)
            return


def _torn(error: Exception) -> RowError:
    return RowError(f"the file cannot be read from here on: {error}")


def _json(lines: Iterator[str], first: str) -> tuple[list[str], Callable[[Sequence[str | None]], Rows]]:
    said = _object(first)
    return ([] if isinstance(said, RowError) else list(said)), lambda wanted: _json_rows(lines, wanted)


def _json_rows(lines: Iterable[str], wanted: Sequence[str | None]) -> Rows:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if content := line.strip():
                said = _object(content)
                yield number, said if isinstance(said, RowError) else Row(_picked(said, wanted), (content,))
    except (EOFError, OSError) as error:
        yield number + 1, _torn(error)


def _object(content: str) -> dict[str, Any] | RowError:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError) as error:
        return RowError(f"is not JSON: {error}")
    return said if isinstance(said, dict) else RowError("is not a JSON object")


def _picked(said: dict[str, Any], wanted: Sequence[str | None]) -> tuple[str, ...]:
    return tuple("" if name is None else _as_text(said.get(name)) for name in wanted)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(_as_text, value))
    return "" if value is None else json.dumps(value)
