"""Webhooks over HTTP: subscribe, look at what was delivered, deliver again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request

from app import paging
from app.auth import Caller, KeyedRoute, needs
from app.errors import Code, Problem
from app.fast_routes import problems
from app.models import Delivery, Webhook
from app.state import Db
from app.webhooks import subscriptions
from app.webhooks.schemas import (
    DeliveryList,
    DeliveryOut,
    NewSecret,
    Replayed,
    ReplayIn,
    WebhookIn,
    WebhookList,
    WebhookOut,
    WebhookPatch,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=KeyedRoute)
MAY_READ = "feedback:read"
READ, WRITE = Depends(needs("webhooks:read")), Depends(needs("webhooks:write"))
REFUSED, UNKNOWN = problems(401, 403, 422), problems(401, 403, 404, 422)

Writer = Annotated[Caller, WRITE]
_out = subscriptions.shown
Number = Annotated[int, Path(ge=1, lt=2**31)]


def _delivery(row: Delivery) -> DeliveryOut:
    said = {"feedback": row.feedback_id, "state": subscriptions.state_of(row)}
    return DeliveryOut.model_validate(row.model_dump() | said)


@router.post("", status_code=201, response_model=NewSecret, responses=REFUSED)
async def create_webhook(body: WebhookIn, db: Db, request: Request, caller: Writer) -> Any:
    """Be told of answers at an address or in a chat.

    What a customer wrote is not sent unless `include` says so, which takes the scope feedback:read as well.
    """
    if body.include and not caller.may(MAY_READ):
        raise Problem(Code.SCOPE_MISSING, f"To include what customers wrote, a key needs the scope {MAY_READ}.")
    subscriptions.check(body.url, request.app.state.settings.webhook_allow_networks)
    return await db.write(lambda session: _with_secret(subscriptions.create(session, body)))


def _with_secret(row: Webhook) -> dict[str, Any]:
    return _out(row) | {"secret": row.secret}


@router.get("", dependencies=[READ], response_model=WebhookList, responses=REFUSED)
async def list_webhooks(db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None) -> Any:
    """Webhooks in the order they were made."""
    (last,) = paging.decode(cursor, 1) or ["0"]
    after = int(last) if last.isdigit() and len(last) < 10 else 0
    rows = await db.read(lambda session: [_out(row) for row in subscriptions.page(session, after, limit + 1)])
    more = paging.encode([str(rows[limit - 1]["id"])]) if len(rows) > limit else None
    return {"items": rows[:limit], "next_cursor": more}


@router.get("/{webhook_id}", dependencies=[READ], response_model=WebhookOut, responses=UNKNOWN)
async def read_webhook(webhook_id: Number, db: Db) -> Any:
    return await db.read(lambda session: _out(subscriptions.one(session, webhook_id)))


@router.patch("/{webhook_id}", response_model=WebhookOut, responses=UNKNOWN)
async def change_webhook(webhook_id: Number, body: WebhookPatch, db: Db, request: Request, caller: Writer) -> Any:
    """Change what is sent. A webhook that was switched off goes on with what waits when it is enabled."""
    if body.url is not None:
        subscriptions.check(body.url, request.app.state.settings.webhook_allow_networks)
    reads = caller.may(MAY_READ)
    return await db.write(lambda session: _out(subscriptions.change(session, webhook_id, body, reads=reads)))


@router.delete("/{webhook_id}", status_code=204, dependencies=[WRITE], responses=UNKNOWN)
async def delete_webhook(webhook_id: Number, db: Db) -> None:
    """Delete a webhook and what waits for it."""
    await db.write(lambda session: subscriptions.remove(session, webhook_id))


@router.post("/{webhook_id}/secret", status_code=201, dependencies=[WRITE], response_model=NewSecret, responses=UNKNOWN)
async def renew_secret(webhook_id: Number, db: Db) -> Any:
    """A new secret. For 24 hours each delivery is signed with the one before as well."""
    return await db.write(lambda session: _with_secret(subscriptions.renew(session, webhook_id)))


@router.post("/{webhook_id}/test", status_code=202, dependencies=[WRITE], responses=UNKNOWN)
async def test_webhook(webhook_id: Number, db: Db) -> DeliveryOut:
    """Send a test event, signed like any other. Its type is `webhook.test`."""
    return await db.write(lambda session: _delivery(subscriptions.test(session, webhook_id)))


@router.get("/{webhook_id}/deliveries", dependencies=[READ], responses=UNKNOWN)
async def list_deliveries(
    webhook_id: Number, db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> DeliveryList:
    """What was sent, or waits to be, newest first."""
    (last,) = paging.decode(cursor, 1) or [""]
    before = _uuid(last)
    rows = await db.read(
        lambda session: [_delivery(row) for row in subscriptions.deliveries(session, webhook_id, before, limit + 1)]
    )
    more = paging.encode([str(rows[limit - 1].id)]) if len(rows) > limit else None
    return DeliveryList(items=rows[:limit], next_cursor=more)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@router.post("/{webhook_id}/replay", status_code=202, dependencies=[WRITE], responses=UNKNOWN)
async def replay(webhook_id: Number, body: ReplayIn, db: Db) -> Replayed:
    """Deliver once more what a receiver missed, under the same ids: it can tell what it has already."""
    queued = await db.write(lambda s: subscriptions.replay(s, webhook_id, body.since, delivered=body.delivered))
    return Replayed(queued=queued)
