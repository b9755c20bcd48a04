"""In which segments a level fell or rose, among the values of the keys that its touchpoint declares."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.monitoring.drop import BASE_DAYS
from app.monitoring.seen import Seen
from app.scores import counts as rollup
from app.scores import score, segment_counts, segment_verdicts
from app.scores.buckets import ceil_day, day_start, days_back
from app.scores.cuts import Declared
from app.scores.days import values
from app.scores.formulas import holm
from app.scores.segment_values import NONE, OTHER
from app.scores.segment_verdicts import ALPHA, Day, Moved, Whole
from app.touchpoints.registry import Known

KINDS = {"drop": -1, "rise": 1}
MOST = 10  # segments that are named


def named(session: Session, seen: Sequence[Seen], these: Sequence[Known], at: datetime) -> list[Seen]:
    """The same with `segments` in the evidence of drops and rises, at touchpoints that declare a key."""
    split = {known.id: known for known in these if known.row.segments}
    return [
        _with_segments(session, split[one.touchpoint_id], one, at)
        if one.there and one.kind in KINDS and one.touchpoint_id in split
        else one
        for one in seen
    ]


def _with_segments(session: Session, known: Known, one: Seen, at: datetime) -> Seen:
    """Named is what moved the same way beyond chance, corrected for all values of all keys (Holm, 5 %)."""
    found = [pair for key in known.row.segments for pair in _moved(session, known, key, one.since, at)]
    p_values = holm([moved.p for _, moved, _ in found])
    sure = [part for part, p in zip(found, p_values, strict=True) if p < ALPHA and _way(part[1]) == KINDS[one.kind]]
    sure.sort(key=lambda part: part[1].p)
    said = [_public(*part) for part in sure[:MOST]]
    return replace(one, evidence={**one.evidence, "segments": said, "segments_compared": len(found)})


def _moved(
    session: Session, known: Known, key: str, since: datetime, at: datetime
) -> Iterator[tuple[str, Moved, float]]:
    """Each value of a key that is counted to the end: its levels, and its ratings since then."""
    state = segment_counts.state(session, known.id, key)
    if state is None or not state.complete:
        return
    cut = Declared(session, known, None, state)
    start = day_start(int(since.timestamp()), known.zone)
    end = ceil_day(int((at + timedelta(seconds=1)).timestamp()), known.zone)
    before = _heard(cut, days_back(start - 1, BASE_DAYS, known.zone), start)
    after = _heard(cut, start, end)
    found = segment_verdicts.moved((before[0], after[0]), (before[1], after[1]))
    yield from ((f"{key}:{value}", moved, after[0][value].n) for value, moved in found.items())


def _heard(cut: Declared, since: int, until: int) -> tuple[dict[str, Whole], list[Day]]:
    """The ratings of each value in [since, until), whole and by day."""
    scale = cut.known.scale
    worth = values(scale, "index")
    by_value = cut.by_value(rollup.window(since, until, cut.known.zone))
    wholes = {
        value: segment_verdicts.whole(scale, rollup.ratings(score.counted(parts)), worth)
        for value, parts in by_value.items()
        if value not in (NONE, OTHER)
    }
    return wholes, [day for day in cut.daily(since, until, worth) if day.segment in wholes]


def _way(moved: Moved) -> int:
    return 1 if moved.after > moved.before else -1


def _public(segment: str, moved: Moved, n: float) -> dict[str, Any]:
    """Levels as index points, as the evidence has those of sources."""
    levels = {"before": round(100 * moved.before, 1), "after": round(100 * moved.after, 1)}
    return {"segment": segment, **levels, "answers": int(n)}
