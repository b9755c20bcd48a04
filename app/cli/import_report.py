"""What became of a file, told when it is imported."""

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from app.importer.mapping import Mapping
from app.importer.stored import Stored
from app.importer.tally import Tally
from app.sanitize import terminal_text

TOUCHPOINTS_SHOWN = 30


def report(
    tally: Tally, stored: dict[str, Stored], mapping: Mapping | None, refused: Path | None, *, dry_run: bool
) -> None:
    """Refused rows by cause, counts and means by touchpoint, and in the last line what became of all rows."""
    _say_refused(tally, refused)
    made = len(tally.new_touchpoints)
    if made:
        typer.echo(f"Touchpoints {'that would be made' if dry_run else 'made'}: {made:,}")
    if mapping is not None and tally.of_file:
        _touchpoints(tally, stored, dry_run=dry_run)
    for why, rows in tally.left.items():
        typer.echo(terminal_text(f"Left out: {rows:,} rows that {why}."))
    parts = [f"{tally.created:,} {'can be stored' if dry_run else 'stored'}"]
    parts += [f"{n:,} {what}" for n, what in ((tally.same, "there already"), (tally.updated, "changed")) if n]
    parts += [f"{tally.left_out:,} left out"] if tally.left_out else []
    parts += [f"{tally.erased:,} left out, they were erased"] if tally.erased else []
    typer.echo(f"Rows: {', '.join(parts)}, {tally.refused:,} refused.")
    if mapping is not None and mapping.columns.time is None:
        typer.echo("Without --time-column, answers are dated with the time of their import.")


def _say_refused(tally: Tally, kept: Path | None) -> None:
    for line, reason in tally.errors:
        typer.echo(terminal_text(f"line {line}: {reason}"), err=True)
    if tally.refused > len(tally.errors):
        typer.echo(f"... and {tally.refused - len(tally.errors):,} more rows that were refused. By cause:", err=True)
        for cause in sorted(tally.causes.values(), key=lambda cause: -cause.rows):
            lines = ", ".join(map(str, cause.lines))
            typer.echo(terminal_text(f"{cause.rows:>9,} rows ({lines} ...): {cause.example}"), err=True)
    if kept and kept.exists():
        typer.echo(f"The refused rows are in {kept}: mend them and import that file.", err=True)


def _touchpoints(tally: Tally, stored: dict[str, Stored], *, dry_run: bool) -> None:
    table = Table("touchpoint", "in the file", "mean", *(() if dry_run else ("stored of files", "mean")))
    for key, count in sorted(tally.of_file.items())[:TOUCHPOINTS_SHOWN]:
        there = stored.get(key, Stored(0, None))
        now = () if dry_run else (f"{there.answers:,}", _mean(there.mean))
        table.add_row(key, f"{count.total():,}", _mean(count.mean), *now)
    Console(width=100, markup=False, highlight=False).print(table)
    if len(tally.of_file) > TOUCHPOINTS_SHOWN:
        typer.echo(f"... and {len(tally.of_file) - TOUCHPOINTS_SHOWN:,} more touchpoints.")


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
