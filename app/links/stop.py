"""/r/{token}/stop: who is asked by mail ends it. Opening the page writes nothing, pressing its button does.

The button of a mail program presses too (RFC 8058): it posts to the same address, without a cookie. A link that has
ended is still good for this.
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.cooldown import asked
from app.errors import Code, Problem
from app.fast_routes import FastRoute
from app.links.pages import friendly
from app.links.token import Link, read
from app.pages.i18n import SPOKEN, language_of, messages
from app.pages.render import page

router = APIRouter(prefix="/r", include_in_schema=False, route_class=FastRoute)


@router.api_route("/{token}/stop", methods=["GET", "HEAD"])
@friendly
async def ending(request: Request, token: str) -> Response:
    """The page that asks whether somebody wants no more questions."""
    return _drawn(request, _link(request, token)[0], "stop")


@router.post("/{token}/stop")
@friendly
async def ended(request: Request, token: str) -> Response:
    """Nobody asks him any more, at no touchpoint. Once more changes nothing."""
    link, respondent = _link(request, token)
    state = request.app.state
    await state.db.write(lambda session: asked.never(session, state.ask_secrets, respondent))
    return _drawn(request, link, "stopped")


def _link(request: Request, token: str) -> tuple[Link, str]:
    """The link, and whose it is; Problem link_invalid, also for a link that names nobody."""
    link = read(token, request.app.state.signing_keys)
    if link.respondent is None:
        raise Problem(Code.LINK_INVALID, "This link is nobody's own.")
    return link, link.respondent


def _drawn(request: Request, link: Link, name: str) -> Response:
    language = language_of(request, SPOKEN, mailed=link.language)
    t = messages("links", language)
    button = t("stop_button") if name == "stop" else ""
    context = {"title": t(f"{name}_title"), "why": t(f"{name}_why"), "button": button}
    return page(request, "mail_page.html", context, language, area="links")
