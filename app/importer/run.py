"""An import: rows become answers, some thousands of them at a time go through the one place that stores answers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import pydantic
from sqlmodel import Session, col, select

from app.answers.cells import is_export
from app.errors import Problem, invalid
from app.importer.answers import SILENT, Columns, Reader
from app.importer.counted_rows import counted
from app.importer.layout import Layout
from app.importer.numbering import Named, Numbering
from app.importer.ratings import Ratings
from app.importer.restore import Restorer, scale
from app.importer.row import FileError, LeftOut, Row, RowError
from app.importer.rows import CHUNK, chunks, layout_of, open_table, uncollected
from app.importer.sentence import Sentence
from app.importer.tally import Tally
from app.ingest.channels import Answer
from app.ingest.store import CREATED, ERASED, LOCKED, UPDATED, Outcome, store
from app.models import Touchpoint
from app.sql import Bulk, Lookup
from app.touchpoints import own_scales, registry
from app.touchpoints.registry import Known
from app.touchpoints.schemas import TouchpointIn
from app.work import T, Work

NEW_TOUCHPOINTS_MAX = 1000  # more of them means that the column is the wrong one
Chunk = Sequence[tuple[int, Row | RowError | LeftOut]]
Asking = Callable[[Session], dict[str, Known]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the one who imports asked for besides the columns."""

    scale: str | None = None
    create_touchpoints: bool = False
    zone: ZoneInfo | None = None
    dry_run: bool = False
    encoding: str = "utf-8"
    undated: str | None = None
    layout: Layout | None = None  # found when it is not said
    ratings: Ratings = field(default_factory=Ratings)
    day_first: bool | None = None
    person: Callable[[str], str] = str


class Works(Protocol):
    """What an import needs of a database."""

    async def read(self, work: Work[T]) -> T: ...
    async def write(self, work: Work[T]) -> T: ...


class Batch(NamedTuple):
    """Answers on their way into the database, the lines they came from, and which of them may have a former id."""

    lines: list[int]
    answers: list[Answer]
    former: list[tuple[Answer, UUID]]


@dataclass(slots=True)
class Import:
    """One run over one file. Without `columns` it must be an export of ours, which is taken back whole."""

    db: Works
    columns: Columns | None
    wish: Wish
    tally: Tally = field(default_factory=Tally)
    chunk: int = CHUNK
    storing: Callable[[Session, Sequence[Outcome]], None] | None = None  # is told in the transaction that stores them
    _by_key: dict[str, Known] = field(default_factory=dict)
    _by_cell: dict[str, Known] = field(default_factory=dict)
    _numbering: Numbering = field(default_factory=Numbering)

    async def run(self, path: Path, progress: Callable[[int, int], None]) -> Tally:
        """Import the file at `path`; `progress(bytes_read, rows)` is called after each chunk.

        FileError when the file or an option cannot be used at all. Refused rows are in the tally, good ones are stored.
        While one chunk is being stored, the next is read.
        """
        self._by_key = await self._asked(lambda session: _touchpoints(session, self.wish.scale))
        storing: asyncio.Task[None] | None = None
        with open_table(path, self.wish.layout or layout_of(path, self.wish.encoding)) as table:
            self.tally.names = table.names
            reader = await self._reader(table.names)
            rows = table.rows(reader.wanted())
            if self.columns and self.columns.counts:
                rows = counted(rows, self.columns, len(reader.wanted()))
            for chunk in chunks(rows, self.chunk):
                if self.wish.create_touchpoints:
                    await self._create_missing(chunk)
                answers = self._answers(reader, chunk)
                if storing:
                    await storing
                storing = asyncio.create_task(self._store(answers))
                await asyncio.sleep(0)  # lets the task hand its work to the database before the next chunk is read
                self.tally.rows += len(chunk)
                progress(table.position(), self.tally.rows)
        if storing:
            await storing
        return self.tally

    async def _reader(self, names: Sequence[str]) -> Reader | Restorer:
        if self.columns is not None:
            imported = await self.db.read(_imported)
            wish = self.wish
            how = wish.ratings, wish.day_first, wish.person
            return Reader(self.columns, wish.zone, datetime.now(UTC), wish.undated, imported, *how)
        if not is_export(names):
            text = (
                "This is not an export of Touchstone. Say either --touchpoint or --touchpoint-column, and "
                "--rating-column or --comment-column. The columns are: {names}."
            )
            raise FileError(Sentence("file.no_export", text, names=", ".join(names) or "none"))
        return Restorer(frozenset(names), datetime.now(UTC))

    @uncollected()
    def _answers(self, reader: Reader | Restorer, chunk: Chunk) -> Batch:
        lines: list[int] = []
        found: list[Named] = []
        of_file = self.tally.of_file
        for line, row in chunk:
            try:
                if not isinstance(row, Row):
                    raise row
                cell = row.cells[0]
                known = self._by_cell.get(cell) or self._touchpoint(row)
                named = reader.answer(row, known)
            except RowError as error:
                self.tally.refuse(line, error.said, row.content if isinstance(row, Row) else error.content)
            except LeftOut as why:
                self.tally.left[why.said] += 1
            else:
                of_file[known.key][named.answer.rating] += 1
                lines.append(line)
                found.append(named)
        return Batch(lines, [answer for answer, *_ in found], self._numbering.give(found))

    def _key(self, cell: str) -> str:
        return cell if self.columns is None else self.columns.key(cell)

    def _touchpoint(self, row: Row) -> Known:
        """The touchpoint that a row names; RowError when it cannot take the row, LeftOut for one that says nothing."""
        cell = row.cells[0]
        key, known = self._key(cell), self._known(cell)
        if known is None and not any(row.cells[1:3]):
            raise LeftOut(SILENT)
        if known is None:
            text = "there is no touchpoint {touchpoint} (--create-touchpoints makes it)"
            raise RowError(Sentence("row.no_touchpoint", text, touchpoint=key))
        if known.archived and self.columns is not None:
            raise RowError(Sentence("row.archived", "the touchpoint {touchpoint} is archived", touchpoint=key))
        if self.wish.scale not in (None, known.scale.name):
            text, there = "the touchpoint {touchpoint} has the scale {there}, not {wanted}", known.scale.name
            raise RowError(Sentence("row.other_scale", text, touchpoint=key, there=there, wanted=self.wish.scale))
        self._by_cell[cell] = known
        return known

    def _known(self, cell: str) -> Known | None:
        """The touchpoint of a cell, under its key or the one that an older version gave it."""
        former = self.columns.former_key(cell) if self.columns else None
        return self._by_key.get(self._key(cell)) or self._by_key.get(former or "")

    async def _create_missing(self, chunk: Chunk) -> None:
        """Make the touchpoints that the chunk names first; FileError when they are too many or cannot be made."""
        missing: dict[str, TouchpointIn] = {}
        named = {row.cells[0]: row for _, row in chunk if isinstance(row, Row) and any(row.cells[1:3])}
        for cell in sorted(named.keys() - self._by_cell.keys()):
            try:
                key = self._key(cell)
                if self._known(cell) is None:
                    missing.setdefault(key, self._new(key, named[cell]))
            except RowError:
                continue  # counted when the row becomes an answer
            except pydantic.ValidationError as error:
                reason = invalid(error, "").errors[0]
                text = "No touchpoint can be made of {text!r}: {error}"
                raise FileError(Sentence("file.touchpoint", text, text=cell, error=reason.message)) from None
        if len(self.tally.new_touchpoints) + len(missing) > NEW_TOUCHPOINTS_MAX:
            text = "This would make more than {most} touchpoints; is it the right column?"
            raise FileError(Sentence("file.touchpoints", text, most=NEW_TOUCHPOINTS_MAX))
        if missing:
            self._by_key |= await self._create(missing)
            self.tally.new_touchpoints += missing

    def _new(self, key: str, row: Row) -> TouchpointIn:
        zone = self.wish.zone.key if self.wish.zone else None
        if self.columns is None:
            return TouchpointIn(key=key, scale=self.wish.scale or scale(row), timezone=zone)
        name = row.cells[0].strip()
        title = self.columns.touchpoint_prefix + name if name.isdecimal() else name or key
        return TouchpointIn(key=key, name={"en": title}, scale=self.wish.scale, timezone=zone)

    async def _create(self, missing: dict[str, TouchpointIn]) -> dict[str, Known]:
        if self.wish.dry_run:
            return await self._asked(lambda session: _drafts(session, missing))
        return await self._asked(lambda session: _made(session, missing), writing=True)

    async def _asked(self, work: Asking, *, writing: bool = False) -> dict[str, Known]:
        """The touchpoints that `work` gives; FileError for a scale that is not there."""
        try:
            return await (self.db.write if writing else self.db.read)(work)
        except Problem as problem:
            raise FileError(Sentence("file.scale", "{error}", error=problem.detail)) from None

    async def _store(self, batch: Batch) -> None:
        if self.wish.dry_run or not batch.lines:
            self.tally.created += len(batch.lines)
            return
        restored = self.columns is None

        def work(session: Session) -> list[Outcome]:
            _keep_former(session, batch.former)
            stored = store(session, batch.answers, restored=restored)
            if self.storing:
                self.storing(session, stored)
            return stored

        outcomes = await self.db.write(work)
        for line, outcome in zip(batch.lines, outcomes, strict=True):
            self._count(line, outcome)

    def _count(self, line: int, outcome: Outcome) -> None:
        tally = self.tally
        if outcome.status == CREATED:
            tally.created += 1
        elif outcome.status == LOCKED:
            text = "id: an answer with this id and other content is stored"
            tally.refuse(line, Sentence("row.locked", text), ())
        elif outcome.status == ERASED:
            tally.erased += 1
        elif outcome.status == UPDATED:
            tally.updated += 1
        else:
            tally.same += 1


def _made(session: Session, missing: Mapping[str, TouchpointIn]) -> dict[str, Known]:
    return {key: registry.known(registry.create(session, body)) for key, body in missing.items()}


def _touchpoints(session: Session, scale: str | None) -> dict[str, Known]:
    """What is there; Problem invalid_request for a scale that is not."""
    if scale:
        own_scales.find(session, scale)
    return {row.key: registry.known(row) for row in session.exec(select(Touchpoint).order_by(col(Touchpoint.id)))}


_IMPORTED = Lookup("SELECT DISTINCT touchpoint_id FROM rollup WHERE grain = 'total' AND source = 'import'")
_THERE = Bulk(
    "SELECT touchpoint_id, id FROM {r} WHERE "
    "EXISTS (SELECT 1 FROM feedback WHERE feedback.touchpoint_id = r.touchpoint_id AND feedback.id = r.id) OR "
    "EXISTS (SELECT 1 FROM erasure WHERE erasure.touchpoint_id = r.touchpoint_id AND erasure.id = r.id)",
    {"touchpoint_id": "int", "id": "uuid"},
)


def _drafts(session: Session, missing: Mapping[str, TouchpointIn]) -> dict[str, Known]:
    return {key: registry.known(registry.draft(session, body, key, 0)) for key, body in missing.items()}


def _imported(session: Session) -> frozenset[int]:
    """The touchpoints that have imported answers."""
    return frozenset(number for (number,) in _IMPORTED.rows(session, {}))


def _keep_former(session: Session, found: Sequence[tuple[Answer, UUID]]) -> None:
    """Give an answer that was imported (or erased) under its former id that id."""
    rows = [(answer.touchpoint_id, former) for answer, former in found]
    there = {
        (place, number if isinstance(number, UUID) else UUID(number))
        for place, number in _THERE.returning(session, rows)
    }
    for answer, former in found:
        if (answer.touchpoint_id, former) in there:
            answer.id = former
