"""Counts by segment: the keys a touchpoint declares, and each answer counted under its values; equal to the rows.

A `Split` is the counting of one key. What it has counted is said by the ids of answers: those up to `upto` are folded
in the transaction that stores or changes them, the others are found by `backfill.py`, which goes up the ids. Nothing
here is remembered between transactions, for another process may have declared or admitted something meanwhile.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.db import is_sqlite
from app.models import Split
from app.scores.buckets import DAY, MONTH, TOTAL, buckets
from app.scores.segment_values import NONE, OTHER, Said, reader
from app.scores.slices import COUNTS, Answered, Grouped, count, none_yet, slices
from app.sql import Bulk, Lookup

GRAINS = (TOTAL, MONTH, DAY)
VALUES_MAX = 200
_FIRST = UUID(int=0)
Value = tuple[int, str]  # split, value
Cell = tuple[int, int, str, int, str, str]  # touchpoint, segment, grain, bucket, source, slice
Changes = dict[tuple[str, int], int]  # how many more of a value and kind (`slices.kind_of`)
Gathered = dict[tuple[int, int, str, str], Changes]  # by split, quarter of an hour, source and slice


class Answer(Answered, Said, Protocol):
    """What segments ask of an answer."""

    id: UUID


class Open(NamedTuple):
    """A split as it is while its touchpoint's rollup is locked."""

    touchpoint_id: int
    id: int
    key: str
    upto: int | None  # the id up to which answers are counted, as a number; None: all are
    most: int
    closed: bool


class Held(NamedTuple):
    """What a touchpoint is like while its rollup is locked."""

    revision: int  # of this transaction alone
    zone: ZoneInfo
    scale: str
    erased: bool = False  # whether an answer was ever erased there
    pending: bool = False  # whether changes of its counts by segment wait
    splits: Sequence[Open] = ()


def opened(touchpoint_id: int, split_id: int, key: str, upto: UUID | str | None, most: int, closed: object) -> Open:
    """A split as a driver or a model has it."""
    number = None if upto is None else UUID(str(upto)).int
    return Open(touchpoint_id, split_id, key, number, most, bool(closed))


def declare(session: Session, touchpoint_id: int, keys: Sequence[str], most: int, *, answered: bool) -> None:
    """Count by these keys from now on and by no others; the caller holds the rollup's lock.

    Where somebody has `answered` already, a new key's counts are made in the background.
    """
    there = session.exec(select(Split).where(Split.touchpoint_id == touchpoint_id)).all()
    for split in there:
        if split.key not in keys:
            session.delete(split)
    session.flush()
    upto = _FIRST if answered else None
    new = [key for key in keys if key not in {split.key for split in there}]
    session.add_all(Split(touchpoint_id=touchpoint_id, key=key, upto=upto, most=most) for key in new)
    session.flush()


def crowded(session: Session, touchpoint_id: int) -> list[tuple[str, int]]:
    """The keys that had more values than have counts of their own, and how many have."""
    closed = select(Split.key, Split.most).where(Split.touchpoint_id == touchpoint_id, col(Split.closed))
    return [(key, most) for key, most in session.exec(closed.order_by(col(Split.key)))]


def restart(session: Session, touchpoint_id: int, key: str | None = None, most: int | None = None) -> int:
    """Count anew, by one key or by all of them; how many these are. The caller holds the rollup's lock."""
    there = session.exec(select(Split).where(Split.touchpoint_id == touchpoint_id)).all()
    chosen = [split for split in there if key in (None, split.key)]
    for split in chosen:
        session.delete(split)
    session.flush()
    session.add_all(
        Split(touchpoint_id=touchpoint_id, key=split.key, upto=_FIRST, most=most or split.most) for split in chosen
    )
    session.flush()
    return len(chosen)


def add_up(session: Session, held: Mapping[int, Held], gathered: Gathered) -> None:
    """Add changes to the counts of touchpoints, which are locked."""
    splits = {split.id: split for one in held.values() for split in one.splits}
    values = {(place[0], value) for place, by_value in gathered.items() for value, _ in by_value}
    ids = _admitted(session, values, splits)
    places = {split.id: (split.touchpoint_id, held[split.touchpoint_id].zone) for split in splits.values()}
    changed = cells(gathered, ids, places)
    _UPSERT.run(session, [(*cell, *changed[cell]) for cell in sorted(changed)])


def gather(answers: Grouped[Answer], splits: Mapping[int, Sequence[Open]]) -> Gathered:
    """How answers change the counts; `splits` by touchpoint."""
    found: Gathered = {}
    for (touchpoint_id, quarter, source, flags, reasons, times), (alike, kinds) in answers.items():
        parts = slices(flags, reasons)
        for split in splits[touchpoint_id]:
            changes = _by_value(alike, kinds, split)
            for part in parts:
                add(found.setdefault((split.id, quarter, source, part), {}), changes, times)
    return found


def _by_value(answers: Sequence[Answer], kinds: Sequence[int], split: Open) -> Changes:
    """How many there are of each value and kind. An answer that the split has not come to will be found on its way."""
    value_of, upto = reader(split.key), split.upto
    if upto is None:
        return Counter(zip(map(value_of, answers), kinds, strict=True))
    return Counter((value_of(a), kind) for a, kind in zip(answers, kinds, strict=True) if a.id.int <= upto)


def add(to: Changes, more: Changes, times: int = 1) -> None:
    """Add changes to others, so many times."""
    for key, n in more.items():
        to[key] = to.get(key, 0) + n * times


def cells(
    changes: Gathered, ids: Mapping[Value, int], places: Mapping[int, tuple[int, ZoneInfo]]
) -> dict[Cell, list[int]]:
    """The change of each cell over all grains, those of nothing but zeros left out.

    `ids` are the segments of values, `places` the touchpoint and its zone by split.
    """
    found: defaultdict[Cell, list[int]] = defaultdict(none_yet)
    for (split_id, quarter, source, part), by_value in changes.items():
        touchpoint_id, zone = places[split_id]
        starts = list(zip(GRAINS, buckets(quarter, zone), strict=False))
        for (value, kind), times in by_value.items():
            segment = ids.get((split_id, value)) or ids[split_id, OTHER]
            for grain, bucket in starts:
                count(found[touchpoint_id, segment, grain, bucket, source, part], kind, times)
    return {cell: change for cell, change in found.items() if any(change)}


_KEYS = {"touchpoint_id": "int", "segment_id": "int", "grain": "text", "bucket": "bigint"}
_KEYS |= {"source": "text", "slice": "text"}
_UPSERT = Bulk(
    f"INSERT INTO segment_rollup ({', '.join([*_KEYS, *COUNTS])}) SELECT {', '.join([*_KEYS, *COUNTS])} FROM {{r}} "  # noqa: S608
    f"WHERE true ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET "
    f"{', '.join(f'{n} = segment_rollup.{n} + excluded.{n}' for n in COUNTS)}",
    _KEYS | dict.fromkeys(COUNTS, "bigint"),
)
_FOUND = "FROM {r} JOIN segment ON segment.split_id = r.split_id AND segment.value = r.value"
_SPLIT_VALUE = {"split_id": "int", "value": "text"}
_IDS = Bulk(f"SELECT segment.split_id, segment.value, segment.id {_FOUND}", _SPLIT_VALUE)
# For each row SQLite lets go of the interpreter and then waits for the event loop to do the same.
_IDS_AS_ONE = Bulk(
    f"SELECT json_group_array(json_array(segment.split_id, segment.value, segment.id)) {_FOUND}", _SPLIT_VALUE
)
_ADMIT = Bulk(
    "INSERT INTO segment (touchpoint_id, split_id, value) SELECT touchpoint_id, split_id, value FROM {r} WHERE true "
    "ON CONFLICT DO NOTHING",
    {"touchpoint_id": "int", "split_id": "int", "value": "text"},
)
_OWN = Lookup(f"SELECT count(*) FROM segment WHERE split_id = :id AND value NOT IN ('{NONE}', '{OTHER}')")  # noqa: S608


def _ids(session: Session, values: Collection[Value]) -> dict[Value, int]:
    if is_sqlite(session):
        parts = _IDS_AS_ONE.returning(session, sorted(values))
        rows = [row for (packed,) in parts for row in json.loads(packed)]
    else:
        rows = _IDS.returning(session, sorted(values))
    return {(split_id, value): number for split_id, value, number in rows}


def _admitted(session: Session, wanted: Collection[Value], splits: Mapping[int, Open]) -> dict[Value, int]:
    """The segments of these values; new ones are admitted while there is room, the rest counts under `other`."""
    found = _ids(session, {*wanted, *((split.id, OTHER) for split in splits.values() if split.closed)})
    new = [one for one in wanted if one not in found and (one[1] == NONE or not splits[one[0]].closed)]
    if not new:
        return found
    for split_id in sorted({split_id for split_id, _ in new}):
        admit(session, splits[split_id], sorted(value for number, value in new if number == split_id))
    return _ids(session, {*wanted, *((split_id, OTHER) for split_id in splits)})


def admit(session: Session, split: Open, values: Sequence[str]) -> None:
    """Give new values counts of their own, the first ones while there is room; close the split if there is not."""
    own = [value for value in values if value not in (NONE, OTHER)]
    room = max(0, split.most - _OWN.rows(session, {"id": split.id})[0][0]) if own else 0
    named = {*own[:room], *(value for value in values if value in (NONE, OTHER))}
    if len(own) > room:
        named.add(OTHER)
        session.execute(update(Split).where(col(Split.id) == split.id).values(closed=True))
    _ADMIT.run(session, [(split.touchpoint_id, split.id, value) for value in sorted(named)])
