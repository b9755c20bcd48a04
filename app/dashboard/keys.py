"""API keys: list, create (shown once), revoke."""

import pydantic
from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from app import auth, keys
from app.dashboard.form_errors import NOTHING, FormErrors, beside
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.state import Db

router = APIRouter(route_class=PageRoute, include_in_schema=False)


async def _page(
    db: Db,
    visit: RequestContext,
    fresh: str | None = None,
    status: int = 200,
    wrong: FormErrors = NOTHING,
    name: str = "",
) -> Response:
    rows = await db.read(keys.all_keys)
    makers = {row["id"]: row["name"] for row in rows}
    scopes = [scope for scope in auth.SCOPES if visit.may(scope)]
    said = {"rows": rows, "makers": makers, "scopes": scopes, "fresh": fresh, "wrong": wrong, "name": name}
    return visit.page("keys.html", status, **said)


@router.get("/keys")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("keys:read")
    return await _page(db, visit)


@router.post("/keys")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Make a key and show it, this once. Nobody can give what he does not have himself."""
    visit = posting.visit
    visit.need("keys:write")
    name = posting.get("name")
    try:
        wanted = keys.KeyIn(name=name, scopes=posting.all("scope"))
    except pydantic.ValidationError as error:
        return await _page(db, visit, status=422, wrong=beside(error, visit.words), name=name)
    key, _ = await db.write(lambda session: keys.make(session, wanted, visit.caller))
    return await _page(db, visit, key, 201)


@router.post("/keys/{number}/revoke")
async def revoke(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("keys:write")
    await db.write(lambda session: keys.revoke(session, number, posting.visit.caller))
    posting.visit.request.app.state.keys.forget()
    return RedirectResponse("/keys", 303)
