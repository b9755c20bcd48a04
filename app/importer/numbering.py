"""Ids for answers of a file that has none: the same in every import, and another one for each of equal answers."""

import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import sha1
from typing import NamedTuple
from uuid import UUID

from app.importer.row import FileError
from app.ingest.channels import Answer

NAMESPACE = UUID("5b0c6d0e-6b1f-5d5e-9a3e-6f1d0c1f7a51").bytes  # changing it would double every import
UNNUMBERED = UUID(int=0)  # until the answers of a chunk get their ids
CACHE_KB = 8192
_UNVERSIONED = ~(0xF << 76 | 0b11 << 62)
_VERSION_5 = 0x5 << 76 | 0b10 << 62


class Named(NamedTuple):
    """An answer, and what it is known by if its row has no id. `former` is what versions before this one knew it by."""

    answer: Answer
    name: str | None = None
    former: str | None = None


class Counts:
    """How often each name came so far. They are kept in a temporary file: memory does not grow with the file's length.

    A name is known by 63 bits of its hash. In one of 18 million files of a million different rows two of them meet;
    then the second counts as one more of the first, and is stored all the same.
    """

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # on disk as soon as it outgrows its cache
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KB}"):
            self._file.execute(f"PRAGMA {pragma}").fetchall()
        self._file.execute("CREATE TABLE seen (name INTEGER PRIMARY KEY, times INTEGER, since INTEGER)")
        self._file.execute("BEGIN")  # for good: nobody else reads it
        self._turn = 0

    def before(self, names: Sequence[int]) -> list[int]:
        """How often each of these came before, those within the sequence included; FileError when there is no room."""
        here: dict[int, int] = {}
        found = []
        for name in names:
            found.append(here.get(name, 0))
            here[name] = found[-1] + 1
        earlier = self._count(here)
        return [count + earlier.get(name, 0) for count, name in zip(found, names, strict=True)] if earlier else found

    def _count(self, here: dict[int, int]) -> dict[int, int]:
        """Add these counts; returns what was counted of them before, where it was anything: mostly all are new."""
        self._turn += 1
        changes = self._file.total_changes
        rows = [(name, here[name], self._turn) for name in sorted(here)]  # in order: neighbours lie on one page
        try:
            self._file.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows)
            if self._file.total_changes - changes == len(rows):
                return {}
            places = ", ".join("?" * len(rows))
            found = f"SELECT name, times FROM seen WHERE name IN ({places}) AND since < ?"  # noqa: S608 - marks only
            earlier: dict[int, int] = dict(self._file.execute(found, (*here, self._turn)))
            more = [(here[name], name) for name in earlier]
            self._file.executemany("UPDATE seen SET times = times + ? WHERE name = ?", more)
        except sqlite3.OperationalError as error:
            raise FileError(f"A temporary file is needed ({error}); TMPDIR says where.") from None
        return earlier


class Numbering:
    """Gives a file's answers their ids, a chunk at a time."""

    def __init__(self) -> None:
        self._answers, self._rows = Counts(), Counts()

    def give(self, found: Sequence[Named]) -> list[tuple[Answer, UUID]]:
        """Give the answers their ids; returns those that may be stored under a former one, with that."""
        named = [(answer, name) for answer, name, _ in found if name is not None]
        for (answer, _), number in zip(named, _ids([name for _, name in named], self._answers), strict=True):
            answer.id = number
        former = [(answer, name) for answer, _, name in found if name is not None]
        numbers = _ids([name for _, name in former], self._rows)
        return [(answer, number) for (answer, _), number in zip(former, numbers, strict=True)]


def _ids(names: Sequence[str], counts: Counts) -> Iterator[UUID]:
    """The id of each name, another one each time it comes again."""
    first = list(map(_hash, names))
    before = counts.before([number >> 65 for number in first])
    for name, number, count in zip(names, first, before, strict=True):
        yield UUID(int=_hash(f"{name}\x1e{count}") if count else number)


def uuid5(name: str) -> UUID:
    """The UUID version 5 (RFC 9562) of `name`; like uuid.uuid5, but takes text that is not valid Unicode too."""
    return UUID(int=_hash(name))


def _hash(name: str) -> int:
    digest = sha1(NAMESPACE + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:16], "big") & _UNVERSIONED | _VERSION_5
