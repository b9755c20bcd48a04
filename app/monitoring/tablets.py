"""Tablets that no longer report although customers would be there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Alert, Device, Rollup
from app.monitoring import fleet, silence
from app.monitoring.seen import Seen
from app.touchpoints.registry import Known

KIND = "device_silent"
AFTER = timedelta(hours=silence.TABLET_AFTER_H)  # the hours of one that reported since are not even read
_WEEKS = timedelta(weeks=silence.WEEKS)


def look(session: Session, at: datetime) -> list[Seen]:
    """The tablets that are silent, at the first touchpoint of each that is in use; and those told of that are not."""
    paired = select(Device).where(col(Device.key_hash).is_not(None), col(Device.revoked_at).is_(None))
    devices = session.exec(paired).all()
    by_key = fleet.keyed(session, (key for device in devices for key in device.touchpoints))
    silent: dict[str, Seen] = {}
    for device in devices:
        places = [by_key[key] for key in device.touchpoints if key in by_key]
        if places and _is_silent(session, device, places, at):
            one = _seen(device, places[0], at)
            silent[one.about] = one
    told = session.exec(select(Alert).where(Alert.kind == KIND, col(Alert.closed_at).is_(None))).all()
    over = [one for one in told if one.about not in silent or silent[one.about].touchpoint_id != one.touchpoint_id]
    return [*(Seen(one.touchpoint_id, KIND, False, at, about=one.about) for one in over), *silent.values()]


def _heard(device: Device) -> datetime:
    return device.last_seen_at or device.paired_at or device.created_at


def _is_silent(session: Session, device: Device, places: Sequence[Known], at: datetime) -> bool:
    heard = _heard(device)
    if at - heard < AFTER:
        return False
    since, until = int((heard - _WEEKS).timestamp()), int(heard.timestamp())
    wanted = (
        col(Rollup.touchpoint_id).in_([known.id for known in places]),
        *(Rollup.grain == "hour", Rollup.source == "kiosk", Rollup.slice == "counted"),
        *(col(Rollup.bucket) >= since, col(Rollup.bucket) < until),
    )
    rows = session.execute(select(Rollup.bucket, func.sum(Rollup.n)).where(*wanted).group_by(col(Rollup.bucket)))
    return silence.is_tablet_silent([(bucket, int(n)) for bucket, n in rows], until, int(at.timestamp()))


def _seen(device: Device, known: Known, at: datetime) -> Seen:
    heard = _heard(device)
    last = device.last_seen_at.isoformat() if device.last_seen_at else None
    evidence = {
        "device": device.id,
        "name": device.name,
        "last_seen_at": last,
        "hours": int((at - heard) / timedelta(hours=1)),
    }
    return Seen(known.id, KIND, True, heard, evidence, f"device:{device.id}")
