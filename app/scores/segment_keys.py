"""Segment keys over all touchpoints: what they are called, how far they are counted, and the scores of their values."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.errors import Code, Problem
from app.models import Segment, SegmentKey, Split, Touchpoint
from app.scores import counts as rollup
from app.scores import formulas, score, segment_counts
from app.scores.counts import Counts
from app.scores.cuts import Declared
from app.scores.formulas import Estimate
from app.scores.schemas import ScoresQuery
from app.scores.segment_schemas import SegmentKeyPatch, SegmentScoresQuery
from app.scores.serve import bounds, spans_of
from app.touchpoints.registry import Known, Registry

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


def scores(session: Session, registry: Registry, key: str, query: SegmentScoresQuery) -> list[dict[str, Any]]:
    """The values of a key over all touchpoints in use, the lowest index first; Problem not_found as `change`."""
    if not (said := every(session, key)):
        raise Problem(Code.NOT_FOUND, "No touchpoint declares this segment key.")
    period = ScoresQuery(**query.model_dump())
    names = {one["value"]: one["name"] for one in said[0]["values"]}
    found: defaultdict[str, list[tuple[Known, Counts]]] = defaultdict(list)
    for known in sorted(registry.find(session), key=lambda one: one.key):
        if key in known.row.segments and (state := segment_counts.state(session, known.id, key)):
            window = bounds(period, known.zone, None).whole_days()
            cut = Declared(session, known, query.source, state)
            for value, parts in cut.by_value(spans_of(period, window)).items():
                if (counts := score.counted(parts))[0]:
                    found[value].append((known, counts))
    items = [_scored(key, value, names.get(value, {}), many) for value, many in found.items()]
    return sorted(items, key=lambda one: (one["index"] is None, (one["index"] or {}).get("value"), one["segment"]))


def _scored(key: str, value: str, name: dict[str, str], many: Sequence[tuple[Known, Counts]]) -> dict[str, Any]:
    weighed = [(known.scale, rollup.ratings(counts), 1.0) for known, counts in many]
    parts = [
        {"touchpoint": known.key, "count": counts[0], "index": _index(formulas.pool([one], "pooled"))}
        for (known, counts), one in zip(many, weighed, strict=True)
    ]
    return {
        "segment": f"{key}:{value}",
        "name": name,
        "count": sum(counts[0] for _, counts in many),
        "index": _index(formulas.pool(weighed, "pooled")),
        "touchpoints": parts,
    }


def _index(estimate: Estimate | None) -> dict[str, float] | None:
    return formulas.rounded("index", estimate)
