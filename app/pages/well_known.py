"""What programs ask every site for: /robots.txt, /favicon.ico, /.well-known/security.txt (RFC 9116)."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from app.errors import Code, Problem
from app.pages.render import FOLDER, conditional

router = APIRouter(include_in_schema=False)
# Previews of a page that is shared may be made; a rating link, the dashboard and the API are nobody's to list.
ROBOTS = "User-agent: *\nAllow: /t/\nAllow: /static/\nDisallow: /\n"
VALID = timedelta(days=90)
A_DAY = {"Cache-Control": "public, max-age=86400"}


@router.get("/robots.txt")
async def robots() -> Response:
    """What search engines may look at."""
    return PlainTextResponse(ROBOTS, headers=A_DAY)


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """The product's icon, for programs that do not read the pages' own link to it."""
    return conditional(request, (FOLDER / "icon.svg").read_bytes(), "image/svg+xml", A_DAY)


@router.get("/.well-known/security.txt")
async def security(request: Request) -> Response:
    """Whom to tell of a weakness, if the operator has said so."""
    contact = request.app.state.settings.security_contact
    if contact is None:
        raise Problem(Code.NOT_FOUND, "This service names nobody in TOUCHSTONE_SECURITY_CONTACT.")
    expires = (datetime.now(UTC) + VALID).strftime("%Y-%m-%dT00:00:00Z")
    return PlainTextResponse(f"Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n", headers=A_DAY)
