"""`touchstone rollup`: proves that the counts equal the answers, and mends them."""

import json
from functools import partial
from typing import Annotated, Any

import typer
from sqlmodel import Session

from app.cli.run import fail, read, settings, with_chosen
from app.db import Database, snapshot
from app.scores import backfill
from app.scores import rollup as ledger

_PIECE = 2000  # answers; somebody waits for the end, so answers that come in wait a little longer than for the service
cli = typer.Typer(no_args_is_help=True, help="Proves that the counts equal the answers, and mends them.")


@cli.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="As a JSON list.")] = False) -> None:
    """Compare every count with the answers; exits 1 when any differs."""

    def work(session: Session) -> list[dict[str, Any]]:
        with snapshot(session):
            return [
                {"touchpoint": row.key, "cell": [str(part) for part in cell[1:]], "stored": held, "counted": true}
                for row in ledger.every_touchpoint(session)
                for cell, held, true in ledger.differences(session, row)
            ]

    wrong = read(work)
    for one in () if as_json else wrong:
        where = " ".join(one["cell"])
        typer.echo(f"{one['touchpoint']} {where}: stored {one['stored']}, counted {one['counted']}", err=True)
    if as_json:
        typer.echo(json.dumps(wrong))
    if wrong:
        raise fail(f"{len(wrong)} cells differ. `touchstone rollup rebuild` mends them.")
    if not as_json:
        typer.echo("The rollup equals the answers.")


Key = Annotated[
    str | None, typer.Option(help="Count only by this declared segment key anew; its values are chosen anew.")
]


@cli.command()
def rebuild(segment: Key = None) -> None:
    """Count the rollup anew from the answers. The service may run on meanwhile."""
    most = settings().segment_values

    async def one_by_one(db: Database) -> int:
        """Each touchpoint in a transaction of its own: answers wait for one at a time."""
        numbers = await db.read(lambda session: [row.id or 0 for row in ledger.every_touchpoint(session)])
        work = ledger.rebuild if segment is None else partial(ledger.restart_split, key=segment, most=most)
        done = sum([await db.write(partial(work, touchpoint_id=number)) for number in numbers])
        await _segments(db)
        return done

    done = with_chosen(one_by_one)
    typer.echo(f"Counted anew: {done} {'cells' if segment is None else f'touchpoints by {segment}'}.")


async def _segments(db: Database) -> None:
    """Count what waits to be counted by segment, in pieces, and say how far it is."""
    counted = 0
    while (split := await db.read(backfill.waiting)) is not None:
        await backfill.choose_values(db, split)
        while await db.write(partial(backfill.count_on, split_id=split, most=_PIECE)):
            counted += _PIECE
            typer.echo(f"Counted by segment: {counted:,} answers ...", err=True)
    while await db.read(backfill.abandoned):
        await db.write(backfill.clear)
