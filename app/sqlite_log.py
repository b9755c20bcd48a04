"""SQLite's write-ahead log (`touchstone.db-wal`): moved into the file each second, and kept small.

SQLite begins it anew only when all of it is moved and nobody reads in it. While another program holds a read (a backup,
a BI tool) it can only grow.
"""

import os
import sqlite3
from collections.abc import Callable

from app.logs import log
from app.sqlite_file import sides
from app.sqlite_watch import OpenFile

KEEP = 64 * 2**20  # bytes: under load the log is used over and over up to here, which is faster than growing it again
FRAME = 4096 + 24  # bytes of a page in it
NEAR = 4000  # frames that are moved while a commit takes its time
Job = Callable[[], object]


class WriteAheadLog:
    """Moves the log with a connection of its own. From `limit` bytes on nothing more is written (None: no limit)."""

    def __init__(self, file: OpenFile, connection: sqlite3.Connection, limit: int | None) -> None:
        self._file, self._connection, self._limit = file, connection, limit
        self._path = str(sides(file.path)[0])
        self._frames = 0
        self._told = KEEP
        self.bytes = 0
        self.full = False

    def tend(self, in_turn: Callable[[Job], object]) -> None:
        """Move what can be moved beside the writer; what a commit has to wait for is done in the writer's turn.

        In a second without a commit the log is emptied. Under load it is moved to its end when it is long, so that the
        next commit begins it anew.
        """
        if self._file.may_move():
            self._move_all(in_turn)
        self.look()
        self._tell()

    def look(self) -> None:
        """See how large it is: a fast disk takes a hundred megabytes in the second between two looks of the keeper."""
        self.bytes = os.stat(self._path).st_size  # noqa: PTH116 - after each commit; a Path takes five times as long
        self.full = self._limit is not None and self.bytes > self._limit

    def _move_all(self, in_turn: Callable[[Job], object]) -> None:
        frames, moved = self.move()
        if frames and frames == self._frames:
            in_turn(lambda: self.move("TRUNCATE"))
        elif frames * FRAME > KEEP:
            frames, moved = self.move()  # what came meanwhile is less
            if frames - moved < NEAR:
                in_turn(self.move)
        self._frames = frames

    def move(self, how: str = "PASSIVE") -> tuple[int, int]:
        """Move what nobody reads or writes now; the frames in the log, and how many of them are moved."""
        with self._file.moving():
            _busy, frames, moved = self._connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        return frames, moved

    def _tell(self) -> None:
        """One line each time it has doubled, and one when it is small again."""
        if self.bytes > 2 * self._told:
            self._told = self.bytes
            why = "another program has been reading in the database and has not come to an end"
            log.warning("sqlite_wal_grows", extra={"bytes": self.bytes, "limit": self._limit, "why": why})
        elif self.bytes <= KEEP < self._told:
            self._told = KEEP
            log.info("sqlite_wal_small_again", extra={"bytes": self.bytes})
