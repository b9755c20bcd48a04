"""What tells an overwritten file from one into which SQLite moves its log does not mistake the one for the other."""

import os
import sqlite3
import threading
from contextlib import closing
from types import SimpleNamespace

import pytest

from app.sqlite_watch import FileOverwritten, OpenFile


def opened(path):
    return closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def grow(connection):
    connection.execute("INSERT INTO t VALUES (zeroblob(500000))")


def move_log(connection):
    assert connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0] == 0


@pytest.fixture
def ours(tmp_path):
    """A database that we have open and whose log we move: `path`, `file`, `connection` and `move`."""
    path = tmp_path / "ours.db"
    with opened(path) as connection:
        for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (x BLOB)")
        file = OpenFile(path)
        assert file.may_move()

        def move():
            with file.moving():
                move_log(connection)

        yield SimpleNamespace(path=path, file=file, connection=connection, move=move)
        file.close()


@pytest.fixture
def foreign(ours):
    """Another program at the same file: it counts no user_version, and moves the log when it likes."""
    with opened(ours.path) as connection:
        yield connection


class HeldUp:
    """A path; whoever has looked at it is held up while something happens."""

    def __init__(self, path, work):
        self._path, self.thread = path, threading.Thread(target=work)

    def stat(self):
        found = self._path.stat()
        self.thread.start()
        self.thread.join(0.3)  # it may have to wait for the one who looks
        return found


def check_while(file, work):
    """Look at the file, and have `work` done when its path has been looked at."""
    paths = file._paths
    held_up = HeldUp(paths[0], work)
    file._paths = held_up, *paths[1:]
    file.check()
    held_up.thread.join()
    file._paths = paths


def test_a_log_that_is_moved_after_the_file_was_looked_at_is_no_overwritten_file(ours):
    ours.move()
    grow(ours.connection)
    check_while(ours.file, ours.move)
    ours.file.check()
    with ours.path.open("r+b") as stranger:
        stranger.truncate(ours.path.stat().st_size - 4096)
    with pytest.raises(FileOverwritten):
        ours.file.check()


def test_a_log_that_another_program_moves_and_begins_anew_is_no_overwritten_file(ours, foreign):
    ours.move()
    grow(foreign)
    move_log(foreign)
    grow(foreign)  # the log begins anew, and nothing of it has been moved
    ours.file.check()
    move_log(foreign)
    ours.file.check()


def test_a_log_that_another_program_moves_while_somebody_looks_is_no_overwritten_file(ours, foreign):
    grow(foreign)
    check_while(ours.file, lambda: move_log(foreign))
    ours.file.check()


def test_a_copy_from_before_is_an_overwritten_file_also_when_the_log_has_begun_anew(ours):
    ours.move()
    copy = ours.path.read_bytes()
    grow(ours.connection)
    ours.move()
    grow(ours.connection)
    ours.path.write_bytes(copy)
    with pytest.raises(FileOverwritten):
        ours.file.check()


def test_a_file_that_was_cut_is_an_overwritten_file_also_when_the_log_has_begun_anew(ours):
    grow(ours.connection)
    ours.move()
    grow(ours.connection)
    os.truncate(ours.path, ours.path.stat().st_size // 2)
    with pytest.raises(FileOverwritten):
        ours.file.check()
