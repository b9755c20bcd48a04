"""The help: what the marks mean and which keys there are."""

from fastapi import APIRouter
from starlette.responses import Response

from app.dashboard.request_context import PageRoute, RequestContext, Signed

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/help")
async def help_page(visit: RequestContext = Signed) -> Response:
    return visit.page("help.html")
