"""API keys: list, create (shown once), revoke."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from app import auth, keys
from app.errors import Code, Problem
from app.pages.dashboard.visit import PageRoute, Posted, Posting, Signed, Visit
from app.state import Db

router = APIRouter(route_class=PageRoute, include_in_schema=False)


async def _page(db: Db, visit: Visit, fresh: str | None = None, status: int = 200) -> Response:
    rows = await db.read(keys.all_keys)
    scopes = [scope for scope in auth.SCOPES if visit.may(scope)]
    return visit.page("keys.html", status, rows=rows, scopes=scopes, fresh=fresh)


@router.get("/keys")
async def listed(db: Db, visit: Visit = Signed) -> Response:
    visit.need("keys:read")
    return await _page(db, visit)


@router.post("/keys")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Make a key and show it, this once. Nobody can give what he does not have himself."""
    visit = posting.visit
    visit.need("keys:write")
    name, scopes = posting.get("name")[:200], tuple(posting.all("scope"))
    if not name or not scopes or any(scope not in auth.SCOPES for scope in scopes):
        raise Problem(Code.INVALID_REQUEST, str(visit.words("keys.incomplete")))
    for scope in scopes:
        visit.need(scope)
    key, _ = await db.write(lambda session: auth.create_key(session, name, scopes))
    return await _page(db, visit, key, 201)


@router.post("/keys/{number}/revoke")
async def revoke(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("keys:write")
    await db.write(lambda session: keys.revoke(session, number))
    posting.visit.request.app.state.keys.forget()
    return RedirectResponse("/keys", 303)
