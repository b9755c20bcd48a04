"""What a file is understood to say, shown to a person, who says yes or answers what is not clear."""

import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from app.cli.run import fail
from app.importer.labels import Scales
from app.importer.layout import CSV, XLSX, Layout
from app.importer.look import Looked, Question, is_complete, look
from app.importer.mapping import Mapping
from app.importer.preview import Preview, preview
from app.importer.ratings import lost, read_rescale
from app.sanitize import terminal_text

_ROLES = (
    ("touchpoint", "touchpoint_column"), ("rating", "rating"), ("comment", "comment"), ("time", "time"),
    ("time of the day", "clock"), ("id", "id"), ("person", "respondent"), ("how many", "count"),
)  # fmt: skip
_DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The file and what was said of it: `kept` is whether a mapping was, `yes` whether nobody is to be asked."""

    path: Path
    name: str
    said: Mapping
    encoding: str | None
    origin: str | None
    kept: bool
    yes: bool
    dry_run: bool

    @property
    def complete(self) -> bool:
        """Whether the options alone say which column is what, as those of a script do."""
        return is_complete(self.said.columns) and not self.kept

    @property
    def silent(self) -> bool:
        """Whether nothing was guessed that somebody should see before it is stored."""
        return self.kept or self.complete


def understood(chosen: Chosen, scales: Scales) -> Looked:
    """The file as it is understood, after a yes; ends with code 2 where something is open and nobody can be asked."""
    asking = not chosen.yes and sys.stdin.isatty()
    said = chosen.said
    while True:
        looked = look(
            chosen.path, said, encoding=chosen.encoding, preset=chosen.origin, scales=scales, name=chosen.name
        )
        if looked.mapping is None or not looked.questions:
            break
        if not asking:
            _show(chosen, looked)
            raise fail(" ".join(_how_to_say(question) for question in looked.questions), 2)
        said = _answered(looked.questions[0], said)
    if looked.mapping is None or chosen.silent:
        return looked
    _show(chosen, looked)
    if not (chosen.dry_run or chosen.yes):
        if not asking:
            raise fail("Nothing was imported. Say --yes when it is right, or --dry-run to check every row.", 2)
        typer.confirm("Import it so?", abort=True)
    return looked


def _how_to_say(question: Question) -> str:
    option = "--day-first or --month-first" if question.option == "--day-first" else question.option
    choices = f" ({', '.join(question.choices)})" if question.option == "--scale" else ""
    return f"{question.text} Say {option}{choices}."


def _answered(question: Question, said: Mapping) -> Mapping:
    """What was said, and the answer to one question."""
    typer.echo(terminal_text(question.text))
    if question.option == "--day-first":
        return replace(said, day_first=_prompt("What comes first", question) == "day")
    if question.option == "--scale":
        return replace(said, scale=_prompt("Which scale", question))
    return replace(said, columns=replace(said.columns, rating=typer.prompt("Which column holds the rating")))


def _prompt(text: str, question: Question) -> str:
    while True:
        answer: str = typer.prompt(f"{text} ({', '.join(question.choices)})").strip().lower()
        if answer in question.choices:
            return answer


def _show(chosen: Chosen, looked: Looked) -> None:
    mapping = looked.mapping or Mapping()
    _line("File", f"{_layout(looked.layout)}; {looked.rows:,} rows, {len(looked.names)} columns")
    columns = mapping.columns
    for what, role in _ROLES:
        if name := getattr(columns, role):
            _line(what.capitalize(), f"column {name!r}")
    if columns.touchpoint:
        _line("Touchpoint", columns.touchpoint)
    if columns.wide:
        _line("Rating", f"as many as are counted in {', '.join(columns.wide)}")
    if columns.context:
        _line("Kept beside", ", ".join(columns.context))
    for note in looked.notes:
        _line("Note", note)
    if mapping.day_first is not None:
        _line("Dates", "the day comes first" if mapping.day_first else "the month comes first")
    if columns.time:
        _line("Time zone", f"{mapping.timezone or 'the one of the touchpoint (--timezone)'}, of times that name none")
    if mapping.words:
        _line("Words", ", ".join(f"{word} = {rating}" for word, rating in list(mapping.words.items())[:12]))
    if mapping.rescale:
        _line("Rescaled", lost(read_rescale(mapping.rescale)))
    _line("Identity", _identity(mapping))
    if columns.respondent:
        _line("People", {"hashed": "a hash of the reference is kept", "plain": "kept as they are"}.get(
            mapping.respondents, "addresses are hashed"))  # fmt: skip
    if not looked.questions:
        _rows(preview(chosen.path, looked))


def _identity(mapping: Mapping) -> str:
    if mapping.columns.id:
        return f"answers are told apart by {mapping.columns.id!r}: importing again adds nothing"
    return "touchpoint, time, rating and comment tell answers apart: importing again adds nothing"


def _rows(found: Preview) -> None:
    typer.echo("As they would be stored:")
    table = Table("line", "touchpoint", "time", "rating", "comment")
    for line, key, answer in found.answers:
        table.add_row(
            str(line), key, _time(answer.claimed_at), str(answer.rating), terminal_text((answer.comment or "")[:60])
        )
    Console(width=120, markup=False, highlight=False).print(table)
    for reason, rows in found.left.items():
        _line("Left out", f"{rows:,} of the first {found.looked_at:,} rows {reason}")
    for cause in found.causes.values():
        lines = ", ".join(map(str, cause.lines))
        _line("Refused", f"{cause.rows:,} of the first {found.looked_at:,} rows: {cause.example} (line {lines})")


def _time(at: datetime | None) -> str:
    return at.astimezone().isoformat(" ", "minutes") if at else "when it is imported"


def _layout(layout: Layout) -> str:
    if layout.kind == XLSX:
        what = "a workbook"
    elif layout.kind == CSV:
        what = f"{layout.encoding}, parted by {_DELIMITERS.get(layout.delimiter, layout.delimiter)}"
    else:
        what = f"{layout.kind.upper()} in {layout.encoding}"
    above = f", {layout.skip} lines above the header" if layout.skip else ""
    return what + above + (f", {layout.headers} rows of header" if layout.headers > 1 else "")


def _line(what: str, text: str) -> None:
    typer.echo(terminal_text(f"{what + ':':<17}{text}"))
