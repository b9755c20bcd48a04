"""Letters enter the outbox in the transaction of what happened: neither is ever there without the other."""

from collections.abc import Collection, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from app.ids import uuid7
from app.models import Alert, Letter, Subscriber, Touchpoint, now
from app.sql import Lookup

INVITATION, ALERT, DIGEST = "invitation", "alert", "digest"
NOT_MAILED = ("rise", "target", "action")  # good to know, and nobody's work: the digest has them
_ANYBODY = Lookup("SELECT 1 FROM subscriber WHERE alerts AND confirmed_at IS NOT NULL LIMIT 1")


def put(session: Session, subscriber: Subscriber, kind: str, about: str, at: datetime) -> None:
    """A letter that is due at once."""
    session.add(Letter(id=uuid7(), subscriber_id=subscriber.id or 0, kind=kind, about=about, created_at=at, due_at=at))


def alert_opened(session: Session, alert: Alert, keys: Set[str]) -> None:
    """Write to everybody who wants to hear of an alert at one of these touchpoints and in its segments."""
    if alert.kind in NOT_MAILED or not _ANYBODY.rows(session, {}):
        return
    places = session.exec(select(Touchpoint).where(col(Touchpoint.key).in_(keys))).all()
    for row in session.exec(select(Subscriber).where(col(Subscriber.alerts), *listening())):
        if hears(row.segments, alert) and any(covers(row, place) for place in places):
            put(session, row, ALERT, str(alert.id), now())


def told(session: Session, alert: int) -> list[dict[str, Any]]:
    """The letters about an alert."""
    whose = (col(Letter.subscriber_id) == col(Subscriber.id), Letter.kind == ALERT, Letter.about == str(alert))
    return [
        {
            "by": "mail",
            "webhook": None,
            "subscriber": row.id,
            "to": row.email,
            "event": "alert.opened",
            "state": "delivered" if letter.sent_at else "waiting" if letter.due_at else "given_up",
            "at": letter.sent_at,
        }
        for row, letter in session.exec(select(Subscriber, Letter).where(*whose).order_by(col(Letter.id)))
    ]


def listening() -> Sequence[ColumnElement[bool]]:
    """`Subscriber.listens`, as conditions."""
    return (
        col(Subscriber.confirmed_at).is_not(None),
        col(Subscriber.unsubscribed_at).is_(None),
        col(Subscriber.bounced_at).is_(None),
    )


def hears(segments: Collection[str], alert: Alert) -> bool:
    """Whether who wants to hear of these segments is told of an alert: with none of all, else where it names one."""
    return not segments or not set(segments).isdisjoint(alert.segments)


def covers(row: Subscriber, place: Touchpoint) -> bool:
    """Whether somebody is told of a touchpoint: one that is named, has a tag or an owner that is; or of all."""
    if not (row.touchpoints or row.tags or row.owner):
        return True
    named = place.key in row.touchpoints.split() or bool(set(place.tags) & set(row.tags.split()))
    return named or (row.owner is not None and row.owner == place.owner)
