"""The pretend company's tablets: one that reports as long as the demo is served, one that fell silent."""

import threading
import time
from datetime import datetime, timedelta
from secrets import token_bytes

import httpx
from sqlmodel import Session, col, select

from app.demo.company import TABLETS
from app.devices import tablets
from app.devices.pairing import new_code, pair
from app.devices.schemas import DeviceIn
from app.models import Device

EVERY_S = 60  # as a real one


def register(session: Session, now: datetime) -> None:
    """All tablets, paired when they were put up and last heard of two days ago, with answers on them."""
    for body in TABLETS:
        device = tablets.create(session, DeviceIn.model_validate(body))
        _pair(session, device)
        device.created_at = device.paired_at = now - timedelta(days=90)
        device.last_seen_at = now - timedelta(days=2, hours=3)
        device.queue_depth, device.version, device.persisted = 7, "1.0", True
        device.oldest_at = device.last_seen_at - timedelta(minutes=25)


def wake(session: Session) -> str | None:
    """Pair the first tablet anew, so that it reports again: its key; None when somebody took the tablet away."""
    device = session.exec(select(Device).where(col(Device.name) == TABLETS[0]["name"])).first()
    if device is None or device.revoked_at:
        return None
    key = _pair(session, device)
    device.queue_depth, device.oldest_at = 0, None
    return key


def _pair(session: Session, device: Device) -> str:
    """The tablet's key. The code is used at once, so that its secret need not be the service's."""
    secret = token_bytes(16)
    return pair(session, secret, new_code(session, secret, device))[0]


def report(service: str, key: str) -> None:
    """Report to `service` each minute from now on, in the background, as a tablet without a queue does."""
    threading.Thread(target=_report, args=(service, key), daemon=True).start()


def _report(service: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    while True:
        time.sleep(EVERY_S)
        try:
            httpx.post(f"{service}/v1/devices/heartbeat", json={"queue_depth": 0, "version": "1.0"}, headers=headers)
        except httpx.HTTPError:
            continue  # not yet there, or stopping
