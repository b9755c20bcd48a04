"""`touchstone import`: history out of a file."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from app.cli.import_look import Chosen, understood
from app.cli.import_report import report
from app.cli.import_run import run, scales_there, spooled
from app.cli.run import fail
from app.importer.answers import UNDATED, Columns
from app.importer.look import is_complete
from app.importer.mapping import ADDRESSES, RESPONDENTS, Mapping, from_toml, to_toml
from app.importer.presets import NAMES
from app.importer.ratings import read_map, read_rescale
from app.importer.row import FileError
from app.sanitize import terminal_text
from app.touchpoints.scales import SCALES

Text = str | None


def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            dir_okay=False,
            allow_dash=True,
            help="CSV, TSV, .xlsx, JSON or NDJSON, also in .gz or .zip; - reads standard input. Without options it is "
            "looked at first, and what is understood is shown. An export of Touchstone needs no option.",
        ),
    ],
    rating_column: Annotated[Text, typer.Option(help="Column of the rating.")] = None,
    comment_column: Annotated[Text, typer.Option(help="Column of the comment.")] = None,
    touchpoint: Annotated[Text, typer.Option(help="The touchpoint of all rows.")] = None,
    touchpoint_column: Annotated[Text, typer.Option(help="Column whose value becomes its key.")] = None,
    touchpoint_prefix: Annotated[str, typer.Option(help="Put before such a value, such as `dept-`.")] = "",
    time_column: Annotated[
        Text, typer.Option(help="When the customer answered: ISO 8601, 31.12.2025 18:30, or seconds since 1970.")
    ] = None,
    clock_column: Annotated[Text, typer.Option(help="The time of the day, if it has a column of its own.")] = None,
    id_column: Annotated[
        Text, typer.Option(help="What tells answers apart; else touchpoint, time, rating and comment.")
    ] = None,
    respondent_column: Annotated[Text, typer.Option(help="A reference to the person.")] = None,
    respondents: Annotated[
        Text, typer.Option(help="hashed, plain, or addresses: only what looks like an address is hashed.")
    ] = None,
    count_column: Annotated[Text, typer.Option(help="How many answers a row stands for.")] = None,
    context_column: Annotated[list[str] | None, typer.Option(help="Kept beside the answer; may be repeated.")] = None,
    timezone: Annotated[
        Text, typer.Option(help="Of times that name none, and of touchpoints made; else the touchpoint's own.")
    ] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="How to read 01/02/2026, if the file leaves it open."),
    ] = None,
    scale: Annotated[Text, typer.Option(help=f"Of touchpoints made: {', '.join(SCALES)}, or your own.")] = None,
    mapped: Annotated[list[str] | None, typer.Option("--map", help="What a word means: Great=5; repeatable.")] = None,
    rescale: Annotated[Text, typer.Option(help="From another highest rating, such as 10:5, with a loss.")] = None,
    create_touchpoints: Annotated[bool, typer.Option("--create-touchpoints", help="Make missing ones.")] = False,
    undated: Annotated[
        Text,
        typer.Option(help="Rows without a time: skip leaves them out, import-day dates them now; else an error."),
    ] = None,
    encoding: Annotated[Text, typer.Option(help="Of the text, such as cp1252; else it is found.")] = None,
    origin: Annotated[Text, typer.Option("--from", help=f"Whose export it is: {', '.join(NAMES)}.")] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="What --save-mapping kept."),
    ] = None,
    save_mapping: Annotated[Path | None, typer.Option(help="Keep what is understood, as TOML.")] = None,
    refused: Annotated[Path | None, typer.Option(help="Refused rows are written here, to be mended.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, store nothing.")] = False,
) -> None:
    """Import answers. Good rows are stored and bad ones named by line; importing a file again adds nothing."""
    columns = Columns(
        touchpoint=touchpoint, touchpoint_column=touchpoint_column, touchpoint_prefix=touchpoint_prefix,
        rating=rating_column, comment=comment_column, time=time_column, clock=clock_column, id=id_column,
        respondent=respondent_column, count=count_column, context=tuple(context_column or ()),
    )  # fmt: skip
    if str(file) != "-" and not file.exists():
        raise fail(f"There is no file {file}.", 2)
    try:
        options = Mapping(
            columns,
            scale,
            read_map(mapped or []),
            rescale,
            day_first,
            timezone,
            undated,
            respondents or ADDRESSES,
        )
        _check(options, encoding, origin)
        said = options.over(from_toml(mapping.read_text(encoding="utf-8"))) if mapping else options
        with spooled(file) as path:
            chosen = Chosen(path, file.stem, said, encoding, origin, mapping is not None, yes, dry_run)
            looked = understood(chosen, scales_there())
            if save_mapping and looked.mapping:
                save_mapping.write_text(to_toml(looked.mapping), encoding="utf-8")
            create = create_touchpoints or (looked.mapping is not None and not chosen.complete)
            tally, stored = run(chosen, looked, refused, create=create)
    except FileError as error:
        raise fail(str(error), 2) from None
    for note in looked.notes if chosen.silent else ():
        typer.echo(terminal_text(f"Note: {note}"), err=True)
    report(tally, stored, looked.mapping, refused, dry_run=dry_run)
    if tally.refused:
        raise typer.Exit(1)


def _check(said: Mapping, encoding: str | None, origin: str | None) -> None:
    """End with code 2 on options that cannot be meant."""
    if said.columns.touchpoint is not None and said.columns.touchpoint_column is not None:
        raise fail("Say either --touchpoint or --touchpoint-column.", 2)
    _one_of("service", origin, NAMES)
    _one_of("way for --respondents", said.respondents, RESPONDENTS)
    if said.timezone is not None and said.timezone not in available_timezones():
        raise fail(f"There is no time zone {said.timezone}; they look like Europe/Copenhagen.", 2)
    timeless = is_complete(said.columns) and said.columns.time is None
    if said.undated is not None and (said.undated not in UNDATED or timeless):
        raise fail("--undated is skip or import-day, and needs --time-column.", 2)
    if said.rescale:
        read_rescale(said.rescale)
    try:
        "".encode(encoding or "utf-8")
    except LookupError:
        raise fail(f"There is no encoding {encoding}.", 2) from None


def _one_of(what: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        raise fail(f"There is no {what} {value}. There are {', '.join(known)}.", 2)
