"""The rollup: counts of ratings per touchpoint, local time bucket, source and slice; always equal to the rows.

Scores read it instead of the answers, so their cost does not grow with the number of answers. Every metric is a weight
per rating over these counts, and a correction or an erasure is -1/+1.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from app.models import Feedback, Rollup, Touchpoint
from app.scores.buckets import GRAINS, QUARTER, buckets, to_time
from app.sql import Bulk

COUNTED, ASKED = "counted", "asked"
COUNTS = ("n", "comments", *(f"n{rating}" for rating in range(11)))
Cell = tuple[int, str, int, str, str]  # touchpoint_id, grain, bucket, source, slice


class Answered(Protocol):
    """What the rollup asks of an answer."""

    touchpoint_id: int
    rating: int | None
    comment: str | None
    reasons: str
    source: str
    flags: str
    occurred_at: datetime


def slices(answer: Answered) -> list[str]:
    """Where an answer is counted: under its first flag when it has one, else as counted and under each reason."""
    if answer.flags:
        return [f"flag:{answer.flags.split()[0]}"]
    return [COUNTED, *(f"reason:{reason}" for reason in answer.reasons.split())] if answer.reasons else [COUNTED]


@dataclass(slots=True)
class Deltas:
    """Changes to the rollup, gathered in memory and written with one statement."""

    _counts: defaultdict[tuple[int, ZoneInfo, int, str, str], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0] * len(COUNTS))
    )

    def add(self, answer: Answered, zone: ZoneInfo, sign: int = 1) -> None:
        """Count `answer` once more (or, with sign -1, once less)."""
        quarter = int(answer.occurred_at.timestamp()) // QUARTER * QUARTER
        for part in slices(answer):
            counts = self._counts[answer.touchpoint_id, zone, quarter, answer.source, part]
            counts[0] += sign
            if answer.comment:
                counts[1] += sign
            if answer.rating is not None:
                counts[2 + answer.rating] += sign

    def ask(self, touchpoint_id: int, zone: ZoneInfo, at: datetime, source: str, times: int) -> None:
        """Note that customers were asked `times` times, for the response rate."""
        quarter = int(at.timestamp()) // QUARTER * QUARTER
        self._counts[touchpoint_id, zone, quarter, source, ASKED][0] += times

    def cells(self) -> dict[Cell, list[int]]:
        """The change of each cell of the rollup, over all grains."""
        cells: dict[Cell, list[int]] = {}
        for (touchpoint_id, zone, quarter, source, part), counts in self._counts.items():
            for grain, bucket in zip(GRAINS, buckets(quarter, zone), strict=True):
                cell = touchpoint_id, grain, bucket, source, part
                cells[cell] = list(map(add, cells[cell], counts)) if cell in cells else counts
        return {cell: counts for cell, counts in cells.items() if any(counts)}

    def touchpoints(self) -> list[int]:
        """The touchpoints that change, sorted."""
        return sorted({key[0] for key in self._counts})


_KEYS = {"touchpoint_id": "int", "grain": "text", "bucket": "bigint", "source": "text", "slice": "text"}
_UPSERT = Bulk(
    f"INSERT INTO rollup ({', '.join([*_KEYS, *COUNTS])}) SELECT {', '.join([*_KEYS, *COUNTS])} FROM {{r}} WHERE true "  # noqa: S608
    f"ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET {', '.join(f'{n} = rollup.{n} + excluded.{n}' for n in COUNTS)}",
    _KEYS | dict.fromkeys(COUNTS, "bigint"),
)
_REVISE = Bulk(
    "INSERT INTO revision (touchpoint_id, revision) SELECT touchpoint_id, 1 FROM {r} WHERE true "
    "ON CONFLICT (touchpoint_id) DO UPDATE SET revision = revision.revision + 1",
    {"touchpoint_id": "int"},
)


def _rows(cells: dict[Cell, list[int]]) -> list[tuple[Any, ...]]:
    """Sorted by key: two processes that upsert the same cells in different orders would deadlock."""
    return [(*cell, *cells[cell]) for cell in sorted(cells)]


def apply(session: Session, deltas: Deltas) -> None:
    """Write the gathered changes, one statement for all cells, and raise the revision of each touchpoint."""
    _UPSERT.run(session, _rows(deltas.cells()))
    _REVISE.run(session, [(number,) for number in deltas.touchpoints()])


def recount(session: Session, row: Touchpoint) -> dict[Cell, list[int]]:
    """What the rollup of a touchpoint should hold, counted from its answers (and from what was asked)."""
    deltas, zone = Deltas(), ZoneInfo(row.timezone)
    columns = [getattr(Feedback, name) for name in Answered.__annotations__]
    answers = sa_select(*columns).where(col(Feedback.touchpoint_id) == row.id).execution_options(yield_per=2000)
    for answer in session.execute(answers):
        deltas.add(cast("Answered", answer), zone)
    asked = select(Rollup).where(Rollup.touchpoint_id == row.id, Rollup.slice == ASKED, Rollup.grain == "hour")
    for cell in session.exec(asked):
        deltas.ask(cell.touchpoint_id, zone, to_time(cell.bucket), cell.source, cell.n)
    return deltas.cells()


def stored(session: Session, row: Touchpoint) -> dict[Cell, list[int]]:
    """What the rollup of a touchpoint holds, cells of nothing but zeros left out."""
    cells = session.exec(select(Rollup).where(Rollup.touchpoint_id == row.id))
    found = {(c.touchpoint_id, c.grain, c.bucket, c.source, c.slice): [getattr(c, n) for n in COUNTS] for c in cells}
    return {cell: counts for cell, counts in found.items() if any(counts)}


def differences(session: Session, row: Touchpoint) -> Iterator[tuple[Cell, list[int] | None, list[int] | None]]:
    """Each cell whose stored counts are not the counted ones: (cell, stored, counted)."""
    held, true = stored(session, row), recount(session, row)
    for cell in sorted(held.keys() | true.keys()):
        if held.get(cell) != true.get(cell):
            yield cell, held.get(cell), true.get(cell)


def rebuild(session: Session, row: Touchpoint) -> int:
    """Count a touchpoint's rollup anew from its answers, in its present time zone; returns the number of cells."""
    cells = recount(session, row)
    session.execute(delete(Rollup).where(col(Rollup.touchpoint_id) == row.id))
    rows = _rows(cells)
    for start in range(0, len(rows), 5000):
        _UPSERT.run(session, rows[start : start + 5000])
    _REVISE.run(session, [(row.id,)])
    return len(cells)


def every_touchpoint(session: Session) -> Iterable[Touchpoint]:
    """All touchpoints, archived ones included."""
    return session.exec(select(Touchpoint).order_by(col(Touchpoint.id))).all()
