"""POST /v1/links: rating links for the recipients of a mailing."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import to_json
from sqlmodel import Session

from app.auth import KeyedRoute, needs
from app.cooldown.asked import Cooldown, ask, because
from app.fast_routes import problems
from app.ingest.channels import EMAIL
from app.links.mail import Snippet, snippet
from app.links.schemas import LinksIn, LinksOut, Recipient
from app.links.token import answer_of, mint
from app.pages.i18n import best
from app.scores.rollup import Deltas, apply
from app.touchpoints import ways
from app.touchpoints.registry import Known

Links = dict[str, Any]  # of one recipient, as `RecipientLinks`
Then = Callable[[Session, Links, datetime], None]  # with when the links end
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

    Whoever was asked too recently, wants no more questions, or has no mailbox any more, gets none (`skipped`). Nothing
    else is stored but that so many customers were asked: a link needs no row until somebody answers.
    """
    return Response(to_json(await made(request, body)), 201, media_type="application/json")


async def made(request: Request, body: LinksIn, then: Then | None = None) -> dict[str, Any]:
    """The links as `LinksOut`. `then` does more for each in the transaction that notes whom we asked."""
    state = request.app.state
    known: Known = await state.registry.open(body.touchpoint, ways.LINK)
    at = state.clock()
    ends = (at + timedelta(seconds=body.expires_in)).replace(microsecond=0)
    cooldown = Cooldown(known.id, state.settings.ask_every_days, known.row.ask_every_days)

    @cache
    def drawn(language: str) -> Snippet:
        return snippet(known.row.question, known.scale, language)

    def links_of(recipient: Recipient) -> Links:
        language = best([recipient.locale or ""], known.row.question, known.row.language)
        token = mint(state.signing_keys, known.id, ends, language, recipient.respondent, recipient.context)
        url = f"{base(request)}/r/{token}"
        mail = drawn(language).to(url)
        urls = {str(rating): f"{url}?s={rating}" for rating in known.scale.ratings}
        said = {"id": answer_of(token), "respondent": recipient.respondent, "language": language}
        return {**said, "url": url, "urls": urls, "html": mail.html, "text": mail.text}

    links = [links_of(recipient) for recipient in body.recipients]  # made before the transaction, which others wait for

    def asked(session: Session) -> tuple[list[Links], list[dict[str, str]]]:
        people = {recipient.respondent for recipient in body.recipients if recipient.respondent}
        left = ask(session, state.ask_secrets, people, cooldown, at, respect=body.respect_cooldown)
        chosen, skipped = _parted(links, left, once=body.respect_cooldown and cooldown.holds)
        if chosen:
            deltas = Deltas()
            deltas.ask(known.id, at, EMAIL, len(chosen))
            apply(session, deltas)
        if then:
            for each in chosen:
                then(session, each, ends)
        return chosen, [{"respondent": each, "because": because(left.get(each))} for each in skipped]

    chosen, skipped = await state.db.write(asked)
    return {"touchpoint": known.row.key, "expires_at": ends, "items": chosen, "skipped": skipped}


def _parted(links: list[Links], left: Collection[str], *, once: bool) -> tuple[list[Links], list[str]]:
    """The links of those who are asked, and the references of those who are not: left in peace, or again if `once`."""
    chosen: list[Links] = []
    skipped: list[str] = []
    seen = set(left)
    for one in links:
        respondent = one["respondent"]
        if respondent is not None and respondent in seen:
            skipped.append(respondent)
            continue
        chosen.append(one)
        if once and respondent:
            seen.add(respondent)
    return chosen, skipped


def base(request: Request) -> str:
    """How customers reach the service: the public address, or the one that was called."""
    public = request.app.state.settings.public_url
    return str(public).rstrip("/") if public else f"{request.url.scheme}://{request.url.netloc}"
