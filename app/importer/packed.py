"""A file as its bytes, unpacked while they are read: gzip, zip, or as it is."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from app.importer.row import FileError
from app.importer.sentence import Sentence

PIECE = 1 << 20
TABLES = (".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl")


class Unpacked(NamedTuple):
    """The bytes, how many of the file's own are read, and whether it is a workbook (which is read in another way)."""

    stream: IO[bytes]
    position: Callable[[], int]
    workbook: bool


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """The bytes of the file at `path`; FileError for an archive without one table."""
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        head = raw.read(4)
        raw.seek(0)
        if head[:2] == b"\x1f\x8b":
            plain: IO[bytes] = gzip.GzipFile(fileobj=raw)  # type: ignore[assignment]
        elif head == b"PK\x03\x04":
            archive = stack.enter_context(_archive(raw))
            if "[Content_Types].xml" in archive.namelist():
                yield Unpacked(raw, raw.tell, True)
                return
            plain = stack.enter_context(archive.open(_member(archive)))
        else:
            plain = raw
        yield Unpacked(plain, raw.tell, False)


def unpacks_within(path: Path, most: int) -> bool:
    """Whether the file has at most so many bytes when it is unpacked; FileError for an archive without one table."""
    with unpacked(path) as found:
        if found.workbook:
            with _archive(found.stream) as archive:
                return sum(item.file_size for item in archive.infolist()) <= most
        size = 0
        try:
            while size <= most and (piece := found.stream.read(PIECE)):
                size += len(piece)
        except (EOFError, OSError, zipfile.BadZipFile):
            pass  # torn: what can be read of it is looked at
        return size <= most


def _archive(raw: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(raw)
    except zipfile.BadZipFile as error:
        text = "The archive cannot be read: {error}. Is it whole?"
        raise FileError(Sentence("file.archive", text, error=str(error))) from None


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The table in an archive: the only one, or of several the only review file of a Takeout."""
    found = [item for item in archive.infolist() if item.filename.lower().endswith(TABLES)]
    if len(found) > 1:
        found = [item for item in found if item.filename.rpartition("/")[2].startswith("reviews")] or found
    if len(found) != 1:
        names = ", ".join(item.filename for item in found[:10])
        if not found:
            raise FileError(Sentence("file.no_table", "The archive has no table."))
        text = "The archive has {number} tables: {names}. Unpack it and import one at a time."
        raise FileError(Sentence("file.tables", text, number=len(found), names=names))
    if found[0].flag_bits & 1:
        raise FileError(Sentence("file.password", "The archive has a password; unpack it first."))
    return found[0]
