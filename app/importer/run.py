"""An import: rows become answers, some thousands of them at a time go through the one place that stores answers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pydantic
from sqlmodel import Session, col, select

from app.db import Database
from app.errors import invalid
from app.importer.answers import Columns, Reader
from app.importer.rows import FileError, Row, RowError, open_rows
from app.ingest.channels import Answer
from app.ingest.store import CREATED, ERASED, LOCKED, UPDATED, Outcome, store
from app.models import Touchpoint
from app.touchpoints import registry
from app.touchpoints.registry import Known
from app.touchpoints.schemas import TouchpointIn

CHUNK = 5000
ERRORS_SHOWN = 20
NEW_TOUCHPOINTS_MAX = 1000  # more of them means that the column is the wrong one
Chunk = Sequence[tuple[int, Row | RowError]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the one who imports asked for besides the columns."""

    scale: str | None = None
    create_touchpoints: bool = False
    zone: ZoneInfo | None = None
    dry_run: bool = False
    encoding: str = "utf-8"


@dataclass(slots=True)
class Tally:
    """What became of the rows. With a dry run `created` are those that could be stored."""

    rows: int = 0
    created: int = 0
    same: int = 0
    updated: int = 0
    erased: int = 0
    refused: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    new_touchpoints: list[str] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append((line, reason))


@dataclass(slots=True)
class Import:
    """One run over one file."""

    db: Database
    columns: Columns
    wish: Wish
    tally: Tally = field(default_factory=Tally)
    _by_key: dict[str, Known] = field(default_factory=dict)
    _by_cell: dict[str, Known] = field(default_factory=dict)

    async def run(self, path: Path, progress: Callable[[int, int], None]) -> Tally:
        """Import the file at `path`; `progress(bytes_read, rows)` is called after each chunk.

        FileError when the file or an option cannot be used at all. Refused rows are in the tally, good ones are stored.
        While one chunk is being stored, the next is read.
        """
        self._by_key = await self.db.read(_touchpoints)
        reader = Reader(self.columns, self.wish.zone, datetime.now(UTC))
        storing: asyncio.Task[None] | None = None
        with open_rows(path, self.columns.wanted(), self.wish.encoding) as (rows, position):
            while chunk := list(islice(rows, CHUNK)):
                if self.wish.create_touchpoints:
                    await self._create_missing(chunk)
                answers = self._answers(reader, chunk)
                if storing:
                    await storing
                storing = asyncio.create_task(self._store(answers))
                await asyncio.sleep(0)  # lets the task hand its work to the database before the next chunk is read
                self.tally.rows += len(chunk)
                progress(position(), self.tally.rows)
        if storing:
            await storing
        return self.tally

    def _answers(self, reader: Reader, chunk: Chunk) -> list[tuple[int, Answer]]:
        found = []
        for line, row in chunk:
            try:
                if isinstance(row, RowError):
                    raise row
                cell = row.cells[0]
                found.append((line, reader.answer(row, self._by_cell.get(cell) or self._touchpoint(cell))))
            except RowError as error:
                self.tally.refuse(line, str(error))
        return found

    def _touchpoint(self, cell: str) -> Known:
        """The touchpoint that a cell names; RowError when it cannot take the row."""
        key = self.columns.key(cell)
        known = self._by_key.get(key)
        if known is None:
            raise RowError(f"there is no touchpoint {key} (--create-touchpoints makes it)")
        if known.archived:
            raise RowError(f"the touchpoint {key} is archived")
        if self.wish.scale not in (None, known.scale.name):
            raise RowError(f"the touchpoint {key} has the scale {known.scale.name}, not {self.wish.scale}")
        self._by_cell[cell] = known
        return known

    async def _create_missing(self, chunk: Chunk) -> None:
        """Make the touchpoints that the chunk names first; FileError when they are too many or cannot be made."""
        missing: dict[str, TouchpointIn] = {}
        for cell in sorted({row.cells[0] for _, row in chunk if isinstance(row, Row)} - self._by_cell.keys()):
            try:
                key = self.columns.key(cell)
                if key not in self._by_key:
                    missing.setdefault(key, self._new(key, cell.strip()))
            except RowError:
                continue  # counted when the row becomes an answer
            except pydantic.ValidationError as error:
                reason = invalid(error, "").errors[0]
                raise FileError(f"No touchpoint can be made of {cell!r}: {reason.message}") from None
        if len(self.tally.new_touchpoints) + len(missing) > NEW_TOUCHPOINTS_MAX:
            raise FileError(f"This would make more than {NEW_TOUCHPOINTS_MAX} touchpoints; is it the right column?")
        if missing:
            self._by_key |= await self._create(missing)
            self.tally.new_touchpoints += missing

    def _new(self, key: str, value: str) -> TouchpointIn:
        title = self.columns.touchpoint_prefix + value or key
        zone = self.wish.zone.key if self.wish.zone else None
        return TouchpointIn(key=key, name={"en": title}, scale=self.wish.scale, timezone=zone)

    async def _create(self, missing: dict[str, TouchpointIn]) -> dict[str, Known]:
        if self.wish.dry_run:
            return {key: registry.known(registry.draft(body, key, 0)) for key, body in missing.items()}
        rows = await self.db.write(lambda session: [registry.create(session, body) for body in missing.values()])
        return {row.key: registry.known(row) for row in rows}

    async def _store(self, numbered: list[tuple[int, Answer]]) -> None:
        answers = [answer for _, answer in numbered]
        if self.wish.dry_run or not answers:
            self.tally.created += len(answers)
            return
        outcomes = await self.db.write(lambda session: store(session, answers))
        for (line, _), outcome in zip(numbered, outcomes, strict=True):
            self._count(line, outcome)

    def _count(self, line: int, outcome: Outcome) -> None:
        tally = self.tally
        if outcome.status == CREATED:
            tally.created += 1
        elif outcome.status == LOCKED:
            tally.refuse(line, "id: an answer with this id and other content is stored")
        elif outcome.status == ERASED:
            tally.erased += 1
        elif outcome.status == UPDATED:
            tally.updated += 1
        else:
            tally.same += 1


def _touchpoints(session: Session) -> dict[str, Known]:
    return {row.key: registry.known(row) for row in session.exec(select(Touchpoint).order_by(col(Touchpoint.id)))}
