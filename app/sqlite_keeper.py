"""Looks after the open SQLite file: moves its log each second, lets nobody in while it is not right, opens it anew."""

import threading
from collections.abc import Callable
from types import TracebackType

from app.logs import log, said_by
from app.sqlite_file import FileTrouble, verify
from app.sqlite_log import Job
from app.sqlite_open import Opened
from app.sqlite_watch import FileGone, FileOverwritten

TEND_S = 1.0
VERIFY_S = 5.0  # how long a file is looked at that took the place of another


class Gate:
    """Lets units of work in while there is no trouble, and knows how many are inside."""

    def __init__(self) -> None:
        self.trouble: FileTrouble | None = None
        self._inside = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            if self.trouble:
                raise FileTrouble(str(self.trouble))
            self._inside += 1

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._inside -= 1
            if self.trouble:
                self._changed.notify_all()

    def emptied(self, within_s: float) -> bool:
        """Wait until nobody is inside."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._inside, within_s)


class Keeper:
    """One thread. `in_turn` runs a job between two commits; `replaced` is told that another file is open now."""

    def __init__(
        self, open_file: Callable[[], Opened], in_turn: Callable[[Job], object], replaced: Callable[[], None]
    ) -> None:
        self._open, self._in_turn, self._replaced = open_file, in_turn, replaced
        self.opened = open_file()
        self.gate = Gate()
        self.turn = 0  # grows each second
        self._is_open = True
        self._told: set[str] = set()
        self._wake, self._closing = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="sqlite-keeper", daemon=True)
        self._thread.start()

    def check(self, *, quick: bool = False) -> None:
        """Raise FileTrouble, and let nobody in any more, unless the open file is the right one."""
        try:
            if quick:
                self.opened.file.look()
            else:
                self.opened.file.check()
        except FileTrouble as trouble:
            self.gate.trouble = trouble
            self._wake.set()
            raise

    def stop(self) -> None:
        """End the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def close(self) -> None:
        """When the thread has ended and nobody is inside any more: close the file."""
        if self._is_open:
            try:
                self.opened.file.check()
            except FileTrouble:
                self.opened.close(move_log=False)
            else:
                self.opened.close(move_log=True)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(TEND_S)
            self._wake.clear()
            self.turn += 1
            try:
                if self.gate.trouble is None:
                    self.check()
                    self.opened.log.tend(self._in_turn)
                else:
                    self._tell(self.gate.trouble)
                    self._mend()
            except Exception as error:
                self._tell(error)
            else:
                self._told.clear()

    def _tell(self, error: Exception) -> None:
        """One line for each trouble, however long it lasts."""
        said = said_by(error)
        if said not in self._told:
            self._told.add(said)
            log.error("database_file", extra={"error": said, "path": str(self.opened.file.path)})

    def _mend(self) -> None:
        """Go on when the path names the open file again, or else with the file that it names now, if that is right."""
        if self._is_open:
            self._let_go()
        if not self._is_open:
            self._open_anew()
        self.gate.trouble = None
        log.warning("database_file_right_again", extra={"path": str(self.opened.file.path)})

    def _let_go(self) -> None:
        """Close the open file if another has taken its place; FileGone while nothing has.

        All that was committed is moved into it before, wherever it is now, unless it was overwritten.
        """
        try:
            self.opened.file.check()
        except FileOverwritten:
            self._close()
        except FileGone:
            self._move_log()
            raise
        except FileTrouble:
            self._move_log()
            self._close()

    def _move_log(self) -> None:
        if self.opened.file.moves:
            self.opened.log.move()

    def _close(self) -> None:
        aside = self.opened.file.set_log_aside()
        if aside:
            log.warning("database_log_set_aside", extra={"path": str(aside)})
        if not self.gate.emptied(within_s=TEND_S):
            raise FileTrouble("what was begun in the former file has not come to an end")
        self.opened.close(move_log=False)
        self._is_open = False

    def _open_anew(self) -> None:
        file = self.opened.file
        file.wait_for_others()
        version = verify(file.path, VERIFY_S)
        if version != self.opened.version:
            raise FileTrouble(f"{file.path} holds the schema {version}, not {self.opened.version}: start anew")
        self.opened, self._is_open = self._open(), True
        self._replaced()
