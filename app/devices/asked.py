"""How often a tablet asked: it counts by the hour, reports until it is heard, and each customer is counted once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app.devices.schemas import Heartbeat
from app.errors import Problem
from app.ingest import guard
from app.ingest.channels import KIOSK
from app.ingest.tablet import served
from app.models import Asked, Device
from app.scores.rollup import Deltas, apply
from app.touchpoints.registry import Known


@dataclass(frozen=True, slots=True)
class Count:
    """So many customers were asked at a touchpoint; `row` has its key, `at` is the hour's first."""

    known: Known
    row: Asked
    at: datetime


async def read(registry: Any, device: Device, body: Heartbeat, received: datetime) -> list[Count]:
    """What the tablet says of touchpoints that it serves or served, at its time by our clock; the rest is left out."""
    counts = []
    for said in body.asked:
        age = None if said.age_s is None else timedelta(seconds=said.age_s)
        at = guard.by_clock(said.occurred_at, body.sent_at, received, age)
        try:
            served(device, said.touchpoint, at)
            known: Known = await registry.get(said.touchpoint)
        except Problem:
            continue
        row = Asked(touchpoint_id=known.id, device_id=device.id or 0, id=said.id, n=said.n)
        counts.append(Count(known, row, at))
    return counts


def fold(session: Session, counts: Sequence[Count]) -> None:
    """Add to the rollup what is more than was reported before.

    A number only grows, so reports may come twice and in any order. The caller has locked the tablet's row: of two
    reports at once the second sees the first.
    """
    deltas = Deltas()
    for count in counts:
        row = count.row
        before = session.get(Asked, (row.touchpoint_id, row.device_id, row.id))
        more = row.n - (before.n if before else 0)
        if more > 0:
            deltas.ask(count.known.id, count.at, KIOSK, more)
            session.merge(row)
            session.flush()
    apply(session, deltas)
