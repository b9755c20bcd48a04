"""/demo: a page of a pretend shop with the real widget in it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import Problem
from app.links.routes import base
from app.pages.i18n import language_of
from app.pages.render import page
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(include_in_schema=False)
SHOP, AFTER_ORDER = "online-shop", "order-process"


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


async def _open(request: Request, key: str) -> Known | None:
    try:
        known: Known = await request.app.state.registry.open(key, ways.PAGE)
    except Problem:
        return None
    return known
