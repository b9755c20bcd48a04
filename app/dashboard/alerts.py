"""Alerts: what is open, who took it, how it ended; one alert with what was seen and what can be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pydantic
from fastapi import APIRouter
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.answers import listing
from app.answers.schemas import AnswerQuery
from app.dashboard import alert_words, drop_chart, split
from app.dashboard.alert_words import ICONS
from app.dashboard.form_errors import NOTHING, FormErrors, beside
from app.dashboard.login import inside
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Code, Problem
from app.models import Action, Journey, now
from app.monitoring import alerts, told
from app.monitoring.schemas import AlertPatch, CommentIn
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known
from app.webhooks import backlog

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = ("open", "acknowledged", "closed")
WHY = ("fixed", "not_a_problem", "false_alarm", "other")
_MOST = {"open": 200, "acknowledged": 200, "closed": 20}
_COMMENTS = 5
TEXTS = {"": "alert.note", "note": "alert.note", "state": "alert.sentence"}  # what the text of each form is called
UNTYPED = {"form": "", "text": "", "because": "fixed"}
Alert = dict[str, Any]


def names_of(session: Session, rows: list[Alert]) -> dict[str, Known]:
    """The touchpoints of these alerts by key."""
    keys = {row["touchpoint"] for row in rows if row["touchpoint"]}
    keys |= {one["touchpoint"] for row in rows for one in row["evidence"].get("touchpoints", ()) if row["journey"]}
    return {key: known(registry.by_key(session, key)) for key in sorted(keys)}


@router.get("/alerts")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("alerts:read")

    def work(session: Session) -> tuple[dict[str, list[Alert]], dict[str, Known]]:
        found = {state: alerts.page(session, None, _MOST[state], state=state, kind=None) for state in STATES}
        found["open"].sort(key=lambda row: tuple(ICONS).index(row["kind"]))
        return found, names_of(session, [row for rows in found.values() for row in rows])

    found, names = await db.read(work)
    title = alert_words.titles(names, visit.words)
    zone = partial(alert_words.zone, names=names)
    return visit.page("alerts.html", found=found, zone=zone, title=title, icons=ICONS)


@dataclass(slots=True)
class Seen:
    """What was read for the page of one alert."""

    alert: Alert
    names: dict[str, Known]
    comments: list[dict[str, Any]]
    actions: list[Action]
    told: list[dict[str, Any]]
    segments: dict[str, tuple[str, str]]  # what their keys and values are called
    around: drop_chart.Around | None
    journeys: list[Journey]  # that moved with a touchpoint
    others: list[Alert]  # of touchpoints of a journey


@router.get("/alerts/{number}")
async def one(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("alerts:read")
    return await _one(db, visit, number)


async def _one(
    db: Db, visit: RequestContext, number: int, typed: Mapping[str, str] = UNTYPED, wrong: FormErrors = NOTHING
) -> Response:
    """The page of an alert; with `typed`, what stood in the form that was sent."""
    seen = await db.read(lambda session: _read(session, visit, number))
    here = seen.names.get(seen.alert["touchpoint"])
    return visit.page(
        "alert.html",
        422 if wrong else 200,
        typed=typed,
        wrong=wrong,
        summary=wrong.listed({"text": ("", str(visit.words(TEXTS[typed["form"]])))}),
        alert=seen.alert,
        known=here,
        title=alert_words.title(seen.alert, seen.names, visit.words),
        says=alert_words.says(seen.alert, seen.names, visit.words),
        around=seen.around,
        course=alert_words.course(seen.alert),
        comments=seen.comments,
        actions=seen.actions,
        told=seen.told,
        lately=now() - seen.alert["opened_at"] < backlog.KEPT,
        segments=seen.segments,
        journeys=seen.journeys,
        others=seen.others,
        names=seen.names,
        zone=alert_words.zone(seen.alert, seen.names),
        name=alert_words.titles(seen.names, visit.words),
        icons=ICONS,
        why=WHY,
    )


def _read(session: Session, visit: RequestContext, number: int) -> Seen:
    alert = alerts.read(session, number)
    comments = _since(session, alert["touchpoint"], alert["since"]) if visit.may("feedback:read") else []
    made = select(Action).where(col(Action.alert) == str(number)) if visit.may("actions:read") else None
    actions = list(session.exec(made)) if made is not None else []
    heard = {(one["webhook"], one["subscriber"]): one for one in reversed(told.of(session, number, visit.may))}
    named = [one["segment"] for one in alert["evidence"].get("segments", ())]
    spoken = split.spoken(session, named, visit.words)
    along = col(Journey.key).in_(alert["evidence"].get("journeys", ()))
    journeys = list(session.exec(select(Journey).where(along).order_by(Journey.key)))
    others = [alerts.read(session, other) for other in alert["evidence"].get("alerts", ())]
    names = names_of(session, [alert, *others])
    here = names.get(alert["touchpoint"])
    drawn = here and alert["kind"] in drop_chart.KINDS and visit.may("scores:read")
    around = drop_chart.read(session, here, alert, now()) if here and drawn else None
    return Seen(alert, names, comments, actions, list(reversed(heard.values())), spoken, around, journeys, others)


def _since(session: Session, key: str | None, since: datetime) -> list[dict[str, Any]]:
    """The newest comments of unhappy customers since the trouble began."""
    if not key:
        return []
    poor = known(registry.by_key(session, key)).scale.poor
    rated = {"rating_min": poor[0], "rating_max": poor[-1]}
    query = AnswerQuery(touchpoint=key, since=since, has_comment=True, flagged=False, limit=_COMMENTS, **rated)
    return list(listing.page(session, query)["items"])


@router.post("/alerts/{number}/state")
async def change(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Take an alert, give it back, or close it and say why; what is written goes below it."""
    visit, text = posting.visit, posting.get("text")
    visit.need("alerts:write")
    typed = {"form": "state", "text": text, "because": posting.get("because")}
    try:
        body = AlertPatch.model_validate({"state": posting.get("state"), "because": typed["because"] or None})
        note = CommentIn(text=text) if text else None
        await db.write(lambda session: _changed(session, number, body, note, visit.caller.name))
    except pydantic.ValidationError as error:
        return await _one(db, visit, number, typed, beside(error, visit.words))
    except Problem as problem:
        if problem.code != Code.INVALID_REQUEST:
            raise
        closed = FormErrors({"state": str(visit.words("alerts.closed_meanwhile"))})
        return await _one(db, visit, number, typed, closed)
    return RedirectResponse(inside(posting.get("next") or f"/alerts/{number}"), 303)


def _changed(session: Session, number: int, body: AlertPatch, note: CommentIn | None, who: str) -> None:
    if note:
        alerts.comment(session, number, note.text, who)
    alerts.change(session, number, body.state, body.because, who)


@router.post("/alerts/{number}/comments")
async def comment(number: int, db: Db, posting: Posting = Posted) -> Response:
    visit, text = posting.visit, posting.get("text")
    visit.need("alerts:write")
    try:
        note = CommentIn(text=text)
    except pydantic.ValidationError as error:
        return await _one(db, visit, number, {**UNTYPED, "form": "note", "text": text}, beside(error, visit.words))
    await db.write(lambda session: alerts.comment(session, number, note.text, visit.caller.name))
    return RedirectResponse(f"/alerts/{number}#course", 303)
