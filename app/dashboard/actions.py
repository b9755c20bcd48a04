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
from app.dashboard import picks
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Problem
from app.models import now
from app.scores.formulas import Estimate
from app.state import Db
from app.touchpoints import registry

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES: tuple[State, ...] = get_args(State)
_MOST = 200
_NEAR = 6  # touchpoints to compare with
_TYPED = ("title", "owner", "note", "started_at", "finished_at", "alert")
FIELDS = {
    "title": "actions.title",
    "owner": "field.owner",
    "note": "handling_note",
    "started_at": "actions.started",
    "finished_at": "actions.finished",
    "touchpoints": "nav.touchpoints",
    "compare_with": "actions.compare",
}
Draft = dict[str, Any]


def _touchpoints(session: Session, visit: RequestContext) -> dict[str, str]:
    """The names of all touchpoints by key, archived ones too."""
    rows = registry.find(session, limit=10_000, archived=None)
    return {row.key: visit.words.own(row.name) for row in rows}


@router.get("/actions")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("actions:read")
    given = visit.request.query_params
    note = await db.read(lambda session: _quoted(session, visit))
    begun: Draft = {"note": note, "alert": given.get("alert", "")[:64], "touchpoints": given.getlist("touchpoint")}
    begun["compare_with"] = []
    return await _all(db, visit, dict.fromkeys(_TYPED, "") | begun)


async def _all(db: Db, visit: RequestContext, draft: Draft, wrong: FormErrors = NOTHING, status: int = 200) -> Response:
    """All actions, and the form of a new one as far as it is filled in."""
    at, writes = now(), visit.may("actions:write") and visit.may("scores:read")

    def work(session: Session) -> dict[str, Any]:
        rows = [actions.public(row, at) for row in actions.page(session, at, None, _MOST)]
        rows.sort(key=lambda row: STATES.index(row["state"]))
        choice = picks.choice(session, visit.words, draft["touchpoints"], draft.get("find", ""))
        plan = next((report.plan(session, key, at) for key in choice.chosen), None) if writes else None
        near = dict.fromkeys([*draft["compare_with"], *(plan["compare_with"][:_NEAR] if plan else ())])
        return {"rows": rows, "names": choice.names, "choice": choice, "plan": plan, "near": near}

    summary = wrong.listed({place: ("", str(visit.words(name))) for place, name in FIELDS.items()})
    found = await db.read(work)
    return visit.page("actions.html", status, draft=draft, wrong=wrong, summary=summary, sizes=sizes, **found)


def sizes(plan: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """The changes of a plan in whole points, each with the fewest days and answers after which it can be told."""
    found: dict[int, tuple[int, int]] = {}
    for one in plan["tellable"]:
        found.setdefault(max(1, round(one["change"])), (one["days"], one["answers"]))
    return [(points, *least) for points, least in found.items()]


def _quoted(session: Session, visit: RequestContext) -> str:
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
    """Write an action down; or show the form again, with the touchpoints that were looked for or what is wrong."""
    visit = posting.visit
    visit.need("actions:write")
    said = {name: posting.get(name) for name in _TYPED}
    draft: Draft = said | {"touchpoints": posting.all("touchpoint"), "find": posting.get("find")}
    draft["compare_with"] = posting.all("compare_with")
    if picks.searches(posting):
        return await _all(db, visit, draft)
    try:
        filled = {name: value for name, value in said.items() if value}
        where = {name: draft[name] for name in ("touchpoints", "compare_with")}
        body = ActionIn.model_validate(filled | where)
        row = await db.write(lambda session: actions.create(session, body, visit.caller.name))
    except pydantic.ValidationError as error:
        return await _all(db, visit, draft, beside(error, visit.words), 422)
    except Problem as problem:
        return await _all(db, visit, draft, of_problem(problem, visit.words), 422)
    return RedirectResponse(f"/actions/{row.id}", 303)


@router.get("/actions/{number}")
async def action(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("actions:read")
    return await _one(db, visit, number)


async def _one(db: Db, visit: RequestContext, number: int, wrong: FormErrors = NOTHING, status: int = 200) -> Response:
    visit.need("scores:read")
    at = now()

    def work(session: Session) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        row = actions.by_id(session, number)
        return actions.public(row, at), report.read(session, row, at), _touchpoints(session, visit)

    row, found, names = await db.read(work)
    said = {"row": row, "effect": found, "names": names, "states": STATES, "mark": mark}
    return visit.page("action.html", status, summary=wrong.listed({}), **said)


@router.post("/actions/{number}/state")
async def set_state(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Start, finish, drop an action, or plan it anew."""
    visit = posting.visit
    visit.need("actions:write")
    try:
        body = ActionPatch.model_validate({"state": posting.get("state")})
        await db.write(lambda session: actions.change(session, number, body))
    except pydantic.ValidationError as error:
        return await _one(db, visit, number, beside(error, visit.words), 422)
    except Problem as problem:
        return await _one(db, visit, number, of_problem(problem, visit.words), 422)
    return RedirectResponse(f"/actions/{number}", 303)


def mark(figures: Mapping[str, float], bounds: tuple[float, float]) -> Estimate:
    """{value, low, high} of a metric as hundredths of its way, to be drawn."""
    low, high = bounds
    return Estimate(*(100 * (figures[name] - low) / (high - low) for name in ("value", "low", "high")))
