"""Tablets in the database: create, change, list, revoke, note how they are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.devices.schemas import DeviceIn, DevicePatch, Heartbeat
from app.errors import Code, Problem
from app.models import Device, now
from app.touchpoints.registry import registered

SILENT_AFTER = timedelta(minutes=15)  # a tablet reports every minute when it has a network
MOVES_MOST = 5  # former places that are remembered; a tablet keeps answers for days, not for years
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def one(session: Session, number: int) -> Device:
    """The tablet; Problem not_found."""
    row = session.get(Device, number)
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no such tablet.")
    return row


def page(session: Session, after: int, limit: int) -> list[Device]:
    """Tablets in the order they were made, those after number `after`."""
    return list(session.exec(select(Device).where(col(Device.id) > after).order_by(col(Device.id)).limit(limit)))


def create(session: Session, body: DeviceIn) -> Device:
    """A tablet that waits to be paired; Problem invalid_request for an unknown touchpoint."""
    registered(session, body.touchpoints)
    row = Device(name=body.name, touchpoints=list(dict.fromkeys(body.touchpoints)), context=body.context or {})
    session.add(row)
    session.flush()
    return row


def change(session: Session, number: int, body: DevicePatch) -> Device:
    """Rename or re-assign; Problem not_found, invalid_request.

    What was given on the tablet before a re-assignment may still arrive after it: `former` keeps until when it may have
    been, `former_contexts` where it stood then.
    """
    row = one(session, number)
    if body.name is not None:
        row.name = body.name
    if body.touchpoints is not None:
        registered(session, body.touchpoints)
        gone = {key: now().isoformat() for key in row.touchpoints}
        row.former = {k: at for k, at in {**gone, **row.former}.items() if k not in body.touchpoints}
        row.touchpoints = list(dict.fromkeys(body.touchpoints))
    if body.context is not None and body.context != row.context:
        left = {"until": now().isoformat(), "context": row.context}
        row.former_contexts = [*row.former_contexts, left][-MOVES_MOST:]
        row.context = body.context
    session.flush()
    return row


def revoke(session: Session, number: int) -> Device:
    """Take the tablet out of use: it locks and keeps what it has not sent; Problem not_found."""
    row = one(session, number)
    row.revoked_at = row.revoked_at or now()
    row.pairing_hash = row.pairing_expires_at = None
    return row


def note(session: Session, number: int, body: Heartbeat, at: datetime) -> None:
    """Remember how the tablet is."""
    said: dict[str, Any] = body.model_dump(include={"queue_depth", "refused", "version", "persisted"})
    oldest = None if body.oldest_age_s is None else max(at - timedelta(seconds=body.oldest_age_s), _EPOCH)
    session.execute(update(Device).where(col(Device.id) == number).values(**said, oldest_at=oldest, last_seen_at=at))


def shown(row: Device, at: datetime) -> dict[str, Any]:
    """A tablet as lists show it, without what would let anybody act for it."""
    heard = row.last_seen_at
    silent = row.key_hash is not None and row.revoked_at is None and (heard is None or at - heard > SILENT_AFTER)
    if row.revoked_at is not None:
        state = "revoked"
    elif row.key_hash is None:
        state = "unpaired"
    else:
        state = "silent" if silent else "active"
    age = None if row.oldest_at is None else int((at - row.oldest_at).total_seconds())
    fields = row.model_dump(exclude={"key_hash", "pairing_hash", "former", "former_contexts"})
    return {**fields, "state": state, "silent": silent, "oldest_age_s": age}


def figures(session: Session) -> Iterator[Metric]:
    """What Prometheus reads of tablets that are paired."""
    paired = select(func.count()).where(col(Device.key_hash).is_not(None), col(Device.revoked_at).is_(None))
    heard = paired.where(col(Device.last_seen_at) >= now() - SILENT_AFTER)
    count, active = (session.execute(each).scalar_one() for each in (paired, heard))
    yield GaugeMetricFamily("touchstone_tablets", "Tablets that are paired", count)
    said = f"Those of them that were not heard of for {SILENT_AFTER.seconds // 60} minutes"
    yield GaugeMetricFamily("touchstone_tablets_silent", said, count - active)
