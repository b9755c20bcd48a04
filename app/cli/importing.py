"""`touchstone import`: history out of a file."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from app import migrate
from app.cli.run import fail, migrated, settings, with_chosen
from app.importer.answers import UNDATED, Columns
from app.importer.rows import FileError
from app.importer.run import Import, Tally, Wish
from app.sanitize import terminal_text
from app.sqlite_open import path_of
from app.touchpoints.scales import SCALES


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV or NDJSON, gzipped or not. An export needs no further option."
        ),
    ],
    rating_column: Annotated[str | None, typer.Option(help="Column of the rating.")] = None,
    comment_column: Annotated[str | None, typer.Option(help="Column of the comment.")] = None,
    touchpoint: Annotated[str | None, typer.Option(help="The touchpoint of all rows.")] = None,
    touchpoint_column: Annotated[str | None, typer.Option(help="Column whose value becomes its key.")] = None,
    touchpoint_prefix: Annotated[str, typer.Option(help="Put before such a value, such as `dept-`.")] = "",
    time_column: Annotated[
        str | None, typer.Option(help="When the customer answered: ISO 8601, 31.12.2025 18:30, or seconds since 1970.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="What tells answers apart; else touchpoint, time, rating and comment.")
    ] = None,
    respondent_column: Annotated[str | None, typer.Option(help="An opaque reference to the person.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of times that name none, and of touchpoints made; else the touchpoint's own.")
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help=f"Of touchpoints made: {', '.join(SCALES)}, or one of your own.")
    ] = None,
    create_touchpoints: Annotated[bool, typer.Option("--create-touchpoints", help="Make missing ones.")] = False,
    undated: Annotated[
        str | None,
        typer.Option(help="Rows without a time: skip leaves them out, import-day dates them now; else an error."),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of the text, such as cp1252.")] = "utf-8",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, store nothing.")] = False,
) -> None:
    """Import answers. Good rows are stored and bad ones named by line; importing a file again adds nothing."""
    columns = Columns(
        touchpoint=touchpoint,
        touchpoint_column=touchpoint_column,
        touchpoint_prefix=touchpoint_prefix,
        rating=rating_column,
        comment=comment_column,
        time=time_column,
        id=id_column,
        respondent=respondent_column,
    )
    export = columns == Columns()
    _check(columns, timezone, encoding, undated)
    zone = ZoneInfo(timezone) if timezone else None
    wish = Wish(scale, create_touchpoints, zone, dry_run, encoding, undated)
    tally = _run(file, None if export else columns, wish)
    _report(tally, dry_run)
    if not export and time_column is None:
        typer.echo("Without --time-column, answers are dated with the time of their import.")
    if tally.refused:
        raise typer.Exit(1)


def _check(columns: Columns, timezone: str | None, encoding: str, undated: str | None) -> None:
    """End with code 2 on options that cannot be meant."""
    export = columns == Columns()
    if not export and (columns.touchpoint is None) == (columns.touchpoint_column is None):
        raise fail("Say either --touchpoint or --touchpoint-column.", 2)
    if not export and columns.rating is None and columns.comment is None:
        raise fail("Say --rating-column, --comment-column, or both.", 2)
    if timezone is not None and timezone not in available_timezones():
        raise fail(f"There is no time zone {timezone}; they look like Europe/Copenhagen.", 2)
    if undated is not None and (undated not in UNDATED or columns.time is None):
        raise fail("--undated is skip or import-day, and needs --time-column.", 2)
    try:
        "".encode(encoding)
    except LookupError:
        raise fail(f"There is no encoding {encoding}.", 2) from None


def _run(file: Path, columns: Columns | None, wish: Wish) -> Tally:
    url = settings().database_url
    if migrate.is_embedded(url) and (wish.create_touchpoints or path_of(make_url(url)).exists()):
        migrated(url)  # a database without touchpoints would be of no use to who did not ask for them
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(), console=Console(stderr=True),
    )  # fmt: skip
    with bar:
        task = bar.add_task("Checking" if wish.dry_run else "Importing", total=file.stat().st_size, rows="")

        def progress(position: int, rows: int) -> None:
            seconds = bar.tasks[0].elapsed or 0
            speed = f", {rows / seconds:,.0f} rows/s" if seconds else ""
            bar.update(task, completed=position, rows=f"{rows:,} rows{speed}")

        try:
            then = "Run the same import again to go on."
            return with_chosen(lambda db: Import(db, columns, wish).run(file, progress), then=then)
        except FileError as error:
            raise fail(str(error), 2) from None


def _report(tally: Tally, dry_run: bool) -> None:
    for line, reason in tally.errors:
        typer.echo(terminal_text(f"line {line}: {reason}"), err=True)
    if tally.refused > len(tally.errors):
        typer.echo(f"... and {tally.refused - len(tally.errors):,} more rows that were refused.", err=True)
    made = len(tally.new_touchpoints)
    if made:
        typer.echo(f"Touchpoints {'that would be made' if dry_run else 'made'}: {made:,}")
    parts = [f"{tally.created:,} {'can be stored' if dry_run else 'stored'}"]
    parts += [f"{n:,} {what}" for n, what in ((tally.same, "there already"), (tally.updated, "changed")) if n]
    parts += [f"{tally.left_out:,} left out for they have no time"] if tally.left_out else []
    parts += [f"{tally.erased:,} left out, they were erased"] if tally.erased else []
    typer.echo(f"Rows: {', '.join(parts)}, {tally.refused:,} refused.")
