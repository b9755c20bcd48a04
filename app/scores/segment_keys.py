"""Segment keys over all touchpoints: what they are called, how far they are counted, and the scores of their values."""

from collections import defaultdict
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.errors import Code, Problem
from app.models import Segment, SegmentKey, Split, Touchpoint
from app.scores import formulas, segment_compare, segment_filter
from app.scores.formulas import Estimate
from app.scores.schemas import ScoresQuery
from app.scores.segment_compare import Row
from app.scores.segment_schemas import SegmentKeyPatch, SegmentScoresQuery
from app.touchpoints.registry import Registry, by_key, known

_VALUES = select(Segment.split_id, func.count()).group_by(col(Segment.split_id))


def every(session: Session, only: str | None = None) -> list[dict[str, Any]]:
    """All keys that a touchpoint declares or somebody has named, or the one asked for."""
    said = {row.key: row for row in session.exec(select(SegmentKey)) if only in (None, row.key)}
    values = dict(list(session.execute(_VALUES)))
    declared: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = select(Split, Touchpoint.key).join(Touchpoint, col(Touchpoint.id) == Split.touchpoint_id)
    for split, touchpoint in session.execute(rows.order_by(col(Touchpoint.key))):
        if only in (None, split.key):
            declared[split.key].append(
                {
                    "touchpoint": touchpoint,
                    "complete": split.upto is None,
                    "counted": split.counted,
                    "values": values.get(split.id, 0),
                    "crowded": split.closed,
                }
            )
    return [_public(said.get(key) or SegmentKey(key=key), declared[key]) for key in sorted({*said, *declared})]


def _public(row: SegmentKey, touchpoints: list[dict[str, Any]]) -> dict[str, Any]:
    return row.model_dump() | {"touchpoints": touchpoints}


def change(session: Session, key: str, body: SegmentKeyPatch) -> dict[str, Any]:
    """Name a key and its values; Problem not_found where no touchpoint declares it and nobody has named it."""
    if not every(session, key):
        raise Problem(Code.NOT_FOUND, "No touchpoint declares this segment key.")
    row = session.get(SegmentKey, key) or SegmentKey(key=key)
    for name, value in body.model_dump(mode="json", exclude_none=True).items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    (found,) = every(session, key)
    return found


def scores(session: Session, registry: Registry, key: str, query: SegmentScoresQuery) -> dict[str, Any]:
    """The values of a key over all touchpoints in use or at one, the lowest index first.

    Problem not_found as `change`, touchpoint_unknown, and invalid_request where this one does not declare the key.
    """
    if not (said := every(session, key)):
        raise Problem(Code.NOT_FOUND, "No touchpoint declares this segment key.")
    touchpoints = registry.find(session)
    if query.touchpoint is not None:
        touchpoints = [known(by_key(session, query.touchpoint))]
        if key not in touchpoints[0].row.segments:
            raise segment_filter.undeclared(key, query.touchpoint)
    period = ScoresQuery(**query.model_dump(exclude={"touchpoint"}))
    found = segment_compare.read(session, touchpoints, key, period)
    names = {one["value"]: one["name"] for one in said[0]["values"]}
    compared = {"metric": "index", "corrected_for": found.corrected_for, "places": found.among}
    items = [_scored(key, row, names.get(row.value, {})) for row in found.rows]
    return {"items": items, "compared": compared, "counting": found.counting}


def _scored(key: str, row: Row, name: dict[str, str]) -> dict[str, Any]:
    parts = [
        {"touchpoint": known.key, "count": counts[0], "index": _index(segment_compare.pooled([(known, counts)]))}
        for known, counts in row.parts
    ]
    return {
        "segment": f"{key}:{row.value}",
        "name": name,
        "count": row.count,
        "index": _index(row.index),
        "place": row.place and row.place._asdict(),
        "difference": _index(row.beside.difference),
        "verdict": row.beside.verdict,
        "touchpoints": parts,
    }


def _index(estimate: Estimate | None) -> dict[str, float] | None:
    return formulas.rounded("index", estimate)
