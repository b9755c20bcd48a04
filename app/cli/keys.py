"""`touchstone keys`: API keys."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import Session, col, select

from app import auth
from app.cli.run import fail, read, write
from app.keys import all_keys
from app.keys import revoke as revoke_key
from app.models import ApiKey

cli = typer.Typer(no_args_is_help=True, help="API keys.")


@cli.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(auth.SCOPES)}.")],
) -> None:
    """Make a key and print it, this once."""
    unknown = [each for each in scope if each not in auth.SCOPES]
    if unknown:
        raise fail(f"Unknown scope {unknown[0]}. The scopes are {', '.join(auth.SCOPES)}.", 2)
    key, _ = write(lambda session: auth.create_key(session, name, tuple(scope)))
    typer.echo(key)


@cli.command("list")
def list_keys() -> None:
    """List the keys, without what would let anybody use them."""
    table = Table("id", "name", "begins with", "scopes", "created", "last used", "state")
    for key in read(all_keys):
        state = (
            "revoked" if key["revoked_at"] else "expires " + str(key["expires_at"]) if key["expires_at"] else "valid"
        )
        used = str(key["last_used_on"] or "never")
        created = key["created_at"].date().isoformat()
        table.add_row(str(key["id"]), key["name"], key["prefix"], " ".join(key["scopes"]), created, used, state)
    Console(highlight=False).print(table)


@cli.command()
def revoke(prefix: Annotated[str, typer.Argument(help="Its id, or how it begins.")]) -> None:
    """Make a key useless from now on."""

    def work(session: Session) -> str | None:
        same = ApiKey.id == int(prefix) if prefix.isdigit() else col(ApiKey.prefix) == prefix[:12]
        row = session.exec(select(ApiKey).where(same)).first()
        if row is None or row.id is None:
            return None
        revoke_key(session, row.id)
        return row.name

    name = write(work)
    if name is None:
        raise fail("There is no such key.")
    typer.echo(f"Revoked: {name}")
