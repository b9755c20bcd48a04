"""Who was told of an alert, by what, and whether it arrived: read from the two outboxes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from app.mail import outbox as mail
from app.monitoring.alerts import by_id
from app.webhooks import subscriptions

_NEVER = datetime.max.replace(tzinfo=UTC)


def of(session: Session, number: int, may: Callable[[str], bool]) -> list[dict[str, Any]]:
    """What was sent of an alert, in the order in which it arrived; addresses only for who `may` read them."""
    row = by_id(session, number)
    people = [one | {"to": one["to"] if may("subscribers:read") else None} for one in mail.told(session, number)]
    found = subscriptions.told(session, row.touchpoint_id, number)
    places = [one | {"to": one["to"] if may("webhooks:read") else None} for one in found]
    return sorted(people + places, key=lambda one: one["at"] or _NEVER)
