"""What tells an overwritten file from one into which SQLite moves its log does not mistake the one for the other."""

import sqlite3
import threading
from contextlib import closing

import pytest

from app.sqlite_watch import FileOverwritten, OpenFile


def opened(path):
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Then:
    """A path; whoever has looked at it is held up while something happens."""

    def __init__(self, path, work):
        self._path, self.thread = path, threading.Thread(target=work)

    def stat(self):
        found = self._path.stat()
        self.thread.start()
        self.thread.join(0.3)  # it may have to wait for the one who looks
        return found


def test_a_log_that_is_moved_after_the_file_was_looked_at_is_no_overwritten_file(tmp_path):
    path = tmp_path / "growing.db"
    with closing(opened(path)) as connection:
        connection.execute("CREATE TABLE t (x BLOB)")
        file = OpenFile(path)
        assert file.may_move()

        def move():
            with file.moving():
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

        move()
        connection.execute("INSERT INTO t VALUES (zeroblob(500000))")
        paths, held_up = file._paths, Then(path, move)
        file._paths = held_up, *paths[1:]
        file.check()
        held_up.thread.join()
        file._paths = paths
        file.check()
        with path.open("r+b") as stranger:
            stranger.truncate(path.stat().st_size - 4096)
        with pytest.raises(FileOverwritten):
            file.check()
        file.close()
