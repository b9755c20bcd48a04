"""Refused rows in a file of their own, to be mended and imported again."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.importer.layout import JSON, NDJSON, Layout

Keep = Callable[[int, str, Sequence[str]], None]
ADDED = ("refused: line", "refused: why")


@contextmanager
def keeping(path: Path, names: Sequence[str], layout: Layout) -> Iterator[Keep]:
    """A function that writes a refused row: as CSV with its line and the reason, or an object a line as it was.

    The file is made with the first of them; one of an earlier import is removed.
    """
    path.unlink(missing_ok=True)
    with ExitStack() as stack:
        write: list[Callable[[Sequence[object]], object]] = []

        def opened() -> Callable[[Sequence[object]], object]:
            file = stack.enter_context(path.open("w", encoding="utf-8", newline="", errors="replace"))
            if layout.kind in (JSON, NDJSON):
                return lambda content: file.write(" ".join(str(content[0]).splitlines()) + "\n")
            rows = csv.writer(file, delimiter=layout.delimiter)
            rows.writerow([*(name for name in names if name not in ADDED), *ADDED])
            return rows.writerow

        def keep(line: int, why: str, content: Sequence[str]) -> None:
            if not content:
                return  # what could not be read at all
            if not write:
                write.append(opened())
            if layout.kind in (JSON, NDJSON):
                write[0](content)
                return
            cells = [cell for name, cell in zip(names, content, strict=False) if name not in ADDED]
            width = sum(1 for name in names if name not in ADDED)
            write[0]([*cells, *[""] * (width - len(cells)), line, why])

        yield keep
