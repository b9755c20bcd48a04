"""Whole numbers that the processes of one `serve` count side by side, each in memory that the others can read.

Counting is an addition to an array. A process that is killed leaves its numbers behind, and the one that takes its
place goes on with them, so that no sum of all processes ever falls.
"""

import asyncio
import contextlib
import json
import mmap
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from app.logs import log
from app.version import version

FOLDER = "_TOUCHSTONE_FIGURES"  # the variable by which `serve` tells its processes where they meet; no setting
CELLS = 16_384  # 8 bytes each; a route takes 14, and there are some two hundred
SPARE = 32  # the first ones: what there is no room for is counted there, and shown nowhere
_NUMBERS = 8 * CELLS
_SIZE = 2 * _NUMBERS  # behind the numbers stand their names, one line of JSON each
_MOST = 1000  # processes
Key = tuple[str, ...]  # a metric and the values of its labels
Found = dict[Key, Sequence[int]]


class Figures:
    """The numbers of this process in `cells`, and those of all that share `folder`; without one it is alone."""

    def __init__(self, folder: Path | None = None) -> None:
        claimed = _claimed(folder) if folder else None
        self.folder, self._memory = folder if claimed else None, claimed or mmap.mmap(-1, _SIZE)
        self.cells = memoryview(self._memory)[:_NUMBERS].cast("q")
        self._blocks, self._free, self._end = _blocks(self._memory)

    def block(self, size: int, *key: str) -> int:
        """Where the `size` cells of `key` begin. Each key has one size."""
        if (found := self._blocks.get(key)) is None:
            line = json.dumps([size, *key]).encode() + b"\n"
            if self._free + size > CELLS or self._end + len(line) > _SIZE:
                return 0
            found = self._blocks[key] = slice(self._free, self._free + size)
            self._memory[self._end : self._end + len(line)] = line
            self._free, self._end = found.stop, self._end + len(line)
        return int(found.start)

    def all(self) -> Iterator[tuple[bool, Found]]:
        """What each process counted, and whether it lives. What has ended still counts where it is a counter."""
        if self.folder is None:
            yield True, _read(self._memory)
        for path in sorted(self.folder.glob(f"{_name()}*")) if self.folder else ():
            with contextlib.suppress(OSError), path.open("rb") as file:
                yield not _locked(file.fileno(), exclusive=False), _read(file.read())


class Kept:
    """A text that costs something to make, made by whichever process is asked first and for a while given by all."""

    def __init__(self, name: str, folder: Path | None, make: Callable[[], Awaitable[bytes]]) -> None:
        self._file, self._make = folder and folder / name, make
        self._lock = asyncio.Lock()
        self._made: tuple[float, bytes] | None = None

    async def text(self, seconds: float) -> bytes:
        """The text, at most so old. Those who ask at once wait for one making."""
        async with self._lock:
            found = self._shared() or self._made
            if found is None or not 0 <= time.time() - found[0] < seconds:
                found = self._made = time.time(), await self._make()
                self._share(found[1])
            return found[1]

    def _shared(self) -> tuple[float, bytes] | None:
        if self._file is None:
            return None
        with contextlib.suppress(OSError), self._file.open("rb") as file:
            return os.fstat(file.fileno()).st_mtime, file.read()
        return None

    def _share(self, text: bytes) -> None:
        if self._file:
            with contextlib.suppress(OSError):
                own = self._file.with_name(f"{self._file.name}.{os.getpid()}")
                own.write_bytes(text)
                own.replace(self._file)


@contextlib.contextmanager
def meeting() -> Iterator[None]:
    """Within, processes that are started meet in a folder in memory; without one each counts for itself."""
    try:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the folder in it is ours alone
        folder = tempfile.TemporaryDirectory(prefix="touchstone-", dir=memory, ignore_cleanup_errors=True)
    except OSError as error:
        log.warning("figures_apart", extra={"error": str(error)})
        yield
        return
    with folder as path:
        os.environ[FOLDER] = path
        yield


def met() -> Path | None:
    """Where the processes of this `serve` meet, if it has several."""
    found = os.environ.get(FOLDER)
    return Path(found) if found else None


def _claimed(folder: Path) -> mmap.mmap | None:
    """Memory of our own: that of a process that has ended, with what it counted, or else a new one."""
    try:
        tried = (_claim(folder / f"{_name()}{number}") for number in range(_MOST))
        return next((memory for memory in tried if memory), None)
    except OSError as error:
        log.warning("figures_apart", extra={"error": str(error)})
        return None


def _claim(path: Path) -> mmap.mmap | None:
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(held):
            return None
        _reserve(held)
        return mmap.mmap(held, _SIZE)  # it keeps the lock, until this process ends
    finally:
        os.close(held)


def _name() -> str:
    """Another version's numbers may mean something else: it may be installed while the old one serves."""
    return f"figures-{version()}-"


def _reserve(held: int) -> None:
    """Take the space now: a full disk is told here, and not by a signal later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(held, 0, _SIZE)
    else:
        os.ftruncate(held, _SIZE)


def _locked(held: int, *, exclusive: bool = True) -> bool:
    """Whether the file could be locked, as its process does as long as it lives."""
    import fcntl

    try:
        fcntl.flock(held, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _blocks(memory: mmap.mmap | bytes) -> tuple[dict[Key, slice], int, int]:
    """Where each key's cells are, the first free cell, and where the next name goes."""
    blocks, free, end = {}, SPARE, _NUMBERS
    for line in memory[_NUMBERS:].split(b"\n")[:-1]:
        size, *key = json.loads(line)
        blocks[tuple(key)] = slice(free, free + size)
        free, end = free + size, end + len(line) + 1
    return blocks, free, end


def _read(memory: mmap.mmap | bytes) -> Found:
    numbers = memoryview(memory[:_NUMBERS]).cast("q")
    return {key: numbers[place] for key, place in _blocks(memory)[0].items()} if len(memory) == _SIZE else {}
