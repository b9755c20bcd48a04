"""What the counts by segment should be, counted from the answers, beside what they are."""

import json
from collections.abc import Iterator
from operator import add
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.db import is_sqlite
from app.models import Segment, SegmentRollup, Split
from app.scores import segment_pending, splits
from app.scores.buckets import QUARTER, to_time
from app.scores.segment_pending import LAST
from app.scores.segment_values import NONE, OTHER, reader
from app.scores.slices import COUNTS, EVERY_ID, Alike, grouped
from app.scores.splits import Cell, Open

Named = tuple[int, str, str, int, str, str]  # touchpoint, key:value, grain, bucket, source, slice


_ALIKE = (
    "SELECT {second} / 900 AS quarter, rating, comment IS NOT NULL AND comment <> '' AS commented, reasons, source, "
    "flags, {said} AS said, count(*) FROM feedback WHERE touchpoint_id = :id AND id <= :upto "
    "GROUP BY quarter, rating, commented, reasons, source, flags, said"
)
_FREQUENT = (
    "SELECT {said} AS said, count(*) AS answers FROM feedback WHERE touchpoint_id = :id "
    "GROUP BY said ORDER BY answers DESC LIMIT :most"
)
_SECOND = {True: "CAST(strftime('%s', substr(occurred_at, 1, 19)) AS integer)"}
_SECOND[False] = "CAST(floor(extract(epoch FROM occurred_at)) AS bigint)"
_COLUMNS = {"locale": "locale", "device": "device_id"}
_IN_CONTEXT = {True: "(context -> '$.\"{key}\"')", False: "CAST((context -> '{key}') AS text)"}


def differences(session: Session, touchpoint_id: int, zone: ZoneInfo) -> Iterator[tuple[Named, Any, Any]]:
    """Each cell of a segment whose stored counts are not the counted ones: (cell, stored, counted)."""
    for row in session.exec(select(Split).where(Split.touchpoint_id == touchpoint_id).order_by(col(Split.key))).all():
        split = splits.opened(touchpoint_id, row.id or 0, row.key, row.upto, row.most, row.closed)
        names = {number: value for value, number in _segments(session, split).items()}
        held, true = _held(session, split, zone), recount(session, split, zone)
        for cell in sorted(held.keys() | true.keys()):
            if held.get(cell) != true.get(cell):
                named = (touchpoint_id, f"{split.key}:{names.get(cell[1])}", *cell[2:])
                yield named, held.get(cell), true.get(cell)


def recount(session: Session, split: Open, zone: ZoneInfo) -> dict[Cell, list[int]]:
    """What the counts of a split should be, by the answers that it has counted."""
    lite = is_sqlite(session)
    upto = UUID(int=split.upto) if split.upto is not None else EVERY_ID
    values = {"id": split.touchpoint_id, "upto": upto.hex if lite else upto}
    rows = session.connection().execute(text(_ALIKE.format(second=_SECOND[lite], said=_said(session, split))), values)
    alike = ((_alike(split, *row[:-1]), row[-1]) for row in rows)
    counts = splits.gather(grouped(alike), {split.touchpoint_id: [split._replace(upto=None)]})
    ids = {(split.id, value): number for value, number in _segments(session, split).items()}
    return splits.cells(counts, ids, {split.id: (split.touchpoint_id, zone)})


def frequent(session: Session, split: Open) -> list[str]:
    """The values that most answers have, as many as have counts of their own, the most frequent first."""
    found = session.connection().execute(
        text(_FREQUENT.format(said=_said(session, split))), {"id": split.touchpoint_id, "most": 2 * split.most}
    )
    value_of = reader(split.key)
    values = dict.fromkeys(value_of(_alike(split, 0, None, False, "", "", "", said)) for said, _ in found)
    return [value for value in values if value not in (NONE, OTHER)][: split.most]


def _said(session: Session, split: Open) -> str:
    """SQL of what an answer says of the key."""
    return _COLUMNS.get(split.key) or _IN_CONTEXT[is_sqlite(session)].format(key=split.key)


def _alike(split: Open, quarter: int, rating: int | None, commented: bool, *more: Any) -> Alike:
    reasons, source, flags, said = more
    comment, at = "..." if commented else None, to_time(quarter * QUARTER)
    found = Alike(split.touchpoint_id, rating, comment, reasons, source, flags, at)
    if column := _COLUMNS.get(split.key):
        setattr(found, column, said)
    elif said is not None:
        found.context = {split.key: json.loads(said)}
    return found


def _segments(session: Session, split: Open) -> dict[str, int]:
    """The segments of a split by value. One that is not there is told as a difference."""
    found = {row.value: row.id or 0 for row in session.exec(select(Segment).where(Segment.split_id == split.id))}
    return {OTHER: 0} | found


def _held(session: Session, split: Open, zone: ZoneInfo) -> dict[Cell, list[int]]:
    """What is stored, with what waits to be added."""
    waiting = segment_pending.read(session, [(split.touchpoint_id, LAST)], {split.id})
    ids = {(split.id, value): number for value, number in _segments(session, split).items()}
    found, more = _stored(session, split), splits.cells(waiting, ids, {split.id: (split.touchpoint_id, zone)})
    for cell, change in more.items():
        found[cell] = list(map(add, found[cell], change)) if cell in found else change
    return {cell: counts for cell, counts in found.items() if any(counts)}


def _stored(session: Session, split: Open) -> dict[Cell, list[int]]:
    mine = select(Segment.id).where(Segment.split_id == split.id)
    wanted = select(SegmentRollup).where(
        SegmentRollup.touchpoint_id == split.touchpoint_id, col(SegmentRollup.segment_id).in_(mine)
    )
    return {
        (c.touchpoint_id, c.segment_id, c.grain, c.bucket, c.source, c.slice): [getattr(c, n) for n in COUNTS]
        for c in session.exec(wanted)
    }
