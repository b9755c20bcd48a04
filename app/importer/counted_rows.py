"""Rows that hold counts, as so many rows: four who pressed the happy face at ten o'clock are four answers. Pure."""

from collections.abc import Iterator
from itertools import repeat

from app.importer.answers import Columns
from app.importer.row import LeftOut, Row, RowError, Rows
from app.importer.sentence import Sentence

COUNT_MAX = 100_000  # answers in one row
RATING, COUNT = 1, 7  # places in the cells, as Reader.wanted has them


def counted(rows: Rows, columns: Columns, width: int) -> Rows:
    """The rows as often as they count, each of `width` cells; the last of them are those of `columns.wide`."""
    for line, row in rows:
        if not isinstance(row, Row):
            yield line, row
            continue
        try:
            for each, count in _parts(row, columns, width):
                yield from repeat((line, each), count)
        except (RowError, LeftOut) as why:
            yield line, why


def _parts(row: Row, columns: Columns, width: int) -> Iterator[tuple[Row, int]]:
    if not columns.wide:
        yield row, _count(row.cells[COUNT], row) or _nobody()
        return
    cells, counts = row.cells[: width - len(columns.wide)], row.cells[width - len(columns.wide) :]
    found = [(word, _count(cell, row)) for word, cell in zip(columns.wide, counts, strict=True)]
    if not any(count for _, count in found):
        _nobody()
    for word, count in found:
        yield Row((*cells[:RATING], word, *cells[RATING + 1 :]), row.content), count


def _count(cell: str, row: Row) -> int:
    text = cell.strip().removesuffix(".0") or "0"
    if not text.isdecimal() or int(text) > COUNT_MAX:
        said = Sentence("row.count", "count: {text!r} is no number up to {most:,}", text=text[:40], most=COUNT_MAX)
        raise RowError(said, row.content)
    return int(text)


def _nobody() -> int:
    raise LeftOut(Sentence("left.nobody", "count nobody"))
