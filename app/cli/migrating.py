"""`touchstone migrate`: the schema of the database."""

from typing import Annotated

import typer

from app.cli.run import fail, migrated, say_which, settings, usable


def migrate_command(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 0 only if the schema fits.")] = False,
    status: Annotated[bool, typer.Option("--status", help="The same, with all that is still to be done.")] = False,
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
    if status:
        for revision in known[known.index(at) + 1 if at else 0 :]:
            typer.echo(f"to be done: {revision}")
    if (check or status) and (wrong := schema.misfit(at)):
        raise fail(wrong)
    typer.echo(f"The database is at {at}.")
    say_which(url)
