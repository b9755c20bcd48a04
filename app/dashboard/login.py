"""Sign in with an API key, and out again."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.auth import Caller
from app.dashboard import session
from app.dashboard.ended_sessions import end
from app.dashboard.request_context import NotSignedIn, PageRoute, Posted, Posting, anonymous, form_of, visit
from app.errors import Code, Problem
from app.state import Db

router = APIRouter(route_class=PageRoute, include_in_schema=False)


def inside(path: str) -> str:
    """`path` when it is an address of ours, else the front page: a sign-in must not send anybody elsewhere."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if ours else "/"


@router.get("/login")
async def door(request: Request) -> Response:
    where = inside(request.query_params.get("next", ""))
    try:
        await visit(request)
    except NotSignedIn:
        return anonymous(request, "login.html", wrong=None, next=where)
    return RedirectResponse(where, 303)


@router.post("/login")
async def sign_in(request: Request) -> Response:
    form = await form_of(request)
    where = inside(form.get("next", [""])[0])
    caller, wrong = await _caller(request, form.get("key", [""])[0].strip())
    if caller is None:
        return anonymous(request, "login.html", 401 if wrong == "key_unknown" else 403, wrong=wrong, next=where)
    state = request.app.state
    answer = RedirectResponse(where, 303)
    answer.set_cookie(
        session.COOKIE,
        session.issue(state.secret, state.keys.subject(caller)),
        max_age=session.LASTS_S,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https" or (state.origin or "").startswith("https:"),
    )
    return answer


async def _caller(request: Request, key: str) -> tuple[Caller | None, str | None]:
    """Who shows this key, or why he may not come in."""
    try:
        caller = await request.app.state.keys.caller(f"Bearer {key}")
    except Problem as problem:
        if problem.code not in (Code.KEY_INVALID, Code.SCOPE_MISSING):
            raise
        return None, "key_unknown"
    return (caller, None) if caller and caller.may("scores:read") else (None, "key_cannot")


@router.post("/logout")
async def sign_out(db: Db, posting: Posting = Posted) -> Response:
    """End the session: whoever else has its cookie is signed out too."""
    await db.write(lambda s: end(s, posting.visit.cookie))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(session.COOKIE)
    return answer
