"""Subscribers over HTTP: who is told by mail."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session

from app import paging
from app.auth import Caller, KeyedRoute, needs
from app.fast_routes import problems
from app.mail import subscribers
from app.mail.schemas import SubscriberIn, SubscriberList, SubscriberOut, SubscriberPatch
from app.models import Subscriber
from app.state import Db

router = APIRouter(prefix="/v1/subscribers", tags=["subscribers"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("subscribers:read")), Depends(needs("subscribers:write"))


def _out(request: Request, session: Session, row: Subscriber) -> dict[str, Any]:
    return subscribers.public(session, row, mailing=request.app.state.settings.smtp_url is not None)


@router.post("", status_code=201, response_model=SubscriberOut, responses=problems(409))
async def add_subscriber(request: Request, body: SubscriberIn, db: Db, caller: Annotated[Caller, WRITE]) -> Any:
    """Tell somebody by mail of alerts, and in a digest: once the link in the first mail was pressed."""
    base = request.app.state.settings.public_url or str(request.base_url)
    by = subscribers.Inviter(caller.name, caller.may("feedback:read"), base.rstrip("/"))
    return await db.write(lambda session: _out(request, session, subscribers.invite(session, body, by)))


@router.get("", dependencies=[READ], response_model=SubscriberList)
async def list_subscribers(request: Request, db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None) -> Any:
    """Subscribers in the order they were added."""
    after = paging.number(cursor) or 0
    rows = await db.read(
        lambda session: [_out(request, session, row) for row in subscribers.page(session, after, limit + 1)]
    )
    more = paging.encode([str(rows[limit - 1]["id"])]) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": more}


@router.get("/{subscriber_id:int}", dependencies=[READ], response_model=SubscriberOut)
async def get_subscriber(request: Request, subscriber_id: int, db: Db) -> Any:
    """One subscriber, and whether the mails arrive."""
    return await db.read(lambda session: _out(request, session, subscribers.by_id(session, subscriber_id)))


@router.patch("/{subscriber_id:int}", dependencies=[WRITE], response_model=SubscriberOut)
async def change_subscriber(request: Request, subscriber_id: int, body: SubscriberPatch, db: Db) -> Any:
    """Change of what somebody is told, how often and in which language."""
    return await db.write(lambda session: _out(request, session, subscribers.change(session, subscriber_id, body)))


@router.delete("/{subscriber_id:int}", dependencies=[WRITE], status_code=204)
async def remove_subscriber(subscriber_id: int, db: Db) -> None:
    """Delete a subscriber, and the mails that are not sent yet."""
    await db.write(lambda session: subscribers.remove(session, subscriber_id))
