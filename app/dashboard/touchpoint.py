"""One touchpoint's page: how it stands, how it moved, when, where from, why, and what customers say."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.actions import reviews
from app.actions.schemas import ReviewIn
from app.answers import handling, terms_routes
from app.answers.schemas import FlagsIn, HandlingIn
from app.dashboard import (
    claims,
    heatmap,
    history,
    levels,
    marks,
    periods,
    sentences,
    split,
    stream,
    target_months,
    terms,
)
from app.dashboard.form_errors import NOTHING, FormErrors, beside
from app.dashboard.levels import Level
from app.dashboard.localized import Localized
from app.dashboard.login import inside
from app.dashboard.periods import Period
from app.dashboard.ranks import Sample
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.trend import Trend
from app.errors import Code, Problem
from app.ingest import store
from app.pages.choices import ends
from app.pages.hosted import address
from app.pages.i18n import messages
from app.scores import baseline, formulas, score, serve, verdicts
from app.scores import counts as rollup
from app.scores.buckets import next_start, start_of
from app.scores.counts import NONE, Counts, Part, add, ratings
from app.scores.days import Days
from app.scores.segment_folding import folded
from app.state import Db
from app.touchpoints.registry import Known

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(slots=True)
class Seen:
    """What was read for the page."""

    standing: Level
    parts: dict[Part, Counts]
    trend: list[Counts]  # of each step of the chart
    chart: Trend
    events: list[marks.Event]
    moved: verdicts.Moved | None  # the last quarter of those that are over against the first
    heat: dict[tuple[int, int], Counts]
    comments: stream.Stream | None
    split: split.Split | None
    claims: claims.Claims
    months: list[target_months.Month]


@router.get("/touchpoints/{key}")
async def touchpoint(key: str, db: Db, visit: RequestContext = Signed) -> Response:
    return await _page(key, db, visit)


@router.post("/touchpoints/{key}")
async def reviewed(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Note that somebody has looked at the touchpoint again, and what was found; or show the page with the note."""
    visit, note = posting.visit, posting.get("note")
    visit.need("actions:write")
    try:
        said = ReviewIn(note=note or None)
    except pydantic.ValidationError as error:
        return await _page(key, db, visit, note, beside(error, visit.words))
    await db.write(lambda session: reviews.record(session, key, visit.caller.name, said.note))
    visit.request.app.state.registry.forget()
    return RedirectResponse(visit.link() + "#review", 303)


async def _page(key: str, db: Db, visit: RequestContext, note: str = "", wrong: FormErrors = NOTHING) -> Response:
    """The page of a touchpoint; with the `note` of a review that could not be taken."""
    visit.need("scores:read")
    known = await visit.request.app.state.registry.get(key)
    period = periods.of(visit.request.query_params.get("period"))
    now = int(serve.clock())
    if known.row.segments:
        await folded(db, [known.id])
    seen = await db.read(lambda session: _read(session, visit, known, period, now))
    found, t = seen.standing, visit.words
    marked, unmarked = marks.placed(seen.events, seen.chart.edges, now)
    return visit.page(
        "touchpoint.html",
        422 if wrong else 200,
        note=note,
        wrong=wrong,
        wrongs=wrong.listed({"note": ("", str(visit.words("review_note")))}),
        known=known,
        period=period,
        s=found,
        sentence=sentences.touchpoint(found, period, t),
        judged=seen.claims.corrected_for,
        trend=seen.chart,
        trend_says=trend_says(seen, known, period, t),
        months=seen.months,
        months_say=target_months.says(seen.months, t) if seen.months else "",
        marks=marked,
        unmarked=unmarked,
        facts=facts(known, seen),
        ends=ends(known.scale, messages("customer", t.language)),
        distribution=[(rating, ratings(found.now)[rating]) for rating in reversed(known.scale.ratings)],
        heat=seen.heat,
        heat_most=max((cell[0] for cell in seen.heat.values()), default=0),
        heat_says=heat_says(seen, t),
        size=heatmap.size,
        sources=sources(known, seen),
        source_pairs=len(seen.claims.adjusted.get(claims.SOURCES, ())),
        summary=score.summary(known.scale, seen.parts),
        rate=score.response_rate(seen.parts),
        stream=seen.comments,
        split=seen.split,
        terms=await _terms(db, visit, known, seen.claims.shares[claims.WORDS]),
        page_address=address(visit.request, key),
        service=address(visit.request, key).removesuffix(f"/t/{key}"),
        sentences=sentences,
        index=levels.index,
    )


def _read(session: Session, visit: RequestContext, known: Known, period: Period, now: int) -> Seen:
    found = levels.read(session, [known], period, now)[0]
    window = found.window
    spans = rollup.window(window.since, window.until, known.zone) if period.days else rollup.ALL_TIME
    parts = rollup.read(session, [known.id], spans).get(known.id, {})
    first = rollup.first_hours(session, [known.id]).get(known.id)
    starts = period.trend_starts(now, known.zone, first)
    by_start = rollup.series(session, known.id, starts[0], window.until, known.zone, period.interval)
    comments = stream.read(session, visit, known) if visit.may("feedback:read") else None
    trend = [score.counted(by_start.get(start, {})) for start in starts]
    chart = _chart(known, period, starts, trend, now)
    since = window.since if period.days else now
    alike = baseline.by_source(session, [known], since)[known.id]
    moved = _moved(known, [by_start.get(start, {}) for start in starts[: chart.over]], starts, alike[None])
    heat = heatmap.read(session, known.id, window.since, window.until, known.zone)
    shown = split.read(session, known, period, visit.request.query_params.get("by"), visit.words)
    samples = _samples(found, parts, alike)
    judged = claims.judged(claims.looked(found, moved, heat, samples, shown.p_values if shown else {}))
    claims.settle(found, judged)
    events = history.read(session, visit, known, starts[0])
    shown = shown and split.beside(shown, judged.found(claims.SEGMENTS))
    months = target_months.read(session, known, now) if found.target else []
    return Seen(found, parts, trend, chart, events, moved, heat, comments, shown, judged, months)


def _samples(standing: Level, parts: Mapping[Part, Counts], alike: baseline.BySource) -> dict[str, Sample]:
    """The ratings of each source that has any."""
    scale, length = standing.known.scale, standing.window.days
    found = {
        source: Sample(scale, counts, alike.get(source), length) for source, counts in score.by_source(parts).items()
    }
    return {source: sample for source, sample in found.items() if sample.n}


def _chart(known: Known, period: Period, starts: list[int], trend: Sequence[Counts], now: int) -> Trend:
    points = [levels.index(known.scale, counts) for counts in trend]
    edges = [*starts, next_start(period.interval, starts[-1], known.zone)]
    over = sum(start < start_of(period.interval, now, known.zone) for start in starts)
    return Trend(points, [counts[0] for counts in trend], edges, over, known.zone)


def quarter(steps: int) -> int:
    """How many of so many steps are compared at each end."""
    return max(1, steps // 4)


def _moved(
    known: Known, steps: Sequence[Mapping[Part, Counts]], starts: Sequence[int], days: Days
) -> verdicts.Moved | None:
    if len(steps) < 2:
        return None
    part = quarter(len(steps))
    first, last = (score.together(some) for some in (steps[:part], steps[-part:]))
    length = (starts[part] - starts[0]) / 86_400
    return verdicts.compare(known.scale, "index", score.by_source(last), score.by_source(first), length, days)


def trend_says(seen: Seen, known: Known, period: Period, t: Localized) -> Markup:
    """What the trend shows: its first quarter against its last, where chance does not explain the difference."""
    parts = seen.trend[: seen.chart.over]
    part = quarter(len(parts))
    before, now = add([NONE, *parts[:part]]), add([NONE, *parts[-part:]])
    first, last = levels.index(known.scale, before), levels.index(known.scale, now)
    if first is None or last is None or seen.moved is None:
        return t("trend.short")
    values = {"first": t.number(first.value), "last": t.number(last.value)}
    verdict = seen.moved.verdict(seen.claims.p(claims.TREND))
    return t(f"trend.{verdict}", n=part, unit=t(f"unit.{period.interval}", n=part), **values)


def heat_says(seen: Seen, t: Localized) -> Markup:
    found = seen.claims.found(claims.TIMES)
    lowest = heatmap.lowest(seen.standing.known.scale, seen.heat, found)
    if lowest is None:
        return t("heat.none")
    day, (since, until) = lowest
    return t("heat.worst", day=t.weekday(day, "wide"), since=since, until=until)


def facts(known: Known, seen: Seen) -> list[tuple[str, formulas.Estimate]]:
    """The scale's other metrics: the share and the mean."""
    found = formulas.metrics(known.scale, ratings(seen.standing.now))
    said = ((name, formulas.said(name, estimate)) for name, estimate in found.items() if name != "index")
    return [(name, estimate) for name, estimate in said if estimate]


def sources(known: Known, seen: Seen) -> list[dict[str, Any]]:
    """Each source with its index, the highest first, and how it compares with the others."""
    rows: list[dict[str, Any]] = []
    for (source, part), counts in seen.parts.items():
        if part == "counted" and (estimate := levels.index(known.scale, counts)):
            rows.append({"source": source, "counts": counts, "index": estimate})
    rows.sort(key=lambda row: -float(row["index"].value))
    apart = seen.claims.found(claims.SOURCES)
    for row in rows:
        lower = any(low == row["source"] for low, _ in apart)
        higher = any(high == row["source"] for _, high in apart)
        row["differs"] = "both" if lower and higher else "lower" if lower else "higher" if higher else "same"
    return rows


async def _terms(db: Db, visit: RequestContext, known: Known, share: float) -> terms.Terms | None:
    """The words that set unhappy customers apart; looked for when asked, as thousands of comments are read for them.

    `share` is how much of the page's 5 % they have.
    """
    if "words" not in visit.request.query_params or not visit.may("feedback:read"):
        return None
    rows = await db.read(lambda session: terms_routes.newest(session, known, terms_routes.TermsQuery()))
    return await asyncio.to_thread(terms.by_language, known, rows, share)


@router.post("/touchpoints/{key}/flags")
async def flag(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Flag an answer so that it does not count, or count it again."""
    posting.visit.need("feedback:write")
    known = await posting.visit.request.app.state.registry.get(key)
    said = posting.get("flag")
    try:
        number = UUID(posting.get("id"))
        flags = FlagsIn.model_validate({"flags": [said] if said else []}).flags
    except ValueError:
        raise Problem(Code.INVALID_REQUEST, "This flag or answer is not known.") from None
    await db.write(lambda session: store.flag(session, known.id, number, flags))
    return RedirectResponse(inside(posting.get("next")), 303)


@router.post("/touchpoints/{key}/handling")
async def follow_up(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Say how a customer is followed up, and by whom."""
    posting.visit.need("feedback:write")
    known = await posting.visit.request.app.state.registry.get(key)
    try:
        number = UUID(posting.get("id"))
        said = HandlingIn.model_validate(
            {"state": posting.get("state")} | {name: posting.get(name) or None for name in ("owner", "note")}
        )
    except ValueError:
        raise Problem(Code.INVALID_REQUEST, "This follow-up or answer is not known.") from None
    await db.write(lambda session: handling.put(session, known.id, number, said))
    return RedirectResponse(inside(posting.get("next")), 303)
