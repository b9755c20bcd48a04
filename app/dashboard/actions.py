"""Actions: what is done at which touchpoints, and whether it helped."""

from collections.abc import Mapping
from typing import Any, get_args
from uuid import UUID

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.actions import actions, report
from app.actions.schemas import ActionIn, ActionPatch, State
from app.answers import listing
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Code, Problem
from app.models import now
from app.scores.formulas import Estimate
from app.state import Db
from app.touchpoints import registry

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES: tuple[State, ...] = get_args(State)
_MOST = 200
_FIELDS = ("title", "owner", "note", "started_at", "finished_at", "alert")


def _touchpoints(session: Session, visit: RequestContext) -> dict[str, str]:
    """The names of all touchpoints by key, archived ones too."""
    rows = registry.find(session, limit=10_000, archived=None)
    return {row.key: visit.words.own(row.name) for row in rows}


@router.get("/actions")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("actions:read")
    at = now()

    def work(session: Session) -> tuple[list[dict[str, Any]], dict[str, str], str]:
        rows = [actions.public(row, at) for row in actions.page(session, at, None, _MOST)]
        rows.sort(key=lambda row: STATES.index(row["state"]))
        return rows, _touchpoints(session, visit), _said(session, visit)

    rows, names, note = await db.read(work)
    return visit.page("actions.html", rows=rows, names=names, note=note)


def _said(session: Session, visit: RequestContext) -> str:
    """The comment that an action is made of, to begin its note with; empty without one."""
    given = visit.request.query_params
    if not given.get("comment") or not visit.may("feedback:read"):
        return ""
    try:
        at = registry.by_key(session, given.get("touchpoint", "")).id or 0
        return str(visit.words("quoted", text=listing.one(session, at, UUID(given["comment"]))["comment"] or ""))
    except (Problem, ValueError):
        return ""  # it was erased meanwhile


@router.post("/actions")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Write an action down; a page says what is wrong with it."""
    posting.visit.need("actions:write")
    said = {
        name: value
        for name in ("title", "owner", "note", "started_at", "finished_at", "alert")
        if (value := posting.get(name))
    }
    try:
        body = ActionIn.model_validate({**said, "touchpoints": posting.all("touchpoint")})
    except pydantic.ValidationError:
        raise Problem(Code.INVALID_REQUEST, str(posting.visit.words("actions.wrong"))) from None
    who = posting.visit.caller.name
    row = await db.write(lambda session: actions.create(session, body, who))
    return RedirectResponse(f"/actions/{row.id}", 303)


@router.get("/actions/{number}")
async def action(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("actions:read")
    visit.need("scores:read")
    at = now()

    def work(session: Session) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        row = actions.by_id(session, number)
        return actions.public(row, at), report.read(session, row, at), _touchpoints(session, visit)

    row, found, names = await db.read(work)
    return visit.page("action.html", row=row, effect=found, names=names, states=STATES, mark=mark)


@router.post("/actions/{number}/state")
async def set_state(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Start, finish, drop an action, or plan it anew."""
    posting.visit.need("actions:write")
    try:
        body = ActionPatch.model_validate({"state": posting.get("state")})
    except pydantic.ValidationError:
        raise Problem(Code.INVALID_REQUEST, str(posting.visit.words("actions.wrong"))) from None
    await db.write(lambda session: actions.change(session, number, body))
    return RedirectResponse(f"/actions/{number}", 303)


def mark(figures: Mapping[str, float], bounds: tuple[float, float]) -> Estimate:
    """{value, low, high} of a metric as hundredths of its way, to be drawn."""
    low, high = bounds
    return Estimate(*(100 * (figures[name] - low) / (high - low) for name in ("value", "low", "high")))
