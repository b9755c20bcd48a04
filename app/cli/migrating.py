"""`touchstone migrate`: the schema of the database."""

import json
from typing import Annotated

import typer

from app.cli.run import fail, migrated, of_database, say_which, settings, usable


def migrate_command(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 0 only if the schema fits.")] = False,
    status: Annotated[bool, typer.Option("--status", help="The same, with all that is still to be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it is as a JSON object.")] = False,
    to: Annotated[
        str | None, typer.Option(help="Go to this revision. Going back drops what later ones added: back up first.")
    ] = None,
) -> None:
    """Bring the database to the newest schema; safe when two start at once."""
    from app import migrate, schema

    url, known = settings().database_url, schema.revisions()
    if to is not None and to not in known:
        raise fail(f"There is no revision {to}. The revisions are {', '.join(known)}.", 2)
    with usable(url):
        if not (check or status):
            migrate.go(url, to) if to else migrated(url)
        at = migrate.revision(url)
    left = known[known.index(at) + 1 if at else 0 :]
    if as_json:
        typer.echo(json.dumps({"at": at, "needed": schema.head(), "to_be_done": left}))
    for revision in left if status and not as_json else ():
        typer.echo(f"to be done: {revision}")
    if (check or status) and (wrong := schema.misfit(at)):
        raise fail(of_database(url, wrong))
    if not as_json:
        typer.echo(f"The database is at {at}.")
    say_which(url)
