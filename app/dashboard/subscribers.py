"""People told: who gets which mails, whether they have confirmed and whether mails arrive; add, change, ask again."""

from collections.abc import Sequence
from typing import Any, get_args

import pydantic
from fastapi import APIRouter
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.dashboard import picks
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Code, Problem
from app.mail import outbox, subscribers
from app.mail.schemas import Digest, SubscriberIn, SubscriberPatch
from app.models import Subscriber, Touchpoint, Webhook
from app.state import Db
from app.touchpoints.catalogue import LANGUAGES
from app.webhooks.events import DROPPED, OPENED

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST = 500
Draft = dict[str, Any]


def _fresh(visit: RequestContext) -> Draft:
    whom = {"email": "", "owner": "", "tags": [], "touchpoints": [], "segments": []}
    return whom | {"language": visit.words.language, "alerts": True, "digest": "weekly"}


def _sent(posting: Posting) -> Draft:
    """What the form says."""
    return {
        "language": posting.get("language"),
        "alerts": posting.get("alerts") == "yes",
        "digest": posting.get("digest"),
        "owner": posting.get("owner") or None,
        "tags": posting.get("tags").replace(",", " ").split(),
        "touchpoints": posting.all("touchpoint"),
        "segments": posting.all("segment"),
        "find": posting.get("find"),
    }


def _page(visit: RequestContext, template: str, status: int, **said: Any) -> Response:
    mailing = visit.request.app.state.settings.smtp_url is not None
    choices = {"languages": LANGUAGES, "digests": get_args(Digest)}
    return visit.page(template, status, mailing=mailing, **choices, **said)


def _owners(places: Sequence[Touchpoint]) -> list[str]:
    return sorted({place.owner for place in places if place.owner})


async def _all(
    db: Db, visit: RequestContext, draft: Draft | None = None, wrong: FormErrors = NOTHING, status: int = 200
) -> Response:
    draft = draft or _fresh(visit)

    def work(session: Session) -> Draft:
        rows, places = subscribers.page(session, 0, _MOST), picks.every(session)
        return {
            "rows": [(row, subscribers.state_of(row)) for row in rows],
            "late": subscribers.late(session),
            "segments": picks.segments(session, visit.words, [one for row in rows for one in row.segments]),
            "choice": picks.among(places, visit.words, draft["touchpoints"], draft.get("find", "")),
            "owners": _owners(places),
            "unheard": [visit.words.own(place.name) for place in _unheard(session, places, rows)],
        }

    return _page(visit, "subscribers.html", status, draft=draft, wrong=wrong, **await db.read(work))


def _unheard(session: Session, places: Sequence[Touchpoint], rows: Sequence[Subscriber]) -> list[Touchpoint]:
    """The touchpoints in use that no person and no chat is told of when they fall, in whatever segment."""
    people = [row for row in rows if row.alerts and row.listens and not row.segments]
    hooks = [
        set(hook.touchpoints.split())
        for hook in session.exec(select(Webhook).where(col(Webhook.disabled_at).is_(None)))
        if {OPENED, DROPPED} & set(hook.events.split()) and not hook.segments
    ]
    return [
        place
        for place in places
        if place.archived_at is None
        and not any(not keys or place.key in keys for keys in hooks)
        and not any(outbox.covers(row, place) for row in people)
    ]


@router.get("/subscribers")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("subscribers:read")
    return await _all(db, visit)


@router.get("/subscribers/{number}")
async def one(number: int, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("subscribers:read")
    return await _one(db, visit, number)


async def _one(
    db: Db,
    visit: RequestContext,
    number: int,
    draft: Draft | None = None,
    wrong: FormErrors = NOTHING,
    status: int = 200,
) -> Response:
    def work(session: Session) -> Draft:
        whose = subscribers.public(session, subscribers.by_id(session, number), mailing=True)
        where = picks.segments(session, visit.words, whose["segments"])
        asked = subscribers.asked_at(session, number)
        filled, places = whose | (draft or {}), picks.every(session)
        choice = picks.among(places, visit.words, filled["touchpoints"], filled.get("find", ""))
        said = {"whose": whose, "asked": asked, "segments": where, "draft": filled, "choice": choice}
        return said | {"owners": _owners(places)}

    return _page(visit, "subscriber.html", status, wrong=wrong, **await db.read(work))


@router.post("/subscribers")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Add somebody, who is asked by mail first."""
    visit, draft = posting.visit, {"email": posting.get("email"), **_sent(posting)}
    visit.need("subscribers:write")
    if picks.searches(posting):
        return await _all(db, visit, draft)
    base = visit.request.app.state.settings.public_url or str(visit.request.base_url)
    by = subscribers.Inviter(visit.caller.name, visit.may("feedback:read"), base.rstrip("/"))
    try:
        body = SubscriberIn.model_validate(picks.filled(draft))
        await db.write(lambda session: subscribers.invite(session, body, by).id)
    except pydantic.ValidationError as error:
        return await _all(db, visit, draft, beside(error, visit.words), 422)
    except Problem as problem:
        return await _all(db, visit, draft, _wrong(problem, visit), 422)
    return RedirectResponse("/subscribers", 303)


def _wrong(problem: Problem, visit: RequestContext) -> FormErrors:
    if problem.code == Code.ALREADY_SUBSCRIBED:
        return FormErrors({"email": str(visit.words("wrong.subscribed"))})
    return of_problem(problem, visit.words)


@router.post("/subscribers/{number}")
async def change(number: int, db: Db, posting: Posting = Posted) -> Response:
    visit, draft = posting.visit, _sent(posting) | {"timezone": posting.get("timezone")}
    visit.need("subscribers:write")
    if picks.searches(posting):
        return await _one(db, visit, number, draft)
    try:
        body = SubscriberPatch.model_validate(picks.filled(draft))
        await db.write(lambda session: subscribers.change(session, number, body).id)
    except pydantic.ValidationError as error:
        return await _one(db, visit, number, draft, beside(error, visit.words), 422)
    except Problem as problem:
        return await _one(db, visit, number, draft, of_problem(problem, visit.words), 422)
    return RedirectResponse("/subscribers", 303)


@router.post("/subscribers/{number}/invitation")
async def ask_again(number: int, db: Db, posting: Posting = Posted) -> Response:
    """Send the mail that asks for confirmation once more."""
    posting.visit.need("subscribers:write")
    await db.write(lambda session: subscribers.ask_again(session, number))
    return RedirectResponse(f"/subscribers/{number}", 303)


@router.post("/subscribers/{number}/remove")
async def remove(number: int, db: Db, posting: Posting = Posted) -> Response:
    posting.visit.need("subscribers:write")
    await db.write(lambda session: subscribers.remove(session, number))
    return RedirectResponse("/subscribers", 303)
