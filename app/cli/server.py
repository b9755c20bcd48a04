"""`touchstone serve` and `touchstone migrate`."""

import sys
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from sqlalchemy import make_url
from sqlmodel import Session, select

from app import auth, logs, migrate
from app.cli.loading import loading
from app.cli.run import settings, with_database
from app.models import ApiKey
from app.settings import Settings


def is_embedded(url: str) -> bool:
    """Whether the database is a file of ours, which `serve` may create and migrate by itself."""
    return make_url(url).get_backend_name() == "sqlite"


def first_key(session: Session) -> str | None:
    """An admin key on a database that has none yet."""
    if session.exec(select(ApiKey.id).limit(1)).first() is not None:
        return None
    return auth.create_key(session, "first admin key", (auth.ADMIN,))[0]


def prepare(chosen: Settings) -> None:
    """Migrate the embedded database, and print an admin key, once, on one that has none."""
    if is_embedded(chosen.database_url):
        migrate.upgrade(chosen.database_url)
    if chosen.admin_key is None:
        key = with_database(chosen.database_url, lambda db: db.write(first_key))
        if key:
            typer.echo(f"Admin key (shown this once, keep it): {typer.style(key, bold=True)}")


def address(chosen: Settings, host: str, port: int) -> str:
    """Where people reach the service that listens on `host` and `port`."""
    return chosen.public_url or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the database.")] = 1,
) -> None:
    """Serve. The embedded database is created and migrated first."""
    chosen = settings()
    prepare(chosen)
    host, port = host or chosen.host, chosen.port if port is None else port
    shown = address(chosen, host, port)
    for name, path in (("Dashboard", "/"), ("API docs", "/docs"), ("Demo shop", "/demo")):
        typer.echo(f"{name + ':':<11}{shown}{path}")
    run_server(host, port, workers)


def run_server(host: str, port: int, workers: int = 1) -> None:
    """Serve until stopped, with the settings of the environment."""
    uvicorn.run(
        "app.cli.server:application",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def application() -> FastAPI:
    """The application with the settings of the environment: what uvicorn calls in each process."""
    chosen = settings()
    logs.configure(chosen.log_format, chosen.log_level)
    sys.setswitchinterval(0.0005)  # the writer thread must not wait 5 ms for the event loop to let go
    with loading():
        from app.main import create_app

        return create_app(chosen)


def migrate_command() -> None:
    """Bring the database to the newest schema; safe when two start at once."""
    migrate.upgrade(settings().database_url)
    typer.echo(f"The database is at {migrate.head()}.")
