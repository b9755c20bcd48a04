"""`touchstone rollup`: proves that the counts equal the answers, and mends them."""

from functools import partial

import typer
from sqlmodel import Session

from app.cli.run import fail, read, with_chosen
from app.db import Database, snapshot
from app.scores import rollup as ledger

cli = typer.Typer(no_args_is_help=True, help="Proves that the counts equal the answers, and mends them.")


@cli.command()
def verify() -> None:
    """Compare every count with the answers; exits 1 when any differs."""

    def work(session: Session) -> int:
        wrong = 0
        with snapshot(session):
            for row in ledger.every_touchpoint(session):
                for cell, held, true in ledger.differences(session, row):
                    wrong += 1
                    where = " ".join(str(part) for part in cell[1:])
                    typer.echo(f"{row.key} {where}: stored {held}, counted {true}", err=True)
        return wrong

    if wrong := read(work):
        raise fail(f"{wrong} cells differ. `touchstone rollup rebuild` mends them.")
    typer.echo("The rollup equals the answers.")


@cli.command()
def rebuild() -> None:
    """Count the rollup anew from the answers."""

    async def one_by_one(db: Database) -> int:
        """Each touchpoint in a transaction of its own: answers wait for one at a time."""
        numbers = await db.read(lambda session: [row.id or 0 for row in ledger.every_touchpoint(session)])
        return sum([await db.write(partial(ledger.rebuild, touchpoint_id=number)) for number in numbers])

    typer.echo(f"Counted anew: {with_chosen(one_by_one)} cells.")
