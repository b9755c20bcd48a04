"""The page of tablets: which report and which fell silent; a new one with its pairing code, revoke."""

from collections.abc import Callable, Mapping
from typing import Any

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard import picks
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.devices import tablets
from app.devices.pairing import new_code
from app.devices.schemas import DeviceIn
from app.errors import Problem
from app.models import Device, now
from app.state import Db

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Draft = Mapping[str, Any]
NEW: Draft = {"name": "", "touchpoints": [], "find": ""}


async def _page(
    db: Db,
    visit: RequestContext,
    draft: Draft = NEW,
    wrong: FormErrors = NOTHING,
    code: str | None = None,
    status: int = 200,
) -> Response:
    def work(session: Session) -> tuple[list[dict[str, object]], picks.Choice]:
        rows = [tablets.shown(row, now()) for row in tablets.page(session, 0, 1000)]
        return rows, picks.choice(session, visit.words, draft["touchpoints"], draft["find"])

    rows, choice = await db.read(work)
    rows.sort(key=lambda row: (row["state"] == "revoked", row["state"] != "silent"))
    said = {"rows": rows, "names": choice.names, "choice": choice, "draft": draft, "wrong": wrong, "code": code}
    return visit.page("devices.html", status, **said)


@router.get("/devices")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("devices:read")
    return await _page(db, visit)


@router.post("/devices")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Register a tablet and show its pairing code, this once."""
    visit = posting.visit
    visit.need("devices:write")
    draft = {"name": posting.get("name"), "touchpoints": posting.all("touchpoint"), "find": posting.get("find")}
    if picks.searches(posting):
        return await _page(db, visit, draft)
    try:
        body = DeviceIn.model_validate(picks.filled(draft))
        return await _paired(db, posting, lambda session: tablets.create(session, body))
    except pydantic.ValidationError as error:
        return await _page(db, visit, draft, beside(error, visit.words), status=422)
    except Problem as problem:
        return await _page(db, visit, draft, of_problem(problem, visit.words), status=422)


async def _paired(db: Db, posting: Posting, of: Callable[[Session], Device]) -> Response:
    secret = posting.visit.request.app.state.secret

    def work(session: Session) -> str:
        return new_code(session, secret, of(session))

    return await _page(db, posting.visit, code=await db.write(work), status=201)


@router.post("/devices/{number}/pair")
async def pair(number: int, db: Db, posting: Posting = Posted) -> Response:
    """A new pairing code for a tablet that was reset or replaced."""
    posting.visit.need("devices:write")
    return await _paired(db, posting, lambda session: tablets.one(session, number))


@router.post("/devices/{number}/revoke")
async def revoke(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("devices:write")
    await db.write(lambda session: tablets.revoke(session, number))
    return RedirectResponse("/devices", 303)
