"""The page of tablets: which report and which fell silent; a new one with its pairing code, revoke."""

from collections.abc import Callable

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard.form_errors import refused
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.devices import tablets
from app.devices.pairing import new_code
from app.devices.schemas import DeviceIn
from app.models import Device, now
from app.state import Db
from app.touchpoints import registry

router = APIRouter(route_class=PageRoute, include_in_schema=False)


async def _page(db: Db, visit: RequestContext, code: str | None = None, status: int = 200) -> Response:
    def work(session: Session) -> tuple[list[dict[str, object]], dict[str, str]]:
        rows = [tablets.shown(row, now()) for row in tablets.page(session, 0, 1000)]
        touchpoints = registry.find(session, limit=1000)
        return rows, {row.key: visit.words.own(row.name) for row in touchpoints}

    rows, names = await db.read(work)
    rows.sort(key=lambda row: (row["state"] == "revoked", row["state"] != "silent"))
    return visit.page("devices.html", status, rows=rows, names=names, code=code)


@router.get("/devices")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("devices:read")
    return await _page(db, visit)


@router.post("/devices")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Register a tablet and show its pairing code, this once."""
    posting.visit.need("devices:write")
    try:
        body = DeviceIn(name=posting.get("name"), touchpoints=list(posting.all("touchpoint")))
    except pydantic.ValidationError as error:
        raise refused(error, posting.visit.words) from None
    return await _paired(db, posting, lambda session: tablets.create(session, body))


async def _paired(db: Db, posting: Posting, of: Callable[[Session], Device]) -> Response:
    secret = posting.visit.request.app.state.secret

    def work(session: Session) -> str:
        return new_code(session, secret, of(session))

    return await _page(db, posting.visit, await db.write(work), 201)


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
