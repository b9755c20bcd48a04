"""How a table lies in its file: what parts the cells, where the header is, how many rows it has. Pure."""

import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from app.answers.cells import DELIMITERS
from app.importer.row import FileError
from app.importer.sentence import Sentence
from app.importer.times import is_time

CSV, NDJSON, JSON, XLSX = "csv", "ndjson", "json", "xlsx"
SAMPLE_ROWS = 60
COLUMNS_MAX = 2000
Records = Sequence[tuple[int, Sequence[str]]]  # cells, with the number of the line before each
_NUMBERED = re.compile(r"Q\w*\d")
_PLAIN = frozenset(("", "response", "open-ended response", "antwort", "svar", "odpowiedź"))  # second rows of headers


@dataclass(frozen=True, slots=True)
class Layout:
    """`skip` lines (of a workbook: rows) lie above the header, which has `headers` rows."""

    kind: str = CSV
    encoding: str = "utf-8"
    delimiter: str = ","
    skip: int = 0
    headers: int = 1


def of_text(text: str, encoding: str, *, whole: bool) -> Layout:
    """The layout of a file that begins with `text`, which is all of it or not; FileError when nothing is in it."""
    text = text.lstrip("\ufeff")
    if not text.strip():
        raise FileError(Sentence("file.empty", "The file is empty."))
    if text.lstrip()[0] in "{[":
        return Layout(_json_kind(text), encoding)
    lines = text.splitlines(keepends=True)
    lines = lines if whole or len(lines) == 1 else lines[:-1]
    above, delimiter = _declared(lines)
    found = [(d, _records(lines[above:], d)) for d in ([delimiter] if delimiter else DELIMITERS)]
    best, records = max(found, key=lambda each: _evenness(each[1]))
    line, headers = header_of(records)
    return Layout(CSV, encoding, best, above + line, headers)


def _json_kind(text: str) -> str:
    """Objects line by line, or one document; a line that is cut off in a file of lines is still a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines[0][0] == "[":
        return JSON
    try:
        first = json.loads(lines[0])
    except ValueError:
        return NDJSON if len(lines) > 1 and lines[1][0] == "{" and len(lines[0]) > 1 else JSON
    nested = any(isinstance(value, list) and value and isinstance(value[0], dict) for value in first.values())
    return JSON if nested and len(lines) == 1 else NDJSON


def _declared(lines: Sequence[str]) -> tuple[int, str | None]:
    """The lines taken by a spreadsheet's `sep=;`, and the delimiter that it names."""
    for number, line in enumerate(lines[:3]):
        text = line.strip('\r\n "')
        if text.lower().startswith("sep=") and len(text) <= 5:
            return number + 1, text[4:] or "\t"
        if text:
            break
    return 0, None


def _records(lines: Sequence[str], delimiter: str) -> Records:
    reader = csv.reader(lines, delimiter=delimiter)
    records, before = [], 0
    try:
        for cells in islice(reader, SAMPLE_ROWS):
            records.append((before, cells))
            before = reader.line_num
    except csv.Error:
        pass  # what was read until there is enough
    return records


def _evenness(records: Records) -> tuple[bool, float, int]:
    """How much the records look like a table: the share that is as wide as most, and how wide that is."""
    wide, rows = _usual(records)
    share = rows / max(1, sum(1 for _, cells in records if any(cells)))
    return share >= 0.5 and wide > 1, round(share, 1), wide


def _usual(records: Records) -> tuple[int, int]:
    widths = Counter(len(cells) for _, cells in records if len(cells) > 1 and any(cells))
    return max(widths.items(), key=lambda each: (each[1], each[0])) if widths else (1, 0)


def header_of(records: Records) -> tuple[int, int]:
    """The number of lines above the header, and how many rows it has."""
    width, _ = _usual(records)
    for index, (line, cells) in enumerate(records):
        filled = sum(1 for cell in cells if cell.strip())
        if (len(cells) == width and filled >= max(2, width / 3)) or (width == 1 and filled):
            below = [row for _, row in records[index + 1 :] if len(row) == width and any(row)]
            return line, _headers(below)
    return 0, 1


def _headers(below: Sequence[Sequence[str]]) -> int:
    """The rows of the header, by those below its first: explanations stand where below them are numbers and times."""
    if len(below) > 1 and all("importid" in cell.lower() for cell in below[1] if cell):
        return 3
    if len(below) < 2:
        return 1
    first, rest = below[0], below[1:]
    typed = [
        column
        for column in range(len(first))
        if (filled := [row[column] for row in rest if row[column].strip()]) and all(map(_is_typed, filled))
    ]
    if len(typed) < 2 or any(map(_is_typed, filter(None, first))) or not any(first):
        return 1
    said = sum(1 for column in typed if first[column].strip())
    return 2 if said >= 2 or (said == 0 and len(typed) >= 3) else 1


def _is_typed(cell: str) -> bool:
    text = cell.strip()
    return text.replace(".", "", 1).replace(",", "", 1).lstrip("-").isdecimal() or is_time(text)


def names_of(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of the columns out of the rows of a header, each once; FileError when there are too many."""
    first = [cell.strip() for cell in rows[0]]
    if len(first) > COLUMNS_MAX:
        text = "The file has {columns:,} columns; {most:,} is the most that can be read."
        raise FileError(Sentence("file.columns", text, columns=len(first), most=COLUMNS_MAX))
    if len(rows) == 2:
        first = _joined(first, [cell.strip() for cell in rows[1]])
    if len(rows) == 3:  # short names and the questions; of what is no question the short name says enough
        pairs = zip(first, rows[1], strict=False)
        first = [f"{name}: {text.strip()}" if _NUMBERED.match(name) else name for name, text in pairs]
    found: list[str] = []
    seen: Counter[str] = Counter()
    for place, name in enumerate(first, 1):
        name = name or f"column {place}"
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def _joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """A question and its parts: the first row names the question once, the second each of its columns."""
    found, question = [], ""
    for name, part in zip(first, (*second, *[""] * len(first)), strict=False):
        question = name or question
        plain = part.casefold() in _PLAIN
        found.append(name if name and plain else f"{question} / {part}" if question and not plain else name or part)
    return found
