"""Webhooks and their deliveries in the database."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.errors import Code, Place, Problem
from app.ids import uuid7
from app.models import Delivery, Webhook, now
from app.touchpoints.registry import registered
from app.webhooks import events
from app.webhooks.chats import masked
from app.webhooks.schemas import WebhookIn, WebhookPatch
from app.webhooks.signature import new_secret

if TYPE_CHECKING:
    from app.webhooks.address import Networks

FORMER_SIGNS_FOR = timedelta(hours=24)


def one(session: Session, number: int) -> Webhook:
    """The webhook; Problem not_found."""
    row = session.get(Webhook, number)
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no such webhook.")
    return row


def page(session: Session, after: int, limit: int) -> list[Webhook]:
    """Webhooks in the order they were made, those after number `after`."""
    return list(session.exec(select(Webhook).where(col(Webhook.id) > after).order_by(col(Webhook.id)).limit(limit)))


def shown(row: Webhook) -> dict[str, Any]:
    """A webhook as it may be shown: without its secrets, and a chat's address without what opens it."""
    words = {name: getattr(row, name).split() for name in ("events", "touchpoints", "include")}
    hidden = row.model_dump(exclude={"secret", "former_secret", "former_until", "told_at"})
    return hidden | words | {"url": masked(row.url, row.format), "enabled": row.disabled_at is None}


def check(url: str, allowed: "Networks") -> None:
    """Problem invalid_request for an address that can never be called."""
    from app.webhooks import address  # brings an HTTP client: 70 ms of a start

    try:
        address.check(url, allowed)
    except address.Refused as refused:
        mend = "Give a public https address, or let the operator add its network to TOUCHSTONE_WEBHOOK_ALLOW_NETWORKS."
        place = Place(place="body.url", message=str(refused), mend=mend)
        raise Problem(Code.INVALID_REQUEST, "This address cannot be called.", errors=[place]) from None


def create(session: Session, body: WebhookIn) -> Webhook:
    """A webhook with a new secret; Problem invalid_request for an unknown touchpoint."""
    registered(session, body.touchpoints)
    row = Webhook(
        url=body.url,
        events=_words(body.events),
        touchpoints=_words(body.touchpoints),
        segments=body.segments,
        format=body.format,
        language=body.language,
        include=_words(body.include),
        secret=new_secret(),
    )
    session.add(row)
    session.flush()
    return row


def _words(said: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(said))


def change(session: Session, number: int, body: WebhookPatch, *, reads: bool) -> Webhook:
    """Change what is said; Problem not_found, invalid_request, and scope_missing unless the caller `reads` answers.

    Whoever could turn a webhook that includes comments to an address of his own would read them. The address as it is
    shown is no change.
    """
    row = one(session, number)
    if (row.include or body.include) and not reads:
        raise Problem(
            Code.SCOPE_MISSING, "This webhook includes what customers wrote: it takes the scope feedback:read."
        )
    if body.url and body.url != masked(row.url, row.format):
        row.url = body.url
    row.language = body.language or row.language
    if body.include is not None:
        row.include = _words(body.include)
    if body.events is not None:
        row.events = _words(body.events)
    if body.touchpoints is not None:
        registered(session, body.touchpoints)
        row.touchpoints = _words(body.touchpoints)
    row.segments = row.segments if body.segments is None else body.segments
    if body.enabled:
        row.disabled_at = row.disabled_because = row.failing_since = None
    elif body.enabled is False:
        row.disabled_at, row.disabled_because = row.disabled_at or now(), row.disabled_because or "switched off"
    return row


def remove(session: Session, number: int) -> None:
    """Delete a webhook and what waits for it; Problem not_found."""
    row = one(session, number)
    session.execute(delete(Delivery).where(col(Delivery.webhook_id) == number))
    session.delete(row)


def renew(session: Session, number: int) -> Webhook:
    """A new secret; for a day the one before signs beside it, so that a receiver can change over."""
    row = one(session, number)
    row.former_secret, row.former_until = row.secret, now() + FORMER_SIGNS_FOR
    row.secret = new_secret()
    return row


def test(session: Session, number: int) -> Delivery:
    """Queue an event that says nothing but that it came; Problem not_found."""
    at, hook = now(), one(session, number)
    text = events.body(events.TEST, at, {})
    row = Delivery(id=uuid7(), webhook_id=hook.id or 0, type=events.TEST, body=text, created_at=at, due_at=at)
    session.add(row)
    session.flush()
    return row


def told(session: Session, touchpoint_id: int | None, alert: int) -> list[dict[str, Any]]:
    """What webhooks and chats were sent of an alert, the oldest first; it is kept for thirty days."""
    about = col(Delivery.feedback_id).is_(None), Delivery.touchpoint_id == touchpoint_id
    wanted = select(Delivery, Webhook).join(Webhook, col(Webhook.id) == Delivery.webhook_id)
    rows = session.exec(wanted.where(*about, col(Delivery.type).in_(events.ALERTS)).order_by(col(Delivery.id)))
    return [
        {
            "by": hook.format,
            "webhook": hook.id,
            "subscriber": None,
            "to": masked(hook.url, hook.format),
            "event": row.type,
            "state": state_of(row),
            "at": row.delivered_at,
        }
        for row, hook in rows
        if json.loads(row.body)["data"]["id"] == alert
    ]


def is_answered(session: Session, number: UUID) -> bool:
    """Whether a delivery was tried and something came of it."""
    row = session.get(Delivery, number)
    return row is None or bool(row.status or row.error)


def state_of(row: Delivery) -> str:
    return "waiting" if row.due_at else "delivered" if row.delivered_at else "given_up"


def deliveries(session: Session, number: int, before: UUID | None, limit: int) -> list[Delivery]:
    """Newest first, those before `before`; Problem not_found for an unknown webhook."""
    wanted = select(Delivery).where(Delivery.webhook_id == one(session, number).id)
    wanted = wanted.where(col(Delivery.id) < before) if before else wanted
    return list(session.exec(wanted.order_by(col(Delivery.id).desc()).limit(limit)))


def replay(session: Session, number: int, since: datetime | None, *, delivered: bool, only: UUID | None = None) -> int:
    """Make deliveries that were tried due again, or `only` one; returns how many. Problem not_found."""
    hook = one(session, number)
    these = update(Delivery).where(col(Delivery.webhook_id) == hook.id, col(Delivery.tries) > 0)
    these = these.where(col(Delivery.created_at) >= since) if since else these
    these = these.where(col(Delivery.id) == only) if only else these
    these = these if delivered else these.where(col(Delivery.delivered_at).is_(None))
    # one try stays: it has been heard of, and is withdrawn aloud if it must be
    result: Any = session.execute(these.values(due_at=now(), delivered_at=None, tries=1))
    return int(result.rowcount)
