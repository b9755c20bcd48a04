"""Servers forked from a process that has the imports done: to be killed twenty times in seconds and not in a minute."""

import multiprocessing
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "app.main",
        "sqlalchemy.dialects.postgresql.asyncpg",
        "tests.reliability.broken",
        "tests.reliability.forked",
        "uvicorn.lifespan.on",
        "uvicorn.loops.uvloop",
        "uvicorn.protocols.http.httptools_impl",
    ]
)


class Forked:
    """`touchstone ARGUMENTS` in a process group of its own, with the part of subprocess.Popen that tests use."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self._process = _FORKS.Process(target=_run, args=(arguments, environment, log), daemon=True)
        self._process.start()
        assert self._process.pid
        self.pid: int = self._process.pid
        while self.poll() is None and os.getpgid(self.pid) != self.pid:
            time.sleep(0.001)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("touchstone", timeout)
        return self._process.exitcode


def _run(arguments: Sequence[str], environment: dict[str, str], log: Path) -> None:
    from tests.reliability import broken

    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    broken.main(arguments)
