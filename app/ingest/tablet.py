"""Answers that a tablet sends: its own touchpoints only, its clock put right, hammering flagged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.errors import Code, Place, Problem
from app.ingest import guard
from app.ingest.channels import KIOSK, Answer
from app.ingest.routes import to_answer
from app.ingest.schemas import TabletItem
from app.models import Device
from app.touchpoints.registry import Known, there


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who sent a batch, when it did by its own clock, and when it came."""

    device: Device
    sent_at: datetime | None
    received: datetime


def prepare(item: TabletItem, found: Known | Problem, by: Delivery, warnings: list[Place] | None) -> Answer:
    """The item as an Answer, as `to_answer` makes it; Problem when the tablet does not serve the touchpoint."""
    age = None if item.age_s is None else timedelta(seconds=item.age_s)
    at = guard.by_clock(item.occurred_at, by.sent_at, by.received, age)
    served(by.device, item.touchpoint, at)
    known = there(found)
    if known.row.archived_at is not None and at >= known.row.archived_at:
        raise Problem(Code.TOUCHPOINT_ARCHIVED, f"The touchpoint {item.touchpoint} takes no more answers.")
    said = item.model_copy(update={"occurred_at": at, "context": (item.context or {}) | place_of(by.device, at)})
    answer = to_answer(known, said, KIOSK, item.id, by.received, warnings)
    answer.claimed_at, answer.device_id = item.occurred_at, by.device.id
    return answer


def place_of(device: Device, at: datetime) -> dict[str, Any]:
    """What the tablet put on answers at this time: one that was moved meanwhile may still send old answers."""
    for left in device.former_contexts:
        if at < datetime.fromisoformat(left["until"]):
            return dict(left["context"])
    return device.context


def served(device: Device, key: str, at: datetime) -> None:
    """Problem touchpoint_unknown unless the tablet served the touchpoint when the customer answered."""
    until = device.former.get(key)
    if key in device.touchpoints or (until and at < datetime.fromisoformat(until)):
        return
    place = Place(place="touchpoint", message="is not one of this tablet's", mend="Assign it under Devices.")
    raise Problem(Code.TOUCHPOINT_UNKNOWN, "This tablet does not serve this touchpoint.", errors=[place])
