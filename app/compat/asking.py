"""A person who was created is asked: he gets rating links, webhooks hear of it, and if that is wanted a mail goes."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from app.auth import MAILS, Caller
from app.compat import shapes
from app.compat.schemas import PersonIn
from app.errors import Code, Place, Problem
from app.links.routes import Links, made
from app.links.schemas import DAY, LinksIn, Recipient
from app.mail.schemas import Email
from app.models import RatingMail
from app.touchpoints.registry import Known
from app.webhooks import events, outbox

LIVES_S = 30 * DAY  # a link, from when the mail goes
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def mails_at(request: Request, caller: Caller, body: PersonIn) -> datetime | None:
    """When a mail is to go to a person; None for no mail.

    There must be a mail server, the key must be allowed to, and `send` must be true. Delighted's clients leave that out
    and mean it, so it is true for a key that was given the scope by its name.
    """
    state = request.app.state
    asked = caller.may(MAILS) if body.send else MAILS in caller.scopes
    if not asked or not state.settings.smtp_url or not body.email or body.channel != "email":
        return None
    at: datetime = state.clock() + timedelta(seconds=body.delay)
    return at


async def ask(request: Request, known: Known, number: str, body: PersonIn, mails: datetime | None) -> dict[str, Any]:
    """The rating links of the person `number`, and when his mail goes; or why there are none."""
    address = _address(body) if mails else ""

    def then(session: Session, link: Links, ends: datetime) -> None:
        said = events.about_link(link["id"], known.key, ends)
        outbox.announce(session, events.LINK_CREATED, known.id, {known.key}, said)
        if mails:
            mail = RatingMail(
                id=link["id"], touchpoint_id=known.id, respondent=number, email=address, language=link["language"],
                url=link["url"], created_at=mails, due_at=mails,
            )  # fmt: skip
            session.add(mail)

    wanted = LinksIn(touchpoint=known.key, recipients=[_recipient(number, body)], expires_in=LIVES_S + body.delay)
    answer = await made(request, wanted, then)
    if not answer["items"]:
        return {"links": None, "skipped": answer["skipped"][0]["because"]}
    links = answer["items"][0] | {"expires_at": answer["expires_at"]}
    return {"links": links} | (shapes.scheduled(mails) if mails else {})


def _address(body: PersonIn) -> str:
    try:
        return _EMAIL.validate_python(body.email)
    except ValidationError:
        wrong = Place(place="body.email", message="is not an address", mend="Write it as name@example.com.")
        raise Problem(Code.INVALID_REQUEST, "No mail can go there.", errors=[wrong]) from None


def _recipient(number: str, body: PersonIn) -> Recipient:
    """Whom the links are for. Properties travel in them if they fit."""
    plain = {name: value for name, value in (body.properties or {}).items() if isinstance(value, str | int | bool)}
    locale = str(plain.pop("locale", "")) or None
    try:
        return Recipient(respondent=number, locale=locale, context=plain or None)
    except ValidationError:
        return Recipient(respondent=number)
