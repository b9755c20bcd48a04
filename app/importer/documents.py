"""JSON: objects line by line, or in an array of one document, which is read piece by piece."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from app.importer.row import Row, RowError, Rows
from app.importer.sentence import Sentence

PIECE = 1 << 16
OBJECT_MAX = 1 << 20  # characters: no answer is longer, and an array never closed must not fill the memory
_ARRAY = re.compile(r"\[\s*(?=\{)")
_EMPTY = re.compile(r"[\s,]*")
NO_OBJECT = Sentence("row.no_object", "is not a JSON object")
CUT_OFF = Sentence("row.cut_off", "is not JSON: the file is cut off or damaged here")
Objects = Iterator[tuple[int, dict[str, Any] | RowError, str]]  # the number of the line, the object, and its text


def torn(error: Exception) -> Sentence:
    """What is said of the row where reading ends."""
    return Sentence("row.torn", "the file cannot be read from here on: {error}", error=str(error))


def of_lines(lines: Iterable[str]) -> Objects:
    """The objects of NDJSON, with the numbers of their lines."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if content := line.strip():
                yield number, _object(content), content
    except (EOFError, OSError) as error:
        yield number + 1, RowError(torn(error)), ""


def of_array(text: IO[str]) -> Objects:
    """The objects of the first array of objects in a document, however deep it lies."""
    decoder, buffer, line, begun, ended = json.JSONDecoder(), "", 1, False, False
    while True:
        if not begun and (found := _ARRAY.search(buffer)):
            line, buffer, begun = line + buffer[: found.end()].count("\n"), buffer[found.end() :], True
        while begun:
            gap = _EMPTY.match(buffer)
            end = gap.end() if gap else 0
            line, buffer = line + buffer[:end].count("\n"), buffer[end:]
            if buffer[:1] == "]":
                return
            try:
                said, end = decoder.raw_decode(buffer)
            except (ValueError, RecursionError):
                break  # not all of it is here yet
            yield line, said if isinstance(said, dict) else RowError(NO_OBJECT), buffer[:end]
            line, buffer = line + buffer[:end].count("\n"), buffer[end:]
        if ended or len(buffer) > OBJECT_MAX:
            if begun or not ended:
                yield line, RowError(CUT_OFF), ""
            return
        piece, ended = _piece(text)
        buffer += piece


def _piece(text: IO[str]) -> tuple[str, bool]:
    try:
        piece = text.read(PIECE)
    except (EOFError, OSError):
        piece = ""
    return piece, not piece


def rows(objects: Objects, wanted: Sequence[str | None]) -> Rows:
    """The values of the wanted names, as cells."""
    for number, said, text in objects:
        if isinstance(said, RowError):
            yield number, said
        else:
            yield number, Row(tuple("" if name is None else as_text(value(said, name)) for name in wanted), (text,))


def names(said: dict[str, Any], within: str = "") -> list[str]:
    """The names of an object's values; one within another is `reviewer.displayName`."""
    found = []
    for name, each in said.items():
        found += names(each, f"{within}{name}.") if isinstance(each, dict) and each else [within + name]
    return found


def value(said: dict[str, Any], name: str) -> Any:
    if name in said or "." not in name:
        return said.get(name)
    head, _, rest = name.partition(".")
    inner = said.get(head)
    return value(inner, rest) if isinstance(inner, dict) else None


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(map(as_text, value))
    return "" if value is None else json.dumps(value)


def _object(content: str) -> dict[str, Any] | RowError:
    try:
        said = json.loads(content)
    except (ValueError, RecursionError) as error:
        return RowError(Sentence("row.no_json", "is not JSON: {error}", error=str(error)), (content,))
    return said if isinstance(said, dict) else RowError(NO_OBJECT, (content,))
