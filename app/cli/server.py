"""`touchstone serve`."""

import contextlib
import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.loading import loading
from app.cli.run import fail, named, say, settings, usable, with_database
from app.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlmodel import Session

LOOK_S = 0.5  # how long a start looks for damage: within that, half a gigabyte is read
BACKLOG = 2048  # connections that may wait to be accepted
SWITCH_S = 0.0005  # the writer thread must not wait 5 ms for the event loop to let go


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the database.")] = 1,
) -> None:
    """Serve. The embedded database is created and migrated first."""
    chosen = settings()
    host, port = host or chosen.host, chosen.port if port is None else port
    listening = listen(host, port) if workers == 1 else None  # several are given theirs by uvicorn
    port = listening.getsockname()[1] if listening else port
    with listening or contextlib.nullcontext():
        prepare(chosen, load=workers == 1)
        shown = address(chosen, host, port)
        for name, path in (("Dashboard", "/"), ("API docs", "/docs"), ("Demo shop", "/demo")):
            say(f"{name + ':':<11}{shown}{path}", "address")
        run_server(host, port, workers, listening)


def listen(host: str, port: int) -> socket.socket:
    """Take the address before all that is slow: who calls meanwhile waits for a second instead of being turned away."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]  # Python names the address once more
        raise fail(f"Cannot listen on {host}, port {port}: {why}.") from None


def address(chosen: Settings, host: str, port: int) -> str:
    """Where people reach the service that listens on `host` and `port`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return chosen.public_url or f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"


def prepare(chosen: Settings, *, load: bool) -> None:
    """Migrate the embedded database, and print an admin key, once, on one that has none.

    The application is loaded meanwhile, if it is to run in this process.
    """
    with loading():
        from app import migrate

        with migrating(chosen.database_url) if migrate.is_embedded(chosen.database_url) else contextlib.nullcontext():
            if load:
                from app import main  # noqa: F401
    key = with_database(
        chosen.database_url, lambda db: db.write(first_key if chosen.admin_key is None else takes_writes)
    )
    say(f"{'Database:':<11}{named(chosen.database_url)}", "database")
    if key:
        say(f"Admin key (shown this once, keep it): {key} ", "admin_key")  # the space parts it from JSON's quote


@contextlib.contextmanager
def migrating(url: str) -> Iterator[None]:
    """Migrate in a process of its own, while this one goes on loading; what fails there is done again here, and told.

    It also takes with it the 11 MB that alembic holds. A thread looks at the file meanwhile, as far as it gets.
    """
    from app import migrate, schema

    look = ThreadPoolExecutor(1, "look").submit(migrate.look, url, LOOK_S)
    with usable(url):
        try:
            current = migrate.revision(url) == schema.head()
        except Exception:
            look.result()  # says more of a damaged file
            raise
        if not current:
            look.result()  # a damaged file, or one with another's log beside it, is left as it is
        child = None if current or not hasattr(os, "fork") else os.fork()
        if child == 0:
            try:
                migrate.upgrade(url)
            finally:
                os._exit(0)
        yield
        if child:
            os.waitpid(child, 0)
        with contextlib.suppress(FutureTimeout):
            look.result(LOOK_S)
        migrate.upgrade(url)


def takes_writes(session: "Session") -> None:
    """Find out now what is wrong with a database that is not there, full, not migrated or not ours to write."""
    from app.db import ping

    ping(session)


def first_key(session: "Session") -> str | None:
    """An admin key on a database that has none yet."""
    from sqlmodel import select

    from app import auth
    from app.models import ApiKey

    if session.exec(select(ApiKey.id).limit(1)).first() is not None:
        return None
    return auth.create_key(session, "first admin key", (auth.ADMIN,))[0]


def run_server(host: str, port: int, workers: int = 1, listening: socket.socket | None = None) -> None:
    """Serve until stopped, with the settings of the environment, on `listening` if the address is taken already."""
    import uvicorn

    from app.figures import meeting

    options: dict[str, Any] = {
        "app": "app.cli.server:application",
        "factory": True,
        "http": http_protocol(),
        "access_log": False,
        "log_config": None,
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": 5,
    }
    if listening is None:
        with meeting():
            uvicorn.run(**options, host=host, port=port, workers=workers)
    else:
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config(**options)).run([listening])


def http_protocol() -> str:
    """The bounded protocol where httptools can be had; h11, which has bounds of its own, elsewhere."""
    return "app.http_protocol:BoundedProtocol" if importlib.util.find_spec("httptools") else "auto"


def application() -> "FastAPI":
    """The application with the settings of the environment: what uvicorn calls in each process."""
    from app import descriptors, logs, tracing

    descriptors.raise_limit()
    chosen = Settings.from_environment(os.environ)
    logs.configure(chosen.log_format, chosen.log_level)
    sys.setswitchinterval(SWITCH_S)
    with loading():
        from app.main import create_app

        return create_app(chosen, tracing.configured())
