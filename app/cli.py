"""The console script `touchstone`."""

import asyncio
import os
import sys
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url
from sqlmodel import Session, col, select

from app import auth, logs, migrate
from app.db import Work, open_database
from app.keys import all_keys, revoke
from app.models import ApiKey
from app.scores import rollup as ledger
from app.settings import Settings

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Collects customer feedback and serves honest scores."
)
keys_cli = typer.Typer(no_args_is_help=True, help="API keys.")
rollup_cli = typer.Typer(no_args_is_help=True, help="Proves that the counts equal the answers, and mends them.")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(rollup_cli, name="rollup")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def settings() -> Settings:
    """The settings of the environment; prints what is wrong with them and exits."""
    try:
        return Settings.from_environment(os.environ)
    except ValidationError as error:
        for place in error.errors():
            err.print(f"TOUCHSTONE_{str(place['loc'][0]).upper()}: {place['msg']}")
        raise typer.Exit(2) from None


def with_database(url: str, use: Any) -> Any:
    """Run the coroutine function `use(database)` and close the database."""

    async def run() -> Any:
        db = open_database(url)
        try:
            return await use(db)
        finally:
            await db.close()

    return asyncio.run(run())


def read(work: Work[Any]) -> Any:
    """Run one unit of work that only reads."""
    return with_database(settings().database_url, lambda db: db.read(work))


def write(work: Work[Any]) -> Any:
    """Run one unit of work and commit it."""
    return with_database(settings().database_url, lambda db: db.write(work))


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
            out.print(f"Admin key (shown this once, keep it): [bold]{key}[/bold]", soft_wrap=True)


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the database.")] = 1,
) -> None:
    """Serve. The embedded database is created and migrated first."""
    chosen = settings()
    prepare(chosen)
    run_server(chosen, host or chosen.host, chosen.port if port is None else port, workers)


def run_server(chosen: Settings, host: str, port: int, workers: int) -> None:
    """Say where everything is, then serve until stopped."""
    shown = chosen.public_url or f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104
    for name, path in (("Dashboard", "/"), ("API docs", "/docs"), ("Demo shop", "/demo")):
        out.print(f"{name + ':':<11}{shown}{path}", soft_wrap=True)
    uvicorn.run(
        "app.cli:application",
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


def application() -> Any:
    """The application with the settings of the environment: what uvicorn calls in each process."""
    from app.main import create_app

    chosen = settings()
    logs.configure(chosen.log_format, chosen.log_level)
    sys.setswitchinterval(0.0005)  # the writer thread must not wait 5 ms for the event loop to let go
    return create_app(chosen)


@cli.command(name="migrate")
def migrate_command() -> None:
    """Bring the database to the newest schema; safe when two start at once."""
    migrate.upgrade(settings().database_url)
    out.print(f"The database is at {migrate.head()}.")


@keys_cli.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(auth.SCOPES)}.")],
) -> None:
    """Make a key and print it, this once."""
    unknown = [each for each in scope if each not in auth.SCOPES]
    if unknown:
        err.print(f"Unknown scope {unknown[0]}. The scopes are {', '.join(auth.SCOPES)}.")
        raise typer.Exit(2)
    key, _ = write(lambda session: auth.create_key(session, name, tuple(scope)))
    out.print(key, soft_wrap=True)


@keys_cli.command("list")
def keys_list() -> None:
    """List the keys, without what would let anybody use them."""
    table = Table("id", "name", "begins with", "scopes", "created", "last used", "state")
    for key in read(all_keys):
        state = (
            "revoked" if key["revoked_at"] else "expires " + str(key["expires_at"]) if key["expires_at"] else "valid"
        )
        used = str(key["last_used_on"] or "never")
        created = key["created_at"].date().isoformat()
        table.add_row(str(key["id"]), key["name"], key["prefix"], " ".join(key["scopes"]), created, used, state)
    out.print(table)


@keys_cli.command("revoke")
def keys_revoke(prefix: Annotated[str, typer.Argument(help="Its id, or how it begins.")]) -> None:
    """Make a key useless from now on."""

    def work(session: Session) -> str:
        same = ApiKey.id == int(prefix) if prefix.isdigit() else col(ApiKey.prefix) == prefix[:12]
        row = session.exec(select(ApiKey).where(same)).first()
        if row is None or row.id is None:
            err.print("There is no such key.")
            raise typer.Exit(1)
        revoke(session, row.id)
        return row.name

    out.print(f"Revoked: {write(work)}")


@rollup_cli.command("verify")
def rollup_verify() -> None:
    """Compare every count with the answers; exits 1 when any differs."""

    def work(session: Session) -> int:
        wrong = 0
        for row in ledger.every_touchpoint(session):
            for cell, held, true in ledger.differences(session, row):
                wrong += 1
                err.print(f"{row.key} {cell[1]} {cell[2]} {cell[3]} {cell[4]}: stored {held}, counted {true}")
        return wrong

    if wrong := read(work):
        err.print(f"{wrong} cells differ. `touchstone rollup rebuild` mends them.")
        raise typer.Exit(1)
    out.print("The rollup equals the answers.")


@rollup_cli.command("rebuild")
def rollup_rebuild() -> None:
    """Count the rollup anew from the answers."""
    cells = write(lambda session: sum(ledger.rebuild(session, row) for row in ledger.every_touchpoint(session)))
    out.print(f"Counted anew: {cells} cells.")


def main() -> None:
    """Entry point."""
    cli()


if __name__ == "__main__":
    main()
