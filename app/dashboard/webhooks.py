"""Chats and webhooks: where messages go, whether they arrive; add one, try it, change it, send again what failed."""

import asyncio
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard import picks, split
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Code, Problem
from app.models import Webhook
from app.state import Db
from app.touchpoints.catalogue import LANGUAGES
from app.webhooks import backlog, events, subscriptions
from app.webhooks.chats import FORMATS, SLACK, STANDARD
from app.webhooks.schemas import WebhookIn, WebhookPatch

router = APIRouter(route_class=PageRoute, include_in_schema=False)
READS = "feedback:read"
WISHES = (
    (events.LOW_RATING, events.DROPPED, events.RISEN, events.SILENT, events.DEVICE_SILENT, events.REVIEW_DUE),
    (events.TARGET_MET, events.TARGET_MISSED, events.ACTION_DECIDED),
    (events.OPENED, events.CLOSED),
    (events.CREATED, events.CHANGED, events.WITHDRAWN, events.LINK_CREATED),
)
_USUAL = [events.LOW_RATING, events.DROPPED, events.SILENT, events.DEVICE_SILENT]
_MOST, _DELIVERIES = 200, 20
_PATIENCE_S, _LOOK_S = 4.0, 0.1  # how long a test is waited for: the outbox is looked at each second
BECAUSE = {
    "switched off": "hand",
    "it answered 410 Gone": "gone",
    "it answered 404 Not Found": "gone",
    "it failed for five days": "failed",
}
Draft = dict[str, Any]


def _fresh(visit: RequestContext) -> Draft:
    said: Draft = {"format": SLACK, "language": visit.words.language, "events": _USUAL}
    return said | {"touchpoints": [], "segments": [], "include": []}


def _sent(posting: Posting) -> Draft:
    """What the form says; what customers wrote is included only by those who may read it."""
    said: Draft = {name: posting.get(name) for name in ("url", "language")}
    said |= {"events": posting.all("event"), "touchpoints": posting.all("touchpoint"), "find": posting.get("find")}
    if "segments" in posting.fields:
        said["segments"] = [line.strip() for line in posting.get("segments").splitlines() if line.strip()]
    return said | ({"include": posting.all("include")} if posting.visit.may(READS) else {})


def _page(visit: RequestContext, template: str, status: int, **said: Any) -> Response:
    choices = {"formats": (SLACK, *(one for one in FORMATS if one != SLACK)), "languages": LANGUAGES, "wishes": WISHES}
    return visit.page(template, status, because=BECAUSE, **choices, **said)


def _wrong(error: pydantic.ValidationError, visit: RequestContext) -> FormErrors:
    return beside(error, visit.words, {"segments": "wrong.segment"})


async def _all(
    db: Db, visit: RequestContext, draft: Draft | None = None, wrong: FormErrors = NOTHING, status: int = 200
) -> Response:
    draft = draft or _fresh(visit)

    def work(session: Session) -> Draft:
        rows = [subscriptions.shown(row) for row in subscriptions.page(session, 0, _MOST)]
        return {
            "rows": rows,
            "segments": split.spoken(session, [one for row in rows for one in row["segments"]], visit.words),
            "waits": {one.webhook_id: one.events for one in backlog.waiting(session)},
            "choice": picks.choice(session, visit.words, draft["touchpoints"], draft.get("find", "")),
        }

    return _page(visit, "webhooks.html", status, draft=draft, wrong=wrong, **await db.read(work))


@router.get("/webhooks")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("webhooks:read")
    return await _all(db, visit)


async def _one(
    db: Db,
    visit: RequestContext,
    number: int,
    draft: Draft | None = None,
    wrong: FormErrors = NOTHING,
    status: int = 200,
    secret: str | None = None,
) -> Response:
    def work(session: Session) -> Draft:
        hook = subscriptions.shown(subscriptions.one(session, number))
        rows = subscriptions.deliveries(session, number, None, _DELIVERIES)
        said = [(row, subscriptions.state_of(row)) for row in rows]
        segments = split.spoken(session, hook["segments"], visit.words)
        filled = hook | (draft or {})
        choice = picks.choice(session, visit.words, filled["touchpoints"], filled.get("find", ""))
        return {"hook": hook, "rows": said, "segments": segments, "draft": filled, "choice": choice}

    found = await db.read(work)
    return _page(visit, "webhook.html", status, wrong=wrong, secret=secret, **found)


@router.get("/webhooks/{number}")
async def one(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("webhooks:read")
    return await _one(db, visit, number)


def _check(posting: Posting, url: str) -> None:
    subscriptions.check(url, posting.visit.request.app.state.settings.webhook_allow_networks)


@router.post("/webhooks")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Add a place and send it a test. A service of one's own gets its secret shown, this once."""
    visit, draft = posting.visit, _sent(posting) | {"format": posting.get("format")}
    visit.need("webhooks:write")
    if picks.searches(posting):
        return await _all(db, visit, draft)
    try:
        body = WebhookIn.model_validate(picks.filled(draft))
        _check(posting, body.url)
        row = await db.write(lambda session: subscriptions.create(session, body))
    except pydantic.ValidationError as error:
        return await _all(db, visit, draft, _wrong(error, visit), 422)
    except Problem as problem:
        return await _all(db, visit, draft, of_problem(problem, visit.words), 422)
    number = row.id or 0
    await _tested(db, number)
    if row.format == STANDARD:
        return await _one(db, visit, number, status=201, secret=row.secret)
    return _back(number)


def _back(number: int) -> Response:
    return RedirectResponse(f"/webhooks/{number}", 303)


async def _tested(db: Db, number: int) -> None:
    """Send a test, and wait a moment for what the receiver says."""
    sent = await db.write(lambda session: subscriptions.test(session, number).id)
    until = asyncio.get_running_loop().time() + _PATIENCE_S
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(_LOOK_S)
        if await db.read(lambda session: subscriptions.is_answered(session, sent)):
            return


@router.post("/webhooks/{number}")
async def change(number: int, db: Db, posting: Posting = Posted) -> Response:
    visit, draft = posting.visit, _sent(posting)
    visit.need("webhooks:write")
    if picks.searches(posting):
        return await _one(db, visit, number, draft)
    try:
        body = WebhookPatch.model_validate(picks.filled(draft))
        _check(posting, body.url or "")
        await db.write(lambda session: subscriptions.change(session, number, body, reads=visit.may(READS)))
    except pydantic.ValidationError as error:
        return await _one(db, visit, number, draft, _wrong(error, visit), 422)
    except Problem as problem:
        return await _one(db, visit, number, draft, of_problem(problem, visit.words), 422)
    return _back(number)


@router.post("/webhooks/{number}/switch")
async def switch(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Switch one off, or on again: it goes on with what waits."""
    posting.visit.need("webhooks:write")
    body = WebhookPatch(enabled=posting.get("to") == "on")
    reads = posting.visit.may(READS)
    await db.write(lambda session: subscriptions.change(session, number, body, reads=reads))
    return _back(number)


@router.post("/webhooks/{number}/test")
async def test(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("webhooks:write")
    await _tested(db, number)
    return _back(number)


@router.post("/webhooks/{number}/replay")
async def replay(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Send one message once more, or all that did not arrive."""
    posting.visit.need("webhooks:write")
    try:
        only = UUID(said) if (said := posting.get("delivery")) else None
    except ValueError:
        raise Problem(Code.NOT_FOUND, str(posting.visit.words("wrong.other"))) from None
    await db.write(lambda session: subscriptions.replay(session, number, None, delivered=bool(only), only=only))
    return _back(number)


@router.post("/webhooks/{number}/secret")
async def renew(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("webhooks:write")

    def work(session: Session) -> Webhook:
        return subscriptions.renew(session, number)

    row = await db.write(work)
    return await _one(db, posting.visit, number, status=201, secret=row.secret)


@router.post("/webhooks/{number}/delete")
async def delete(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("webhooks:write")
    await db.write(lambda session: subscriptions.remove(session, number))
    return RedirectResponse("/webhooks", 303)
