"""Whether the path still names the SQLite files that are open, and whether only SQLite has written to them.

SQLite does not look. It goes on in a file that was removed or replaced, where nobody finds what is committed, and mixes
its log (`-wal`) into one that was copied over, which ruins both.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from app.sqlite_file import FileTrouble, sides

_HEADER = 100  # bytes; the file's format is https://www.sqlite.org/fileformat2.html, that of -shm walformat.html
_LOCKED = 0x40000002, 510  # the bytes that every open connection holds a shared lock on: the first, and how many
_MOVER = 0x40000400  # a byte that SQLite locks never: who holds it moves the log
Identity = tuple[int, int]


class Progress(NamedTuple):
    """Which log it is, how much of it SQLite has moved into the file, and whether it is doing so now."""

    log: bytes
    done: bytes
    under_way: bool

    @property
    def none(self) -> bool:
        return self.done == b"\0\0\0\0"


class FileGone(FileTrouble):
    """Nothing is at the path; what was there may be moved back."""


class FileReplaced(FileTrouble):
    """Another file is at the path, or the log beside it is gone."""


class FileOverwritten(FileTrouble):
    """The file is the same, but somebody else than SQLite has written to it."""


class OpenFile:
    """What is known of the files of an open database. To be made when a connection is open, closed after the last one.

    Of the processes that share a database one moves the log into the file. It knows when the file may have been written
    to; the others can tell it only from how far SQLite says that it has moved the log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths = (path, *sides(path))
        self._file, self._index = _Held(path), _Held(self._paths[2])
        self._identities = [_identity(each.stat()) for each in self._paths]
        self.moves = self._moving = False
        self._judging = threading.Lock()  # what was seen is not judged by what we noted after it
        self._note()

    def _note(self) -> None:
        self._moved = self._progress()
        found = self.path.stat()
        self._written = found.st_mtime_ns, found.st_size
        self._header = self._file.read(_HEADER)

    def look(self) -> None:
        """As `check`, in a tenth of its time, after each commit, before anybody is told of it.

        One look at the path tells whether the file is gone, another one, or was written to since the last check. Each
        system call lets another thread go on and waits for it; the log and its index are looked at each second.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116 - a microsecond less
        except OSError:
            return self.check()
        if _identity(found) != self._identities[0] or (found.st_mtime_ns, found.st_size) != self._written:
            self.check()
        return None

    def check(self) -> None:
        """Raise FileTrouble unless the path names these files and only SQLite has written to the first."""
        with self._judging:
            self._check()

    def _check(self) -> None:
        moved = self._progress()  # before the file, or a move that comes between the two would be noted too early
        found: list[os.stat_result | None] = []
        for each in self._paths:
            try:
                found.append(each.stat())
            except FileNotFoundError:
                found.append(None)
        if found[0] is None:
            raise FileGone(f"{self.path} is gone")
        if _identity(found[0]) != self._identities[0]:
            raise FileReplaced(f"{self.path} is another file than the one that is open")
        self._judge(moved, (found[0].st_mtime_ns, found[0].st_size))
        if [each and _identity(each) for each in found] != self._identities:
            raise FileReplaced(f"the write-ahead log beside {self.path} is gone or another one")

    def _judge(self, moved: Progress, written: tuple[int, int]) -> None:
        """Raise FileOverwritten if somebody wrote to the file who is not SQLite moving the log."""
        if written != self._written:
            header = self._file.read(_HEADER)
            if self._moving or moved.under_way or moved != self._progress():  # looked at when it is through
                return
            touched = (header, written[1]) == (self._header, self._written[1])
            whole = written[1] >= _length(header)
            if not (touched or (whole and self._by_sqlite(moved, header))):
                raise FileOverwritten(f"{self.path} was overwritten")
            self._written, self._header = written, header
        self._moved = moved

    def _by_sqlite(self, moved: Progress, header: bytes) -> bool:
        """Whether another process can have moved more of the log, so that the file went forward.

        A log of which nothing has been moved may be new because we wrote to it. Then the file must not have become
        smaller either, which SQLite makes it only by VACUUM.
        """
        before, after = _generation(self._header), _generation(header)
        return moved != self._moved and (after >= before if moved.none else after[0] >= before[0])

    def _progress(self) -> Progress:
        index = self._index.read(136)
        done, attempted = index[96:100], index[128:132]
        return Progress(index[32:40], done, under_way=done != attempted)

    def may_move(self) -> bool:
        """Whether this process is the one that moves the log; another takes that over when it ends."""
        if not self.moves and self._file.lock(_MOVER):
            self._note()
            self.moves = True
        return self.moves

    @contextlib.contextmanager
    def moving(self) -> Iterator[None]:
        """While this holds, the file is written to by ourselves."""
        self._moving = True
        try:
            yield
        finally:
            with self._judging:
                self._note()
                self._moving = False

    def close(self) -> None:
        self._file.close()
        self._index.close()

    def set_log_aside(self) -> Path | None:
        """Take the log from beside a file that it does not belong to. It is kept; returns its new name.

        The other processes see by this that they must stop, too.
        """
        log, index = sides(self.path)
        if not log.exists() or _identity(log.stat()) != self._identities[1]:
            return None  # another process was quicker, or whoever replaced the file brought its log along
        aside = log.with_name(f"{log.name}-{datetime.now():%Y%m%d-%H%M%S}")
        log.rename(aside)
        index.unlink(missing_ok=True)
        return aside

    def wait_for_others(self) -> None:
        """When all is closed: FileTrouble while another process has the file open, and nobody has opened it anew.

        It might still move the former log into it.
        """
        if sides(self.path)[0].exists():
            return
        file = _Held(self.path)
        try:
            if not file.lock(*_LOCKED):
                raise FileTrouble(f"another program still has {self.path} open")
        finally:
            file.close()


class _Held:
    """A descriptor, shared by all who hold the same file in this process.

    A process that closes any descriptor of a file gives up all locks that it holds on it, those of SQLite too.
    """

    _by_identity: dict[Identity, tuple[int, int]] = {}  # the descriptor, and how many hold it  # noqa: RUF012
    _lock = threading.Lock()

    def __init__(self, path: Path) -> None:
        with self._lock:
            self._identity = _identity(path.stat())
            self._descriptor, holders = self._by_identity.get(self._identity, (-1, 0))
            if not holders:
                self._descriptor = os.open(path, os.O_RDWR)
            self._first = not holders
            self._by_identity[self._identity] = self._descriptor, holders + 1

    def read(self, number: int) -> bytes:
        return os.pread(self._descriptor, number, 0)

    def lock(self, start: int, length: int = 1) -> bool:
        """Whether these bytes are locked for us now, against all other processes and those who came later in this."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except (BlockingIOError, PermissionError):
            return False
        return self._first

    def close(self) -> None:
        with self._lock:
            _, holders = self._by_identity.pop(self._identity)
            if holders > 1:
                self._by_identity[self._identity] = self._descriptor, holders - 1
            else:
                os.close(self._descriptor)


def _identity(found: os.stat_result) -> Identity:
    return found.st_dev, found.st_ino


def _generation(header: bytes) -> tuple[int, int]:
    """The user_version in a file's header, -1 for what is no database, and the number of its pages.

    The writer counts the first up, so that a copy from before has a lower one. Other programs do not.
    """
    if not header.startswith(b"SQLite format 3\0"):
        return -1, 0
    return int.from_bytes(header[60:64], "big", signed=True), int.from_bytes(header[28:32], "big")


def _length(header: bytes) -> int:
    """How many bytes a file with this header has at least, between two moves of the log."""
    size = int.from_bytes(header[16:18], "big")
    return int.from_bytes(header[28:32], "big") * (65536 if size == 1 else size)
