"""From a question to a score: the window it means, the counts it needs, the object it becomes."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.errors import Code, Place, Problem
from app.scores import baseline, changes, formulas, score, segmented, verdicts
from app.scores import counts as rollup
from app.scores.buckets import Span, ceil_hour, days_back, hour_start, start_of, starts
from app.scores.counts import Counts, Part
from app.scores.reading import Reading, Together, Whole
from app.scores.schemas import ScoreQuery, ScoresQuery
from app.scores.score import Window
from app.scores.verdicts import Moved
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


def spans_of(query: Question, window: Window) -> Sequence[Span]:
    """The spans to read: one cell per source and slice when everything is asked for."""
    if not (query.since or query.until or query.days or query.compare):
        return rollup.ALL_TIME
    return rollup.window(window.since, window.until, window.zone)


def one(session: Session, known: Known, query: ScoreQuery) -> dict[str, Any]:
    """The score of one touchpoint, or of one of its segments."""
    first = (
        None if query.since or query.days or query.compare else rollup.first_hours(session, [known.id]).get(known.id)
    )
    window = bounds(query, known.zone, first)
    window = window.whole_days() if segmented.wanted(query) else window
    over = spans_of(query, window)
    by = segmented.asked(session, known, query, window, over) if segmented.wanted(query) else None
    reading = (by and by.chosen) or Whole(session, known, query.source)
    parts = reading.parts(over)
    found, _ = _whole(reading, known, window, parts, query)
    if query.interval:
        found["series"] = _series(reading, known, window, query)
    if query.group_by == "source":
        found["groups"] = score.groups(known.scale, parts)
    elif by and query.group_by:
        found |= by.groups(window, over)
    return found | ({"counting": by.counting} if by else {})


def _whole(
    reading: Reading, known: Known, window: Window, parts: dict[Part, Counts], query: Question
) -> tuple[dict[str, Any], Moved | None]:
    """The score object without series and groups, and how it moved where that is asked for."""
    scale = known.scale
    moved: Moved | None = None
    found = {
        "touchpoint": known.row.key,
        "scale": scale.name,
        "definition": formulas.DEFINITION,
        "period": window.public(),
        "interval": "answers",
        **score.summary(scale, parts),
        "trend": None,
        "target": None,
        "response_rate": score.response_rate(parts),
    }
    if query.compare:
        before = reading.before(window)
        earlier = reading.parts(rollup.window(before.since, before.until, known.zone))
        days = reading.days(before.since)
        metric, sources = baseline.judged(known), (score.by_source(parts), score.by_source(earlier))
        moved = verdicts.compare(scale, metric, *sources, window.days, days)
        found["trend"] = score.trend(scale, metric, moved, earlier, before, days)
    if reading.has_target and (wanted := cast("score.Wanted | None", known.row.target)):
        days = reading.days(judged_from(query, window))
        over = window.until <= clock()
        found["target"] = score.target(scale, wanted, score.counted(parts), window.days, days, over=over)
    return found, moved


def judged_from(query: Question, window: Window) -> int:
    """Where the days end that tell how far a level can be trusted: before the period, where one is asked for."""
    return window.since if query.since or query.days or query.compare else int(clock())


def _series(reading: Reading, known: Known, window: Window, query: ScoreQuery) -> list[dict[str, Any]]:
    assert query.interval
    seconds = {"hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}[query.interval]
    if (window.until - window.since) / seconds > POINTS_MAX:
        place = Place(
            place="query.interval", message="makes too many points", mend="Ask for a longer interval or less time."
        )
        raise Problem(Code.INVALID_REQUEST, f"A series has {POINTS_MAX} points at most.", errors=[place])
    chosen = reading.series(window, query.interval)
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
    there = _together(session, [known for known, _ in page], query)
    found, moves = [], []
    for known, parts in page:
        window = bounds(query, known.zone, firsts.get(known.id))
        item, moved = _whole(Whole(session, known, query.source, there), known, window, parts, query)
        found.append(item)
        moves.append(moved)
    told, tested = verdicts.together(moves)
    changed, journeys = changes.of(session, [known.id for known, _ in page]), changes.of_journeys(session)
    for (known, _), item, verdict in zip(page, found, told, strict=True):
        item["change"] = changed.get(known.id)
        along = ((key, one) for key, one in journeys.items() if known.row.key in one.touchpoints)
        item["journey_changes"] = [{"journey": key, **one.change} for key, one in along]
        if item["trend"]:
            item["trend"] |= {"verdict": verdict, "corrected_for": tested}
    return found


def _together(session: Session, page: Sequence[Known], query: ScoresQuery) -> Together:
    """The periods before and the days of all touchpoints of a page, by a statement per time zone and not for each."""
    found = Together()

    def measure(members: Sequence[Known], until: int) -> None:
        days = baseline.of(session, members, until, query.source)
        found.days.update({(number, until): alike for number, alike in days.items()})

    for zone in {known.zone for known in page}:
        members, window = [known for known in page if known.zone == zone], bounds(query, zone, None)
        if query.compare:
            before = window.before()
            over = rollup.window(before.since, before.until, zone)
            parts = rollup.read(session, [known.id for known in members], over)
            found.parts.update({(known.id, over): score.only(parts[known.id], query.source) for known in members})
            measure(members, before.since)
        measure([known for known in members if known.row.target], judged_from(query, window))
    return found
