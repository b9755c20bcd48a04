"""Reads what a journey's score needs of the rollup: its period, the one before, and the days before both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.journeys.counts import PeriodCounts
from app.journeys.mix_shift import Rows
from app.journeys.schemas import JourneyScoreQuery
from app.scores import baseline, serve
from app.scores import counts as rollup
from app.scores.baseline import BySource, Row
from app.scores.buckets import to_time
from app.scores.counts import Counts
from app.scores.schemas import ScoresQuery
from app.scores.score import Window
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Periods:
    """The period, what counted in it and before it, and on the days before both when they are to be compared."""

    period: dict[str, Any]
    over: bool
    now: PeriodCounts
    before: PeriodCounts | None
    rows: Rows


def read(session: Session, members: Sequence[Known], query: JourneyScoreQuery) -> Periods:
    """Read the counts; touchpoints that share a time zone are read together."""
    question = ScoresQuery(**query.model_dump(exclude={"rule"}))
    firsts = rollup.first_hours(session, [one.id for one in members])
    first = min(firsts.values(), default=None)
    zones = sorted({one.zone.key for one in members}) or ["UTC"]
    windows: list[Window] = []
    now: dict[str, dict[str, Counts]] = {}
    before: dict[str, dict[str, Counts]] = {}
    days: dict[str, BySource] = {}
    rows: dict[str, list[Row]] = {}
    for zone in map(ZoneInfo, zones):
        window = serve.bounds(question, zone, first)
        windows.append(window)
        together = [one for one in members if one.zone.key == zone.key]
        now |= _counts(session, together, serve.spans_of(question, window))
        start = serve.judged_from(question, window)
        if query.compare:
            earlier = window.before()
            before |= _counts(session, together, rollup.window(earlier.since, earlier.until, zone))
            start = earlier.since
            rows |= _keyed(together, baseline.rows(session, together, start))
        days |= _keyed(together, baseline.by_source(session, together, start))
    length = windows[0].days
    previous = PeriodCounts(before, length, days) if query.compare else None
    over = all(window.until <= serve.clock() for window in windows)
    return Periods(_period(windows, zones), over, PeriodCounts(now, length, days), previous, rows)


def _keyed(members: Sequence[Known], by_id: Mapping[int, T]) -> dict[str, T]:
    return {one.row.key: by_id[one.id] for one in members if one.id in by_id}


def _counts(session: Session, members: Sequence[Known], over: Any) -> dict[str, dict[str, Counts]]:
    found = rollup.read(session, [one.id for one in members], over)
    return {
        one.row.key: {source: counts for (source, part), counts in found.get(one.id, {}).items() if part == COUNTED}
        for one in members
    }


def _period(windows: Sequence[Window], zones: Sequence[str]) -> dict[str, Any]:
    """A date means each touchpoint's own midnight, so that the period of several zones is their union."""
    since, until = min(window.since for window in windows), max(window.until for window in windows)
    zone = zones[0] if len(zones) == 1 else "UTC"
    return {"since": to_time(since), "until": to_time(until), "timezone": zone}
