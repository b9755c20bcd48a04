"""`touchstone monitor`: looks at every touchpoint, opens alerts and closes those that are over."""

import json
from datetime import datetime
from statistics import median
from typing import Annotated

import typer

from app.cli.run import fail, with_chosen
from app.models import now
from app.sanitize import terminal_text


def monitor(
    once: Annotated[bool, typer.Option("--once", help="Look at all touchpoints now, once.")] = False,
    at: Annotated[str | None, typer.Option(help="Look as of this time, such as 2026-01-31T12:00:00Z.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was found as a JSON object.")] = False,
) -> None:
    """Find touchpoints and journeys whose level fell or rose; open alerts, and close those that are over."""
    from app.monitoring import watch

    if not once:
        raise fail("Say --once; run it every hour.", 2)
    try:
        moment = datetime.fromisoformat(at) if at else now()
    except ValueError:
        raise fail("--at is no time; write one such as 2026-01-31T12:00:00Z.", 2) from None
    if moment.tzinfo is None:
        raise fail("--at has no offset; write one such as 2026-01-31T12:00:00Z.", 2)
    report = with_chosen(lambda db: watch.by_hand(db, moment))
    changes = report.changes
    if as_json:
        rho = {key: round(value, 4) for key, value in report.rho.items()}
        typer.echo(json.dumps(report.summary() | {"changes": changes, "rho": rho}))
        return
    for each in changes:
        place = each.get("touchpoint") or each["journey"]
        levels = f"from {each['from']} to {each['to']} index points"
        typer.echo(terminal_text(f"{each['kind']} {place} since {each['since']}: {levels}"))
    looked = report.touchpoints
    learning = looked - report.states["watched"]
    typer.echo(f"{looked} touchpoints looked at, {learning} of them learning; {len(changes)} changes.")
    if report.rho:
        middle = median(report.rho.values())
        key, most = max(report.rho.items(), key=lambda item: item[1])
        typer.echo(f"How much answers of one day share (rho): {middle:.4f} in the middle, {most:.4f} at most ({key}).")
