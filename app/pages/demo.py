"""/demo: a page of a pretend shop with the real widget in it, and a mail as its customers get it."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import Problem
from app.links.mail import snippet
from app.links.routes import base
from app.links.token import mint
from app.pages.i18n import language_of
from app.pages.render import csp, page
from app.touchpoints.registry import Known

router = APIRouter(include_in_schema=False)
SHOP, AFTER_ORDER, MAILED = "online-shop", "order-process", "delivery"
MAIL = csp(style_src="'self' 'unsafe-inline'")  # a mail carries its styles inline


@router.get("/demo")
async def shop(request: Request) -> Response:
    """The product page of the shop, with the widget of `online-shop` in it."""
    language = language_of(request)
    if await _open(request, SHOP) is None:
        context = {"here": "shop", "base": base(request)}
        return page(request, "demo/empty.html", context, language, area="demo", status=404)
    after = await _open(request, AFTER_ORDER)
    shown: dict[str, str | None] = {"here": "shop", "after_order": after.row.key if after else None}
    return page(request, "demo/shop.html", shown, language, area="demo")


@router.get("/demo/mail")
async def mail(request: Request) -> Response:
    """A mail about a delivery, with links that work. Nothing is written: this is a preview, nobody was asked."""
    language = language_of(request)
    known = await _open(request, MAILED) or await _open(request, SHOP)
    if known is None:
        context = {"here": "mail", "base": base(request)}
        return page(request, "demo/empty.html", context, language, area="demo", status=404)
    state = request.app.state
    token = mint(state.ring, known.id, state.clock() + timedelta(days=1), language, None, None)
    drawn = snippet(known.row.question, known.row.scale, language).to(f"{base(request)}/r/{token}")
    context = {"here": "mail", "mail": drawn.html}
    return page(request, "demo/mail.html", context, language, area="demo", policy=MAIL)


async def _open(request: Request, key: str) -> Known | None:
    try:
        known: Known = await request.app.state.registry.open(key)
    except Problem:
        return None
    return known
