"""Real server processes on ports of their own, to be killed, stopped and started again."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ADMIN_KEY
from tests.reliability.forked import ROOT, Forked
from tests.reliability.load import Connection


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


class Server:
    """`touchstone serve` over a database. `broken` names a variant of broken.py, for a control that must fail.

    It is forked, unless `as_command` asks for a process with a start of its own (several workers always are), as does
    `code`, where another version lies.
    """

    def __init__(
        self,
        url: str,
        log: Path,
        *,
        workers: int = 1,
        broken: str = "",
        port: int = 0,
        as_command: bool = False,
        code: Path = ROOT,
        **settings: str,
    ) -> None:
        self.url, self.log, self.port = url, log, port or free_port()
        self._arguments = ["serve", "--port", str(self.port), "--workers", str(workers)]
        chosen = {"DATABASE_URL": url, "ADMIN_KEY": ADMIN_KEY, "RATE_LIMIT": "off", "LOG_FORMAT": "json"} | settings
        self.environment = os.environ | {f"TOUCHSTONE_{name}": value for name, value in chosen.items()}
        self.environment["BROKEN"] = broken
        self._code = code
        self._as_command = as_command or workers > 1 or code != ROOT
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self, *, under: tuple[str, ...] = ()) -> None:
        """Start it, as a process group of its own; `under` is a command it is run by, such as strace."""
        if under or self._as_command:
            self._process = self._command(under)
        else:
            self._process = Forked(self._arguments, dict(self.environment), self.log)

    def _command(self, under: tuple[str, ...]) -> subprocess.Popen[bytes]:
        module = "tests.reliability.broken" if self.environment["BROKEN"] else "app.cli"
        command = [*under, sys.executable, "-m", module, *self._arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=self._code, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    async def ready(self, within_s: float = 60) -> float:
        """Wait until it answers; returns the seconds that took."""
        started = time.monotonic()
        while time.monotonic() - started < within_s:
            if await status(self.port, "/readyz") == 200:
                return time.monotonic() - started
            assert self._process and self._process.poll() is None, self.log.read_text()[-3000:]
            await asyncio.sleep(0.02)
        raise AssertionError(f"not ready within {within_s} s: {self.log.read_text()[-3000:]}")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the whole group."""
        os.killpg(self.pid, number)

    def wait(self, within_s: float = 30) -> int:
        """Wait until it has ended; returns its exit code."""
        assert self._process
        return self._process.wait(within_s)

    def kill(self) -> None:
        """kill -9."""
        if self._process and self._process.poll() is None:
            self.send(signal.SIGKILL)
            self.wait()

    def stop(self) -> None:
        """Ask it to end, and make sure that it does."""
        if self._process and self._process.poll() is None:
            self.send(signal.SIGTERM)
            try:
                self.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def memory_mb(self) -> float:
        """What its processes hold in memory now."""
        return (
            sum(int(stat.read_text().split()[1]) for stat in self._of_each("statm")) * os.sysconf("SC_PAGESIZE") / 1e6
        )

    def forget_peak_mb(self) -> float:
        """Let `peak_mb` begin at what its processes hold now, and return that."""
        for each in self._of_each("clear_refs"):
            each.write_text("5")  # resets VmHWM, says proc(5)
        return self.peak_mb()

    def peak_mb(self) -> float:
        """The most that its processes held in memory, also what they gave back since."""
        found = (re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) for status in self._of_each("status"))
        return sum(int(peak[1]) for peak in found if peak) * 1024 / 1e6

    def descriptors(self) -> int:
        """How many file descriptors its processes have open now."""
        return sum(len(list(opened.iterdir())) for opened in self._of_each("fd"))

    def _of_each(self, name: str) -> list[Path]:
        numbers = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
        return [Path(f"/proc/{number}/{name}") for number in numbers if _group(number) == self.pid]


def _group(number: int) -> int | None:
    try:
        return os.getpgid(number)
    except ProcessLookupError:
        return None


async def colour(server: Server, wanted: int, within_s: float = 15) -> int | None:
    """The status of /readyz, as soon as it is the wanted one."""
    found = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while (found := await status(server.port, "/readyz")) != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    return found


async def status(port: int, path: str) -> int | None:
    """The status of one GET; None when nobody answers within four seconds."""
    connection = Connection(port)
    try:
        return (await connection.ask("GET", path, timeout_s=4))[0]
    except (OSError, TimeoutError):
        return None
    finally:
        connection.close()
