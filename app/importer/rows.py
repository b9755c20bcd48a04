"""Rows out of a file, one at a time: CSV, NDJSON, JSON or a workbook. The file is never in memory as a whole."""

import csv
import gc
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from app.answers.cells import is_export, unmark
from app.importer import documents, encodings, workbooks
from app.importer.layout import JSON, NDJSON, XLSX, Layout, names_of, of_text
from app.importer.packed import Unpacked, unpacked
from app.importer.row import FileError, LeftOut, Row, RowError, Rows
from app.importer.sentence import Sentence

CHUNK, CHUNK_CHARACTERS = 5000, 1 << 22  # rows that are in memory together, and about how long they are
LINE_MAX = 1 << 26  # characters: a file that ends no line must not be read at once
SAMPLE = 1 << 18  # characters that the layout is found by
PIECE = 1 << 20
NAMED_OBJECTS = 200  # of JSON: the columns are the keys of so many
_TOTALS = ("total", "summe", "gesamt", "i alt", "razem", "suma", "sum", "average", "durchschnitt")


class Table(NamedTuple):
    """An open file: the names of its columns, its rows by the names wanted, and how many of its bytes are read.

    Asking for the rows is a FileError when a wanted column is missing (JSON may lack it: its keys come as they like).
    """

    names: list[str]
    rows: Callable[[Sequence[str | None]], Rows]
    position: Callable[[], int]


@contextmanager
def uncollected() -> Iterator[None]:
    """For making a chunk: a hundred thousand objects and no cycle.

    To look through them for garbage again and again is a third of the time that reading takes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def chunks(rows: Rows, most: int = CHUNK) -> Iterator[list[tuple[int, Row | RowError | LeftOut]]]:
    """The rows, up to `most` at a time, and fewer where they are long."""
    while chunk := _chunk(rows, most):
        yield chunk


@uncollected()
def _chunk(rows: Rows, most: int) -> list[tuple[int, Row | RowError | LeftOut]]:
    chunk, characters = [], 0
    for each in rows:
        chunk.append(each)
        characters += sum(map(len, each[1].content))
        if len(chunk) == most or characters > CHUNK_CHARACTERS:
            break
    return chunk


def layout_of(path: Path, encoding: str | None = None) -> Layout:
    """How the table lies in the file; without `encoding` all of it is read to find that. FileError if there is none."""
    try:
        with unpacked(path) as found:
            if found.workbook:
                return workbooks.layout(found.stream)
            name = encoding or encodings.of_bytes(iter(partial(found.stream.read, PIECE), b""))
        with unpacked(path) as found, _text(found, name) as file:
            text = file.read(SAMPLE)
            return of_text(text, name, whole=len(text) < SAMPLE)
    except (EOFError, OSError, UnicodeError) as error:
        if encoding is None and isinstance(error, EOFError | OSError) and path.exists():
            return layout_of(path, "utf-8")  # torn: what can be read of it is read
        raise FileError(Sentence("file.unreadable", "The file cannot be read: {error}", error=str(error))) from None


@contextmanager
def open_table(path: Path, layout: Layout) -> Iterator[Table]:
    """The file at `path` as a table; FileError when it cannot be read at all.

    Bytes that are not text in the encoding stay as lone surrogates, which the answer's own check refuses with its line.
    """
    with unpacked(path) as found:
        if layout.kind == XLSX:
            yield _workbook(found, layout)
            return
        with _text(found, layout.encoding) as text:
            if layout.kind in (NDJSON, JSON):
                yield Table(_json_names(path, layout), partial(_json_rows, text, layout), found.position)
            else:
                yield _csv(text, layout, found.position)


def _csv(text: io.TextIOWrapper, layout: Layout, position: Callable[[], int]) -> Table:
    records = _records(text, layout)
    header = [cells for _, cells in islice(records, layout.headers)]
    broken = next((cells for cells in header if isinstance(cells, RowError)), None)
    if broken:
        raise FileError(Sentence("file.header", "The header cannot be read: {error}", error=str(broken)))
    names = names_of([cells for cells in header if not isinstance(cells, RowError)] or [[]])
    return Table(names, partial(_rows, records, names), position)


def _workbook(found: Unpacked, layout: Layout) -> Table:
    """A workbook as a table; what stands to the right of the last name in the header is not read."""
    records = (each for each in workbooks.records(found.stream) if each[0] >= layout.skip and any(each[1]))
    names = names_of([cells for _, cells in islice(records, layout.headers)] or [[]])
    while names and names[-1] == f"column {len(names)}":
        names.pop()
    width = len(names)
    even = ((before + 1, (cells + [""] * width)[:width]) for before, cells in records)
    return Table(names, partial(_rows, even, names), found.position)


def _text(found: Unpacked, encoding: str) -> io.TextIOWrapper:
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    errors = "replace" if name.startswith("utf-16") else "surrogateescape"
    return io.TextIOWrapper(found.stream, encoding=name, errors=errors, newline="")


def _records(lines: io.TextIOWrapper, layout: Layout) -> Iterator[tuple[int, list[str] | RowError]]:
    """The cells of each row, with the line it begins on; one that spans lines has the number of its first."""
    for _ in range(layout.skip):
        lines.readline(LINE_MAX)
    reader = csv.reader(_lines(lines), delimiter=layout.delimiter)
    line = layout.skip + 1
    while True:
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = layout.skip + reader.line_num + 1
            return
        except csv.Error as error:
            yield line, RowError(Sentence("row.unreadable", "{error}", error=str(error)))
            line = layout.skip + reader.line_num + 1
        except (EOFError, OSError) as error:
            yield line, RowError(documents.torn(error))
            return


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines; what is longer than any is parted."""
    return iter(partial(text.readline, LINE_MAX), "")


def _rows(records: Iterator[tuple[int, Any]], names: list[str], wanted: Sequence[str | None]) -> Rows:
    missing = [name for name in wanted if name is not None and name not in names]
    if missing:
        there = ", ".join(names) or "none"
        text = "There is no column {column!r}. The columns are: {names}."
        raise FileError(Sentence("file.no_column", text, column=missing[0], names=there))
    width = len(names)
    pick = itemgetter(*(width if name is None else names.index(name) for name in wanted))
    return _cells(records, width, pick, marked=is_export(names))


def _cells(
    records: Iterator[tuple[int, Any]], width: int, pick: Callable[..., tuple[str, ...]], *, marked: bool
) -> Rows:
    for line, cells in records:
        if isinstance(cells, RowError):
            yield line, cells
        elif len(cells) == width and not marked:  # nearly every row of nearly every file
            yield line, Row(pick([*cells, ""]), cells)
        elif len(cells) == width or (len(cells) > width and not any(cells[width:])):
            picked = pick([*cells[:width], ""])
            yield line, Row(tuple(map(unmark, picked)) if marked else picked, cells)
        else:
            yield line, _of_another_width(cells, width)


def _of_another_width(cells: list[str], width: int) -> RowError | LeftOut:
    """Why a row with other cells than the header is not taken."""
    if len(cells) == 1 and width > 2 and (" " in cells[0].strip() or cells[0].strip(" :").lower() in _TOTALS):
        return LeftOut(Sentence("left.around", "are lines above or below the table"))
    text = "has {cells} cells where the header has {width}"
    return RowError(Sentence("row.width", text, cells=len(cells), width=width), cells)


def _json_names(path: Path, layout: Layout) -> list[str]:
    """The keys of the first objects, and those of objects within them."""
    found: dict[str, None] = {}
    with unpacked(path) as again, _text(again, layout.encoding) as text:
        for _, said, _ in islice(_objects(text, layout), NAMED_OBJECTS):
            if not isinstance(said, RowError):
                found |= dict.fromkeys(said) | dict.fromkeys(documents.names(said))
    return list(found)


def _json_rows(text: io.TextIOWrapper, layout: Layout, wanted: Sequence[str | None]) -> Rows:
    return documents.rows(_objects(text, layout), wanted)


def _objects(text: io.TextIOWrapper, layout: Layout) -> documents.Objects:
    return documents.of_lines(_lines(text)) if layout.kind == NDJSON else documents.of_array(text)
