"""POST /v1/links: rating links for the recipients of a mailing."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import to_json
from sqlmodel import Session

from app.auth import KeyedRoute, needs
from app.cooldown.asked import NEVER, Cooldown, ask
from app.fast_routes import problems
from app.ingest.channels import EMAIL
from app.links.mail import Snippet, snippet
from app.links.schemas import LinksIn, LinksOut, Recipient
from app.links.token import mint
from app.pages.i18n import best
from app.scores.rollup import Deltas, apply
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(prefix="/v1", tags=["links"], route_class=KeyedRoute)


@router.post(
    "/links",
    status_code=201,
    response_model=LinksOut,
    dependencies=[Depends(needs("links:write"))],
    responses=problems(404, 410, 413),
)
async def make_links(request: Request, body: LinksIn) -> Response:
    """One signed, ending link per recipient and rating, and the rating ready for their mail.

    Whoever was asked too recently, or wants no more questions, gets none (`skipped`). Nothing else is stored but that
    so many customers were asked: a link needs no row until somebody answers.
    """
    state = request.app.state
    known: Known = await state.registry.open(body.touchpoint, ways.LINK)
    at = state.clock()
    ends = at + timedelta(seconds=body.expires_in)
    cooldown = Cooldown(known.id, state.settings.ask_every_days, known.row.ask_every_days)

    @cache
    def drawn(language: str) -> Snippet:
        return snippet(known.row.question, known.scale, language)

    def links_of(recipient: Recipient) -> dict[str, Any]:
        language = best([recipient.locale or ""], known.row.question, known.row.language)
        token = mint(state.signing_keys, known.id, ends, language, recipient.respondent, recipient.context)
        url = f"{base(request)}/r/{token}"
        mail = drawn(language).to(url)
        urls = {str(rating): f"{url}?s={rating}" for rating in known.scale.ratings}
        said = {"respondent": recipient.respondent, "language": language}
        return {**said, "url": url, "urls": urls, "html": mail.html, "text": mail.text}

    def asked(session: Session) -> tuple[list[Recipient], list[dict[str, str]]]:
        people = {recipient.respondent for recipient in body.recipients if recipient.respondent}
        left = ask(session, state.ask_secrets, people, cooldown, at, respect=body.respect_cooldown)
        chosen, skipped = _parted(body.recipients, left, once=body.respect_cooldown and cooldown.holds)
        if chosen:
            deltas = Deltas()
            deltas.ask(known.id, at, EMAIL, len(chosen))
            apply(session, deltas)
        return chosen, [{"respondent": each, "because": _why(left.get(each))} for each in skipped]

    chosen, skipped = await state.db.write(asked)
    made = {
        "touchpoint": known.row.key,
        "expires_at": ends.replace(microsecond=0),
        "items": [links_of(recipient) for recipient in chosen],
        "skipped": skipped,
    }
    return Response(to_json(made), 201, media_type="application/json")


def _why(again_at: datetime | None) -> str:
    return "unsubscribed" if again_at == NEVER else "asked_recently"


def _parted(recipients: list[Recipient], left: Collection[str], *, once: bool) -> tuple[list[Recipient], list[str]]:
    """Who gets links, and the references of those who do not: left in peace, or named before if `once`."""
    chosen: list[Recipient] = []
    skipped: list[str] = []
    seen = set(left)
    for recipient in recipients:
        if recipient.respondent is not None and recipient.respondent in seen:
            skipped.append(recipient.respondent)
            continue
        chosen.append(recipient)
        if once and recipient.respondent:
            seen.add(recipient.respondent)
    return chosen, skipped


def base(request: Request) -> str:
    """How customers reach the service: the public address, or the one that was called."""
    public = request.app.state.settings.public_url
    return str(public).rstrip("/") if public else f"{request.url.scheme}://{request.url.netloc}"
