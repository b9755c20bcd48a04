"""The rollup: counts of ratings per touchpoint, local time bucket, source and slice; always equal to the rows.

Scores read it instead of the answers, so their cost does not grow with the number of answers. Every metric is a weight
per rating over these counts, and a correction or an erasure is -1/+1.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import add
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from app.db import is_sqlite
from app.models import Rollup, Touchpoint
from app.scores import segment_pending, segment_recount, splits
from app.scores.buckets import GRAINS, QUARTER, buckets, quarter_of, to_time
from app.scores.segment_recount import Named
from app.scores.slices import ASKED, COUNTS, A, Alike, Grouped, count, grouped, none_yet, slices
from app.scores.splits import Answer, Held, opened
from app.sql import Bulk, InTurn, Lookup

Cell = tuple[int, str, int, str, str]  # touchpoint_id, grain, bucket, source, slice


@dataclass(slots=True)
class Deltas:
    """Changes to the rollup by quarters of an hour, gathered in memory. They know of no time zone: `apply` reads it."""

    _counts: defaultdict[tuple[int, int, str, str], list[int]] = field(default_factory=lambda: defaultdict(none_yet))

    def add(self, answers: Grouped[A]) -> None:
        """Count these answers."""
        for (touchpoint_id, quarter, source, flags, reasons, times), (_, kinds) in answers.items():
            alike = Counter(kinds)
            for part in slices(flags, reasons):
                counts = self._counts[touchpoint_id, quarter, source, part]
                for kind, n in alike.items():
                    count(counts, kind, n * times)

    def ask(self, touchpoint_id: int, at: datetime, source: str, times: int) -> None:
        """Note that customers were asked `times` times, for the response rate."""
        quarter = quarter_of(at)
        self._counts[touchpoint_id, quarter, source, ASKED][0] += times

    def cells(self, zones: Mapping[int, ZoneInfo]) -> dict[Cell, list[int]]:
        """The change of each cell of the rollup, over all grains; `zones` by touchpoint."""
        cells: dict[Cell, list[int]] = {}
        for (touchpoint_id, quarter, source, part), counts in self._counts.items():
            for grain, bucket in zip(GRAINS, buckets(quarter, zones[touchpoint_id]), strict=True):
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
_WRITE = InTurn(segment_pending.NOTE, _UPSERT)
_REVISE = Bulk(
    "INSERT INTO revision (touchpoint_id, revision) SELECT touchpoint_id, 1 FROM {r} WHERE true "
    "ON CONFLICT (touchpoint_id) DO UPDATE SET revision = revision.revision + 1",
    {"touchpoint_id": "int"},
)
_WHAT = (
    "SELECT touchpoint.id, revision.revision, touchpoint.timezone, touchpoint.scale, "
    "EXISTS (SELECT 1 FROM erasure WHERE erasure.touchpoint_id = touchpoint.id), "
    "EXISTS (SELECT 1 FROM segment_pending WHERE segment_pending.touchpoint_id = touchpoint.id), "
    "split.id, split.key, split.upto, split.most, split.closed "
    "FROM touchpoint JOIN revision ON revision.touchpoint_id = touchpoint.id"
)
_SPLITS = "LEFT JOIN split ON split.touchpoint_id = touchpoint.id"
_HELD_ONE = Lookup(f"{_WHAT} {_SPLITS} WHERE touchpoint.id = :id")
_HELD = Bulk(f"{_WHAT} JOIN {{r}} ON r.touchpoint_id = touchpoint.id {_SPLITS}", {"touchpoint_id": "int"})


def _rows(cells: dict[Cell, list[int]]) -> list[tuple[Any, ...]]:
    """Sorted by key: two processes that upsert the same cells in different orders would deadlock."""
    return [(*cell, *cells[cell]) for cell in sorted(cells)]


def lock(session: Session, touchpoints: Iterable[int]) -> dict[int, Held]:
    """Lock the rollup of these touchpoints until the transaction ends, and raise their revisions.

    Whoever folds answers, counts anew or changes a time zone or scale takes this lock first, so each sees all that the
    one before has done. The touchpoints are read by a statement of its own, which begins when the lock is there.
    """
    rows = [(number,) for number in sorted(touchpoints)]
    _REVISE.run(session, rows)
    one = len(rows) == 1  # mostly: a look-up by its key takes a third of the time
    held = _HELD_ONE.rows(session, {"id": rows[0][0]}) if one else _HELD.returning(session, rows)
    found: dict[int, Held] = {}
    for number, revision, zone, scale, erased, pending, *split in held:
        before = found.get(number) or Held(revision, ZoneInfo(zone), scale, bool(erased), bool(pending))
        found[number] = before if split[0] is None else before._replace(splits=(*before.splits, opened(number, *split)))
    return found


def apply(session: Session, deltas: Deltas, answers: Grouped[Answer] | None = None) -> dict[int, Held]:
    """Write the gathered changes, one statement for all cells; the touchpoints they were written to, locked.

    The `answers` among them are counted by segment too.
    """
    held = lock(session, deltas.touchpoints())
    split = any(one.splits for one in held.values())
    waiting = segment_pending.count(session, held, answers) if split and answers is not None else []
    _WRITE.run(session, waiting, _rows(deltas.cells({number: one.zone for number, one in held.items()})))
    return held


_ALIKE = (
    "SELECT {second} / 900 AS quarter, rating, comment IS NOT NULL AND comment <> '' AS commented, reasons, source, "
    "flags, count(*) FROM feedback WHERE touchpoint_id = :id "
    "GROUP BY quarter, rating, commented, reasons, source, flags"
)
# Cut, not rounded: SQLite takes the last half of a millisecond for the next second.
_ALIKE_SQLITE = text(_ALIKE.format(second="CAST(strftime('%s', substr(occurred_at, 1, 19)) AS integer)"))
_ALIKE_POSTGRES = text(_ALIKE.format(second="CAST(floor(extract(epoch FROM occurred_at)) AS bigint)"))


def recount(session: Session, touchpoint_id: int, zone: ZoneInfo) -> dict[Cell, list[int]]:
    """What the rollup of a touchpoint should hold, counted from its answers (and from what was asked).

    The database counts what is alike: to read a million answers one by one takes half a minute, and answers may wait.
    """
    deltas = Deltas()
    rows = session.connection().execute(_ALIKE_SQLITE if is_sqlite(session) else _ALIKE_POSTGRES, {"id": touchpoint_id})
    for *alike, times in rows:  # one by one, for of ten million answers there are a million
        deltas.add(grouped([(_alike(touchpoint_id, *alike), times)]))
    asked = select(Rollup).where(Rollup.touchpoint_id == touchpoint_id, Rollup.slice == ASKED, Rollup.grain == "hour")
    for cell in session.exec(asked):
        deltas.ask(cell.touchpoint_id, to_time(cell.bucket), cell.source, cell.n)
    return deltas.cells({touchpoint_id: zone})


def _alike(
    touchpoint_id: int, quarter: int, rating: int | None, commented: bool, reasons: str, source: str, flags: str
) -> Alike:
    comment, at = "..." if commented else None, to_time(quarter * QUARTER)
    return Alike(touchpoint_id, rating, comment, reasons, source, flags, at)


def stored(session: Session, row: Touchpoint) -> dict[Cell, list[int]]:
    """What the rollup of a touchpoint holds, cells of nothing but zeros left out."""
    cells = session.exec(select(Rollup).where(Rollup.touchpoint_id == row.id))
    found = {(c.touchpoint_id, c.grain, c.bucket, c.source, c.slice): [getattr(c, n) for n in COUNTS] for c in cells}
    return {cell: counts for cell, counts in found.items() if any(counts)}


def differences(session: Session, row: Touchpoint) -> Iterator[tuple[Cell | Named, list[int] | None, list[int] | None]]:
    """Each cell whose stored counts are not the counted ones, those of segments too: (cell, stored, counted)."""
    zone = ZoneInfo(row.timezone)
    held, true = stored(session, row), recount(session, row.id or 0, zone)
    for cell in sorted(held.keys() | true.keys()):
        if held.get(cell) != true.get(cell):
            yield cell, held.get(cell), true.get(cell)
    yield from segment_recount.differences(session, row.id or 0, zone)


def rebuild(session: Session, touchpoint_id: int) -> int:
    """Count a touchpoint's rollup anew from its answers, in its present time zone; returns the number of cells.

    Its counts by segment are begun anew, and made in the background.
    """
    cells = recount(session, touchpoint_id, lock(session, [touchpoint_id])[touchpoint_id].zone)
    session.execute(delete(Rollup).where(col(Rollup.touchpoint_id) == touchpoint_id))
    rows = _rows(cells)
    for start in range(0, len(rows), 5000):
        _UPSERT.run(session, rows[start : start + 5000])
    splits.restart(session, touchpoint_id)
    return len(cells)


def restart_split(session: Session, touchpoint_id: int, key: str, most: int) -> int:
    """Begin to count a touchpoint's answers anew by a declared key; how many keys that were: 1 or 0."""
    lock(session, [touchpoint_id])
    return splits.restart(session, touchpoint_id, key, most)


def every_touchpoint(session: Session) -> Iterable[Touchpoint]:
    """All touchpoints, archived ones included."""
    return session.exec(select(Touchpoint).order_by(col(Touchpoint.id))).all()
