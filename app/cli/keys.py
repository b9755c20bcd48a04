"""`touchstone keys`: API keys."""

import json
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlmodel import Session, col, select

from app import auth
from app.cli.run import fail, read, write
from app.keys import KeyIn, all_keys, make
from app.keys import revoke as revoke_key
from app.models import ApiKey
from app.sanitize import terminal_text

cli = typer.Typer(no_args_is_help=True, help="API keys.")


@cli.command()
def create(
    name: Annotated[str, typer.Argument(help="Who will use it.")],
    scope: Annotated[list[str], typer.Option(help=f"Repeatable: {', '.join(auth.SCOPES)}.")],
    touchpoint: Annotated[
        str | None, typer.Option(help="Where answers go that its client sends to no touchpoint of its own.")
    ] = None,
) -> None:
    """Make a key and print it, this once."""
    unknown = [each for each in scope if each not in auth.SCOPES]
    if unknown:
        raise fail(f"Unknown scope {unknown[0]}. The scopes are {', '.join(auth.SCOPES)}.", 2)
    try:
        wanted = KeyIn(name=name, scopes=scope, touchpoint=touchpoint)
    except ValidationError as error:
        raise fail(f"The key {error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}.", 2) from None
    typer.echo(write(lambda session: make(session, wanted, auth.SETTINGS_CALLER))[0])


@cli.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False) -> None:
    """List the keys, without what would let anybody use them."""
    keys = read(all_keys)
    if as_json:
        typer.echo(json.dumps(keys, default=str))
        return
    table = Table("id", "name", "begins with", "scopes", "created", "last used", "made by", "state")
    for key in keys:
        state = (
            "revoked" if key["revoked_at"] else "expires " + str(key["expires_at"]) if key["expires_at"] else "valid"
        )
        used = str(key["last_used_on"] or "never")
        created = key["created_at"].date().isoformat()
        name = Text(terminal_text(key["name"]))  # as it is: in a plain string, brackets are rich's markup
        made_by = str(key["made_by"] or "operator")
        table.add_row(str(key["id"]), name, key["prefix"], " ".join(key["scopes"]), created, used, made_by, state)
    Console(highlight=False).print(table)


@cli.command()
def revoke(prefix: Annotated[str, typer.Argument(help="Its id, or how it begins.")]) -> None:
    """Make a key, and those made with it, useless from now on."""

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
    typer.echo(f"Revoked: {terminal_text(name)}")
