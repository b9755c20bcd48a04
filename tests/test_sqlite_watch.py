"""What tells an overwritten file from one into which SQLite moves its log does not mistake the one for the other."""

import os
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


def foreign(path):
    """Another program at the same file: it counts no user_version, and moves the log when it likes."""
    return closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def grow(connection):
    connection.execute("INSERT INTO t VALUES (zeroblob(500000))")


def move_log(connection):
    assert connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[0] == 0


def test_a_log_that_another_program_moves_and_begins_anew_is_no_overwritten_file(tmp_path):
    path = tmp_path / "shared.db"
    with closing(opened(path)) as connection, foreign(path) as other:
        connection.execute("CREATE TABLE t (x BLOB)")
        file = OpenFile(path)
        assert file.may_move()
        with file.moving():
            move_log(connection)
        grow(other)
        move_log(other)
        grow(other)  # the log begins anew, and nothing of it has been moved
        file.check()
        move_log(other)
        file.check()
        file.close()


def test_a_log_that_another_program_moves_while_somebody_looks_is_no_overwritten_file(tmp_path):
    path = tmp_path / "shared.db"
    with closing(opened(path)) as connection, foreign(path) as other:
        connection.execute("CREATE TABLE t (x BLOB)")
        file = OpenFile(path)
        assert file.may_move()
        grow(other)
        paths = file._paths
        file._paths = held_up, *_ = Then(path, lambda: move_log(other)), *paths[1:]
        file.check()
        held_up.thread.join()
        file._paths = paths
        file.check()
        file.close()


def test_a_copy_from_before_is_an_overwritten_file_also_when_the_log_has_begun_anew(tmp_path):
    path = tmp_path / "shared.db"
    with closing(opened(path)) as connection:
        connection.execute("CREATE TABLE t (x BLOB)")
        file = OpenFile(path)
        assert file.may_move()
        with file.moving():
            move_log(connection)
        copy = path.read_bytes()
        grow(connection)
        with file.moving():
            move_log(connection)
        grow(connection)
        path.write_bytes(copy)
        with pytest.raises(FileOverwritten):
            file.check()
        file.close()


def test_a_file_that_was_cut_is_an_overwritten_file_also_when_the_log_has_begun_anew(tmp_path):
    path = tmp_path / "shared.db"
    with closing(opened(path)) as connection:
        connection.execute("CREATE TABLE t (x BLOB)")
        grow(connection)
        file = OpenFile(path)
        assert file.may_move()
        with file.moving():
            move_log(connection)
        grow(connection)
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(FileOverwritten):
            file.check()
        file.close()
