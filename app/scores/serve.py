"""From a question to a score: the window it means, the counts it needs, the object it becomes."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.errors import Code, Place, Problem
from app.scores import counts as rollup
from app.scores import formulas, score
from app.scores.buckets import Span, ceil_hour, days_back, hour_start, start_of, starts
from app.scores.counts import Counts, Part
from app.scores.schemas import ScoreQuery, ScoresQuery
from app.scores.score import Window
from app.timestamps import Moment
from app.touchpoints.registry import Known

Question = ScoreQuery | ScoresQuery
POINTS_MAX = 5000
COMPARED_DAYS = 30


def clock() -> float:
    """Now, in seconds since 1970."""
    return time.time()


def second(moment: Moment, zone: ZoneInfo) -> int:
    """A moment of the query as seconds since 1970; a date is its midnight in the touchpoint's zone."""
    if isinstance(moment, datetime):
        return int(moment.timestamp())
    return int(datetime(moment.year, moment.month, moment.day, tzinfo=zone).timestamp())


def ending(moment: Moment, zone: ZoneInfo) -> int:
    """Where a period that ends with `moment` ends, exclusive: a date is there whole, to the next midnight."""
    return second(moment if isinstance(moment, datetime) else moment + timedelta(days=1), zone)


def bounds(query: Question, zone: ZoneInfo, first: int | None) -> Window:
    """The window a query means, from the `first` hour with answers on; Problem invalid_request when it is empty."""
    now = ceil_hour(int(clock()) + 1, zone)
    until = ceil_hour(ending(query.until, zone), zone) if query.until else now
    days = query.days or (COMPARED_DAYS if query.compare else None)
    if query.since:
        since = hour_start(second(query.since, zone), zone)
    elif days:
        since = days_back(until - 1, days, zone)
    else:
        since = min(first if first is not None else now - 3600, until - 3600)
    if since >= until:
        place = Place(place="query.until", message="is not after `since`", mend="Let `until` be later than `since`.")
        raise Problem(Code.INVALID_REQUEST, "The window is empty.", errors=[place])
    return Window(since, until, zone)


def spans_of(query: Question, window: Window) -> list[Span]:
    """The spans to read: one cell per source and slice when everything is asked for."""
    if not (query.since or query.until or query.days or query.compare):
        return rollup.ALL_TIME
    return rollup.window(window.since, window.until, window.zone)


def one(session: Session, known: Known, query: ScoreQuery) -> dict[str, Any]:
    """The score of one touchpoint."""
    first = (
        None if query.since or query.days or query.compare else rollup.first_hours(session, [known.id]).get(known.id)
    )
    window = bounds(query, known.zone, first)
    over = spans_of(query, window)
    parts = score.only(rollup.read(session, [known.id], over, known.scale.high)[known.id], query.source)
    earlier = _earlier(session, known, window, query) if query.compare else None
    found = whole(known, window, parts, earlier)
    if query.interval:
        found["series"] = _series(session, known, window, query)
    if query.group_by:
        found["groups"] = score.groups(known.scale, parts)
    return found


def _earlier(session: Session, known: Known, window: Window, query: Question) -> dict[Part, Counts]:
    before = window.before()
    over = rollup.window(before.since, before.until, known.zone)
    return score.only(rollup.read(session, [known.id], over, known.scale.high)[known.id], query.source)


def whole(
    known: Known, window: Window, parts: dict[Part, Counts], earlier: dict[Part, Counts] | None
) -> dict[str, Any]:
    """The score object without series and groups."""
    scale, counts = known.scale, score.counted(parts)
    wanted = cast("score.Wanted | None", known.row.target)
    metric = wanted["metric"] if wanted and wanted["metric"] in scale.metrics else scale.headline
    return {
        "touchpoint": known.row.key,
        "scale": scale.name,
        "definition": formulas.DEFINITION,
        "period": window.public(),
        **score.summary(scale, parts),
        "trend": None
        if earlier is None
        else score.trend(scale, metric, counts, score.counted(earlier), window.before()),
        "target": score.target(scale, wanted, counts),
        "response_rate": score.response_rate(parts),
    }


def _series(session: Session, known: Known, window: Window, query: ScoreQuery) -> list[dict[str, Any]]:
    assert query.interval
    seconds = {"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}[query.interval]
    if (window.until - window.since) / seconds > POINTS_MAX:
        place = Place(
            place="query.interval", message="makes too many points", mend="Ask for a longer interval or less time."
        )
        raise Problem(Code.INVALID_REQUEST, f"A series has {POINTS_MAX} points at most.", errors=[place])
    found = rollup.series(session, known.id, window.since, window.until, window.zone, query.interval)
    chosen = {start: score.only(parts, query.source) for start, parts in found.items()}
    running = start_of(query.interval, int(clock()), window.zone)
    return score.series(known.scale, starts(query.interval, window.since, window.until, window.zone), chosen, running)


def many(session: Session, touchpoints: Sequence[Known], query: ScoresQuery) -> list[tuple[Known, dict[Part, Counts]]]:
    """The counts of many touchpoints, read together for those that share a time zone."""
    by_zone: dict[ZoneInfo, list[Known]] = {}
    for known in touchpoints:
        by_zone.setdefault(known.zone, []).append(known)
    found = []
    for zone, members in by_zone.items():
        over = spans_of(query, bounds(query, zone, None))
        parts = rollup.read(session, [known.id for known in members], over)
        found += [(known, score.only(parts.get(known.id, {}), query.source)) for known in members]
    return found


def listed(
    session: Session, page: Sequence[tuple[Known, dict[Part, Counts]]], query: ScoresQuery
) -> list[dict[str, Any]]:
    """The score objects of one page of touchpoints."""
    firsts = rollup.first_hours(session, [known.id for known, _ in page])
    found = []
    for known, parts in page:
        window = bounds(query, known.zone, firsts.get(known.id))
        earlier = _earlier(session, known, window, query) if query.compare else None
        found.append(whole(known, window, parts, earlier))
    return found
