"""The rows of a spreadsheet's workbook (.xlsx), read one at a time."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice, zip_longest
from typing import IO, Any

from app.importer.layout import SAMPLE_ROWS, XLSX, Layout, header_of
from app.importer.row import FileError
from app.importer.sentence import Sentence

INSTALL = Sentence(
    "file.no_xlsx",
    "Workbooks are read with openpyxl: pip install 'touchstone-feedback[xlsx]', or save the file as CSV.",
)


def records(stream: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet that holds any, with the number of the row before each; FileError without one."""
    book = _opened(stream, values=True)
    sheet = next((sheet for sheet in book.worksheets if any(any(row) for row in islice(_values(sheet), 200))), None)
    if sheet is None:
        raise FileError(Sentence("file.empty_workbook", "The workbook is empty."))
    for number, row in enumerate(_values(sheet)):
        yield number, [_as_text(value) for value in row]


def layout(stream: IO[bytes]) -> Layout:
    """Where the table lies in the workbook; FileError when it holds formulas that were never calculated."""
    sample = [(number, cells) for number, cells in islice(records(stream), SAMPLE_ROWS) if any(cells)]
    skip, headers = header_of(_even(sample))
    stream.seek(0)
    raw = next(iter(_opened(stream, values=False).worksheets))
    shown = dict(sample)
    for number, row in enumerate(islice(_values(raw), SAMPLE_ROWS)):
        for cell, seen in zip_longest(row, shown.get(number, ())):
            if isinstance(cell, str) and cell.startswith("=") and not seen:
                text = "The workbook has formulas without results: open it, save it, and import it again."
                raise FileError(Sentence("file.formulas", text))
    stream.seek(0)
    return Layout(XLSX, "utf-8", ",", skip, headers)


def _even(sample: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows without what is empty behind the last column in use."""
    wide = max((index + 1 for _, cells in sample for index, cell in enumerate(cells) if cell), default=0)
    return [(number, (cells + [""] * wide)[:wide]) for number, cells in sample]


def _opened(stream: IO[bytes], *, values: bool) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise FileError(INSTALL) from None
    try:
        return load_workbook(stream, read_only=True, data_only=values)
    except Exception as error:  # a damaged one fails in many ways: zip, XML, a key that is missing
        raise FileError(Sentence("file.workbook", "The workbook cannot be read: {error}", error=str(error))) from None


def _values(sheet: Any) -> Iterator[tuple[Any, ...]]:
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()  # some programs write a size that is wrong
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
