"""What the links in a letter open: a page with one button. Opening it writes nothing, whoever asks; pressing does.

The button of a mail program presses too (RFC 8058): it posts to the same address, without a cookie. Where somebody
changes what he gets is choosing.py.
"""

from collections.abc import Callable

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.errors import STATUS, Problem
from app.mail import subscribers
from app.mail.tokens import CONFIRM, STOP
from app.models import Subscriber
from app.pages.i18n import language_of, messages
from app.pages.render import page

router = APIRouter(prefix="/mail", include_in_schema=False)
PRESSED: dict[str, Callable[[Session, str, list[bytes], str], Subscriber]] = {
    CONFIRM: subscribers.confirm,
    STOP: subscribers.stop,
}


@router.api_route("/confirm/{token}", methods=["GET", "HEAD"])
async def confirmation(request: Request, token: str) -> Response:
    """The page that asks whether somebody wants to be told."""
    return await _opened(request, token, CONFIRM)


@router.post("/confirm/{token}")
async def confirmed(request: Request, token: str) -> Response:
    return await _pressed(request, token, CONFIRM)


@router.api_route("/stop/{token}", methods=["GET", "HEAD"])
async def ending(request: Request, token: str) -> Response:
    """The page that asks whether somebody wants no more letters."""
    return await _opened(request, token, STOP)


@router.post("/stop/{token}")
async def ended(request: Request, token: str) -> Response:
    return await _pressed(request, token, STOP)


async def _opened(request: Request, token: str, purpose: str) -> Response:
    state = request.app.state
    try:
        row = await state.db.read(lambda session: subscribers.behind(session, token, state.mail_secrets, purpose))
    except Problem as problem:
        return nowhere(request, problem)
    asks = not row.unsubscribed_at and (purpose == STOP or not row.confirmed_at)
    return drawn(request, row, f"{purpose}_ask" if asks else outcome(row), asks=asks)


async def _pressed(request: Request, token: str, purpose: str) -> Response:
    state = request.app.state
    try:
        row = await state.db.write(lambda session: PRESSED[purpose](session, token, state.mail_secrets, purpose))
    except Problem as problem:
        return nowhere(request, problem)
    return drawn(request, row, outcome(row), asks=False)


def outcome(row: Subscriber) -> str:
    return "stopped" if row.unsubscribed_at else "confirmed"


def drawn(request: Request, row: Subscriber, name: str, *, asks: bool) -> Response:
    """The page `name`: what it asks, or how it stands."""
    t = messages("mail", row.language)
    why = t(f"{name}_why", email=row.email)
    context = {"title": t(f"{name}_title"), "why": why, "button": t(f"{name}_button") if asks else ""}
    return private(page(request, "mail_page.html", context, row.language, area="mail"))


def nowhere(request: Request, problem: Problem) -> Response:
    """The page of a link that leads nowhere."""
    language = language_of(request)
    t = messages("mail", language)
    context = {"title": t("nowhere_title"), "why": t("nowhere_why"), "button": ""}
    return private(page(request, "mail_page.html", context, language, area="mail", status=STATUS[problem.code]))


def private(found: Response) -> Response:
    """The address is a key: it goes to no other site, and into no index."""
    found.headers.update({"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"})
    return found
