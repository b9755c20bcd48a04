"""How the bytes of a file became letters. Pure."""

import codecs
import re
from collections.abc import Iterable

from app.importer.row import FileError
from app.importer.sentence import Sentence

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NO_TABLES = (
    (b"\x89PNG", "picture", "a picture (PNG)"),
    (b"\xff\xd8\xff", "picture", "a picture (JPEG)"),
    (b"GIF8", "picture", "a picture (GIF)"),
    (b"%PDF", "pdf", "a PDF"),
    (
        b"\xd0\xcf\x11\xe0",
        "old_workbook",
        "a workbook of the old kind (.xls) or one with a password; save it as .xlsx or CSV",
    ),
    (b"SQLite format 3", "database", "a database; `touchstone import` reads tables of answers"),
    (b"7z\xbc\xaf", "packed", "a 7z archive; unpack it first"),
    (b"PAR1", "parquet", "a Parquet file; save it as CSV"),
)
_WORD = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")
# Bytes that are letters in the one code page and signs, or other letters, in the other.
_CENTRAL = re.compile(rb"[\xb9\xb3\xbf\x9c\x9f\xa3\xaf\x8c\xea\xb6](?=[a-z])|(?<=[a-z])[\xb9\xb3\xbf\x9c\x9f\xea\xb6]")
_WESTERN = re.compile(
    rb"[\xe5\xf8\xc5\xd8\xe8\xe0\xf1\xfb\xfc\xd6\xc4\xe4](?=[a-z])|(?<=[a-z])[\xe5\xf8\xe0\xe8\xf1\xfc\xe4\xdf]"
)
SINGLE = ("cp1250", "cp1252")
# What a person may choose instead, by the languages it can write. UTF-16 that begins with its mark needs no choice.
CHOICES = {
    "every": {"UTF-8": "utf-8", "UTF-16": "utf-16-le"},
    "western": {"Windows-1252": "cp1252", "ISO-8859-15": "iso8859-15", "Mac Roman": "mac-roman", "DOS 850": "cp850"},
    "central": {"Windows-1250": "cp1250", "ISO-8859-2": "iso8859-2", "Mac CE": "mac-latin2", "DOS 852": "cp852"},
}
CODECS = {name: codec for group in CHOICES.values() for name, codec in group.items()}
_NAMES = {codec: name for name, codec in CODECS.items()} | {"utf-8-sig": "UTF-8"}


def named(codec: str) -> str:
    """The name under which people choose an encoding."""
    return _NAMES.get(codec, "UTF-16" if codec.startswith("utf-16") else codec)


def of_bytes(chunks: Iterable[bytes]) -> str:
    """The encoding of a file by all its bytes, read once; FileError for what is no text.

    What is partly UTF-8 stays UTF-8: the rows that are not are refused by their lines.
    """
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    central, western, utf8, high = 0, 0, 0, 0
    for number, chunk in enumerate(chunks):
        if number == 0 and (found := _at_once(chunk)):
            return found
        if decoder:
            try:
                decoder.decode(chunk)
                continue
            except UnicodeDecodeError:
                decoder = None
        words = len(_WORD.findall(chunk))
        utf8, high = utf8 + words, high + len(_HIGH.findall(_WORD.sub(b"", chunk)))
        central, western = central + len(_CENTRAL.findall(chunk)), western + len(_WESTERN.findall(chunk))
    if decoder or utf8 > high:
        return "utf-8"
    return SINGLE[0] if central > western else SINGLE[1]


def _at_once(head: bytes) -> str | None:
    """What the first bytes say; None when all must be looked at."""
    for magic, name, what in _NO_TABLES:
        if head.startswith(magic):
            raise FileError(Sentence(f"file.is_{name}", "The file is {what}, not a table of answers.", what=what))
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    some = head[:2000]
    if b"\0" in some:
        even, odd = some[::2].count(0), some[1::2].count(0)
        if max(even, odd) > 0.3 * len(some) / 2 and min(even, odd) < 0.1 * len(some) / 2:
            return "utf-16-le" if odd > even else "utf-16-be"
        raise FileError(Sentence("file.no_text", "The file is no text: CSV, NDJSON, JSON or .xlsx can be imported."))
    return None
