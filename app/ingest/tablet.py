"""Answers that a tablet sends: its own touchpoints only, its clock put right, hammering flagged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select
from starlette.requests import Request

from app.errors import Code, Place, Problem
from app.ingest import guard, store
from app.ingest.channels import KIOSK, Answer
from app.ingest.routes import to_answer
from app.ingest.schemas import TabletItem
from app.models import Device, Feedback
from app.touchpoints.registry import Known, there

Key = tuple[int, UUID]  # touchpoint_id and id


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
    said = item.model_copy(update={"occurred_at": at})
    answer = to_answer(known, said, KIOSK, item.id, by.received, warnings)
    answer.claimed_at, answer.device_id = item.occurred_at, by.device.id
    return answer


def served(device: Device, key: str, at: datetime) -> None:
    """Problem touchpoint_unknown unless the tablet served the touchpoint when the customer answered."""
    until = device.former.get(key)
    if key in device.touchpoints or (until and at < datetime.fromisoformat(until)):
        return
    place = Place(place="touchpoint", message="is not one of this tablet's", mend="Assign it under Devices.")
    raise Problem(Code.TOUCHPOINT_UNKNOWN, "This tablet does not serve this touchpoint.", errors=[place])


async def flag_hammering(request: Request, device: Device, answers: Sequence[Answer]) -> None:
    """Flag those of `answers` that are part of a burst on the tablet, and stored ones that turn out to be.

    Goes by the tablet's own clock: wrong or right, it tells how far apart two touches were.
    """
    timed = [answer for answer in answers if answer.claimed_at]
    if not timed:
        return
    near = await request.app.state.db.read(lambda session: _near(session, device, timed))
    times = {key: at for key, at, _ in near} | {(a.touchpoint_id, a.id): a.claimed_at for a in timed if a.claimed_at}
    keys = list(times)
    hammered = {keys[place] for place in guard.taps_in_bursts(list(times.values()))}
    for answer in timed:
        if (answer.touchpoint_id, answer.id) in hammered:
            answer.flags = " ".join(sorted({*answer.flags.split(), guard.MISUSE}))
    late = [key for key, _, flags in near if key in hammered and not flags]
    if late:
        await request.app.state.db.write(lambda session: store.change_flags(session, late, lambda _: guard.MISUSE))


def _near(session: Session, device: Device, answers: Sequence[Answer]) -> list[tuple[Key, datetime, str]]:
    """Key, the tablet's time and flags of stored answers close enough to `answers` to be one burst with them."""
    slack = guard.TAPS_WITHIN + guard.SKEW_TOLERANCE  # a corrected time is off by what its request took
    first, last = min(a.occurred_at for a in answers) - slack, max(a.occurred_at for a in answers) + slack
    own = select(Feedback.touchpoint_id, Feedback.id, Feedback.claimed_at, Feedback.flags).where(
        Feedback.device_id == device.id,
        col(Feedback.occurred_at).between(first, last),
        col(Feedback.claimed_at).is_not(None),
    )
    return [((touchpoint_id, number), at, flags) for touchpoint_id, number, at, flags in session.exec(own) if at]
