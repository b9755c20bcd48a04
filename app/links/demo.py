"""/demo/mail: how the rating looks in a mail. What is answered from here is flagged `test` and never counts."""

from datetime import timedelta

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Problem
from app.fast_routes import FastRoute
from app.links.mail import snippet
from app.links.routes import base
from app.links.token import mint
from app.pages.i18n import language_of
from app.pages.render import csp, page
from app.touchpoints import ways
from app.touchpoints.registry import Known, Registry

router = APIRouter(include_in_schema=False, route_class=FastRoute)
TOUCHPOINTS = ("delivery", "order-confirmation")


@router.get("/demo/mail")
async def demo_mail(request: Request) -> Response:
    """A mail of a pretend shop with the rating in it, as HTML and as plain text; 404 without one.

    Anybody may open it, so its links must not bend a score: they carry `test`, whatever is pressed.
    """
    state = request.app.state
    known = await _first_open(state.registry)
    state.limiter.check(request, "demo mail")
    language = language_of(request, known.row.question, known.row.language)
    token = mint(state.signing_keys, known.id, state.clock() + timedelta(days=1), language, context={"test": True})
    mail = snippet(known.row.question, known.scale, language).to(f"{base(request)}/r/{token}")
    given = {"html": Markup(mail.html), "text": mail.text, "offered": known.row.question}  # noqa: S704 - escaped when drawn
    return page(
        request, "mail_demo.html", given, language, area="links", policy=csp(style_src="'self' 'unsafe-inline'")
    )


async def _first_open(registry: Registry) -> Known:
    """The touchpoint that mails are most likely sent for."""
    for key in TOUCHPOINTS[:-1]:
        try:
            return await registry.open(key, ways.LINK)
        except Problem:
            continue
    return await registry.open(TOUCHPOINTS[-1], ways.LINK)
