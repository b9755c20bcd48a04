"""What the company did about what it heard: a drop that was found and taken up, an action that helped, a target met."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.actions import actions
from app.actions.schemas import ActionIn
from app.db import Database
from app.models import Alert, Device, Review, TargetRecord, Touchpoint
from app.monitoring import watch
from app.touchpoints import registry
from app.touchpoints.schemas import Target, TouchpointPatch

FOUND = timedelta(days=26)  # ago, a monitoring look found Delivery's drop
_REVIEWED, _EACH = 97, 90  # days ago, days


async def tell(db: Database, now: datetime) -> None:
    """Live through it: what was there before, the look that found the drop, what was done, and a look now."""
    await db.write(lambda session: _before(session, now))
    await watch.once(db, now - FOUND)
    await db.write(lambda session: _done(session, now))
    await watch.by_hand(db, now)


def _before(session: Session, now: datetime) -> None:
    _false_alarm(session, "hotline", now)
    registry.change(session, "invoice", TouchpointPatch(review_interval_days=_EACH))
    note = "The due date stands at the bottom; move it up."
    _reviewed(session, "invoice", now - timedelta(days=_REVIEWED), "Tomasz Zieliński", note)
    note = "Our contract with the carrier ends soon. Watch what comes after it."
    _reviewed(session, "delivery", now - timedelta(days=_REVIEWED), "Anders Holm", note)
    aim = Target(metric="index", value=70, by=(now - timedelta(days=2)).date())
    registry.change(session, "product-use", TouchpointPatch(target=aim))
    for row in session.exec(select(TargetRecord)):
        row.set_at = now - timedelta(days=170 if row.ended_at else 120)
        row.ended_at = row.ended_at and now - timedelta(days=120)


def _false_alarm(session: Session, key: str, now: datetime) -> None:
    since, opened, closed = (now - timedelta(days=days) for days in (96, 90, 89))
    said = _comment("Ewa Nowak", "Two students answered for a seminar; nothing fell here.", closed)
    numbers = {"metric": "index", "level_before": 51.0, "level_after": 38.5, "answers": 19, "sources": []}
    row = Alert(kind="drop", touchpoint_id=_number(session, key), since=since, opened_at=opened, evidence=numbers)
    row.closed_at, row.closed_by, row.because, row.comments = closed, "Ewa Nowak", "false_alarm", [said]
    session.add(row)


def _reviewed(session: Session, key: str, at: datetime, who: str, note: str) -> None:
    row = registry.by_key(session, key)
    row.reviewed_at = at
    session.add(Review(touchpoint_id=row.id or 0, reviewed_at=at, reviewed_by=who, note=note))


def _done(session: Session, now: datetime) -> None:
    whose = Alert.kind == "drop", Alert.touchpoint_id == _number(session, "delivery")
    alert = session.exec(select(Alert).where(*whose)).first()
    if alert:
        alert.acknowledged_at = alert.opened_at + timedelta(hours=3)
        alert.comments = [_comment("Anders Holm", "Since the new carrier. Talking to them.", alert.acknowledged_at)]
    reporting = session.exec(select(Device).order_by(col(Device.id))).first()
    if reporting:
        reporting.last_seen_at = now
    out_of = str(alert.id) if alert else None
    carrier = {
        "title": "Two carriers again in Jutland",
        "touchpoints": ["delivery"],
        "alert": out_of,
        "owner": "Anders Holm",
    }
    articles = {
        "title": "Rewrite the twenty articles that are read most",
        "touchpoints": ["help-center"],
        "owner": "Ewa Nowak",
    }
    _act(session, now, 14, 12, **carrier)
    _act(session, now, 68, 62, **articles)


def _comment(who: str, text: str, at: datetime) -> dict[str, str]:
    return {"text": text, "by": who, "at": at.isoformat()}


def _act(session: Session, now: datetime, started: int, finished: int, **said: Any) -> None:
    when = {"started_at": now - timedelta(days=started), "finished_at": now - timedelta(days=finished)}
    row = actions.create(session, ActionIn(**when, **said), said["owner"])
    row.created_at = row.updated_at = now - timedelta(days=started + 2)


def _number(session: Session, key: str) -> int:
    return session.exec(select(Touchpoint.id).where(Touchpoint.key == key)).one() or 0
