"""What the link "Change what you get" opens: a subscriber's own choices, without a key and without a script.

Whoever has the link may choose: it came to the subscriber's own mailbox. It ends with the subscription.
"""

from urllib.parse import parse_qsl

import pydantic
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Problem
from app.mail import pages, subscribers
from app.mail.schedule import PERIODS
from app.mail.schemas import Choice
from app.mail.tokens import CHOOSE, STOP, token
from app.pages.render import page
from app.touchpoints.catalogue import LANGUAGES

router = APIRouter(prefix="/mail/choose", include_in_schema=False)


@router.api_route("/{signed}", methods=["GET", "HEAD"])
async def offered(request: Request, signed: str) -> Response:
    """The page that shows what somebody gets, to be changed."""
    return await _shown(request, signed)


@router.post("/{signed}")
async def chosen(request: Request, signed: str) -> Response:
    """What somebody wants from now on; a form that is none of ours changes nothing."""
    state = request.app.state
    fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        choice = Choice.model_validate(fields)
    except pydantic.ValidationError:
        return await _shown(request, signed, "choose_wrong", 422)
    try:
        await state.db.write(lambda session: subscribers.choose(session, signed, state.mail_secrets, choice))
    except Problem as problem:
        return pages.nowhere(request, problem)
    return await _shown(request, signed, "choose_saved")


async def _shown(request: Request, signed: str, note: str = "", status: int = 200) -> Response:
    """The page as the subscriber stands now."""
    state = request.app.state
    try:
        row = await state.db.read(lambda session: subscribers.behind(session, signed, state.mail_secrets, CHOOSE))
    except Problem as problem:
        return pages.nowhere(request, problem)
    if row.unsubscribed_at:
        return pages.drawn(request, row, "stopped", asks=False)
    context = {"whose": row, "note": note, "languages": LANGUAGES, "digests": (*PERIODS, "none")}
    context["stop"] = token(state.mail_secrets[0], STOP, row.id or 0, subscribers.signed(row, STOP))
    return pages.private(page(request, "mail_choices.html", context, row.language, area="mail", status=status))
