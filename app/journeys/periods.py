"""Reads what a journey's score needs of the counts: its period, the one before, and the days before both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.journeys.changes import Rows
from app.journeys.counting import Counting, Segmented, Whole
from app.journeys.counts import PeriodCounts
from app.journeys.schemas import JourneyScoreQuery
from app.scores import counts as rollup
from app.scores import serve
from app.scores.baseline import BySource, Row
from app.scores.buckets import to_time
from app.scores.counts import Counts
from app.scores.schemas import ScoresQuery
from app.scores.score import Window
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
    segment: dict[str, Any] | None


def read(session: Session, members: Sequence[Known], query: JourneyScoreQuery) -> Periods:
    """Read the counts; touchpoints that share a time zone are read together.

    Problem invalid_request for an empty period, and for a segment that nobody declares.
    """
    question = ScoresQuery(**query.model_dump(exclude={"rule", "segment"}))
    of_segment = Segmented.of(session, members, query.segment[0]) if query.segment else None
    counting: Counting = of_segment or Whole(session)
    firsts = rollup.first_hours(session, [one.id for one in members])
    first = min(firsts.values(), default=None)
    zones = sorted({one.zone.key for one in members}) or ["UTC"]
    windows: list[Window] = []
    now: dict[str, Mapping[str, Counts]] = {}
    before: dict[str, Mapping[str, Counts]] = {}
    days: dict[str, BySource] = {}
    rows: dict[str, Sequence[Row]] = {}
    for zone in map(ZoneInfo, zones):
        window = counting.window(serve.bounds(question, zone, first))
        windows.append(window)
        together = [one for one in members if one.zone.key == zone.key]
        now |= _keyed(together, counting.counts(together, serve.spans_of(question, window)))
        start = serve.judged_from(question, window)
        if query.compare:
            earlier = counting.window(window.before())
            spans = rollup.window(earlier.since, earlier.until, zone)
            before |= _keyed(together, counting.counts(together, spans))
            start = earlier.since
            rows |= _keyed(together, counting.rows(together, start))
        days |= _keyed(together, counting.days(together, start))
    length = windows[0].days
    previous = PeriodCounts(before, length, days) if query.compare else None
    over = all(window.until <= serve.clock() for window in windows)
    told = of_segment.public() if of_segment else None
    return Periods(_period(windows, zones), over, PeriodCounts(now, length, days), previous, rows, told)


def _keyed(members: Sequence[Known], by_id: Mapping[int, T]) -> dict[str, T]:
    return {one.row.key: by_id[one.id] for one in members if one.id in by_id}


def _period(windows: Sequence[Window], zones: Sequence[str]) -> dict[str, Any]:
    """A date means each touchpoint's own midnight, so that the period of several zones is their union."""
    since, until = min(window.since for window in windows), max(window.until for window in windows)
    zone = zones[0] if len(zones) == 1 else "UTC"
    return {"since": to_time(since), "until": to_time(until), "timezone": zone}
