"""Changes of counts by segment that wait to be added: a row for each commit and touchpoint (see `segment_folding.py`).

Three declared keys let a commit of 64 answers change some 87 cells, and PostgreSQL writes each of them anew. The row is
written in the answers' transaction and taken away in the one that adds it up, both under the rollup's lock: nothing is
lost or counted twice, whoever is killed when.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from pydantic_core import from_json, to_json
from sqlmodel import Session

from app.db import is_sqlite
from app.scores import splits
from app.scores.slices import Grouped
from app.scores.splits import Answer, Gathered, Held
from app.sql import Bulk, Lookup

# Changes wait where others will soon change the same cells. Few of them, where none wait, are added at once: the next
# commit may be long in coming. So are those of an import, which lie on hundreds of days.
FEW, MANY = 12, 1000
PIECE = 200  # rows that are folded at once, for answers wait meanwhile
LAST = 2**63 - 1  # no revision is greater
Waiting = tuple[int, int]  # a touchpoint, and the revision of the last of its rows that is meant

NOTE = Bulk(
    "INSERT INTO segment_pending (touchpoint_id, revision, changes) SELECT touchpoint_id, revision, changes FROM {r}",
    {"touchpoint_id": "int", "revision": "bigint", "changes": "text"},
)
_MEANT = "{r} JOIN segment_pending AS p ON p.touchpoint_id = r.touchpoint_id AND p.revision <= r.revision"
_WAITING = {"touchpoint_id": "int", "revision": "bigint"}
# In one row: for each, SQLite lets go of the interpreter and waits for an event loop that is busy.
_CHANGES = {
    True: Bulk(f"SELECT group_concat(p.changes) FROM {_MEANT}", _WAITING),  # noqa: S608 - our own names
    False: Bulk(f"SELECT string_agg(p.changes, ',') FROM {_MEANT}", _WAITING),  # noqa: S608
}
_DELETE = Bulk(
    "DELETE FROM segment_pending WHERE (touchpoint_id, revision) IN "  # noqa: S608
    f"(SELECT p.touchpoint_id, p.revision FROM {_MEANT})",
    _WAITING,
)


def count(session: Session, held: Mapping[int, Held], answers: Grouped[Answer]) -> list[tuple[int, int, str]]:
    """Count answers by the segments of their touchpoints, which are locked: at once, or by rows for `NOTE`."""
    changes = splits.gather(answers, {touchpoint_id: one.splits for touchpoint_id, one in held.items()})
    many = sum(map(len, changes.values()))
    if many <= MANY and (many > FEW or any(one.pending for one in held.values())):
        return _rows(held, changes)
    splits.add_up(session, held, changes)
    return []


def _rows(held: Mapping[int, Held], changes: Gathered) -> list[tuple[int, int, str]]:
    whose = {split.id: number for number, one in held.items() for split in one.splits}
    found: dict[int, list[object]] = {}
    for place, by_value in changes.items():
        several = [(value, kind, times) for (value, kind), times in by_value.items()]
        found.setdefault(whose[place[0]], []).append((*place, several))
    return [(number, held[number].revision, to_json(found[number]).decode()[1:-1]) for number in sorted(found)]


@lru_cache(256)
def _oldest(ids: int) -> Lookup:
    whose = f"WHERE touchpoint_id IN ({', '.join(f':id{i}' for i in range(ids))})" if ids else ""
    return Lookup(
        "SELECT touchpoint_id, max(revision), count(*) FROM (SELECT touchpoint_id, revision FROM segment_pending "  # noqa: S608
        f"{whose} ORDER BY touchpoint_id, revision LIMIT {PIECE}) AS oldest GROUP BY touchpoint_id"
    )


def waiting(session: Session, ids: Sequence[int] = ()) -> tuple[list[Waiting], bool]:
    """What is to be folded next, of these touchpoints or of all, and whether there may be more."""
    found = _oldest(len(ids)).rows(session, {f"id{i}": one for i, one in enumerate(ids)})
    return [(row[0], row[1]) for row in found], sum(row[2] for row in found) == PIECE


def read(session: Session, rows: Sequence[Waiting], known: Collection[int]) -> Gathered:
    """What waits in these rows, added up; what a split no longer there was to count is left out."""
    ((packed,),) = _CHANGES[is_sqlite(session)].returning(session, rows)
    found: Gathered = {}
    for split, quarter, source, part, several in from_json(f"[{packed or ''}]"):
        if split in known:
            splits.add(found.setdefault((split, quarter, source, part), {}), {(v, kind): n for v, kind, n in several})
    return {place: {key: times for key, times in by_value.items() if times} for place, by_value in found.items()}


def delete(session: Session, rows: Sequence[Waiting]) -> None:
    """Take these rows away."""
    _DELETE.run(session, rows)
