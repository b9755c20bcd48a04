"""Events enter the outbox in the transaction of what happened: neither is ever there without the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.ids import uuid7
from app.models import Delivery, Touchpoint, now
from app.sql import Bulk, Lookup
from app.touchpoints.scales import SCALES
from app.webhooks import events
from app.webhooks.events import WITHDRAWN, Told

Move = tuple[Told | None, Told | None]  # an answer before and after; None: it was not there, it is gone
Row = tuple[UUID, int, int, UUID, str, str, datetime, datetime]  # a value for each of _COLUMNS

_COLUMNS = {
    "id": "uuid",
    "webhook_id": "int",
    "touchpoint_id": "int",
    "feedback_id": "uuid",
    "type": "text",
    "body": "text",
    "created_at": "timestamptz",
    "due_at": "timestamptz",
}
_NAMES = ", ".join(_COLUMNS)
_INSERT = Bulk(
    f"INSERT INTO delivery ({_NAMES}, tries, error) SELECT {_NAMES}, 0, '' FROM {{r}} WHERE true",  # noqa: S608
    _COLUMNS,
)
_WANTED = Lookup("SELECT id, events, touchpoints FROM webhook WHERE disabled_at IS NULL")
_HISTORY = "import"  # what is imported happened long ago
# A press on a rating link may be contradicted for so long, and then counts no more: a score can take an answer back, a
# message cannot.
SETTLES = {"email": timedelta(minutes=2)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What one webhook wants to hear of; of all touchpoints if it names none."""

    webhook_id: int
    events: frozenset[str]
    touchpoints: frozenset[str]

    def covers(self, name: str, touchpoint: str) -> bool:
        return name in self.events and (not self.touchpoints or touchpoint in self.touchpoints)


def tell(session: Session, moves: Sequence[Move]) -> None:
    """Queue what the webhooks want to hear of these changes of answers."""
    found = _WANTED.rows(session, {}) if moves else []
    wishes = [Wish(number, frozenset(names.split()), frozenset(keys.split())) for number, names, keys in found]
    if wishes:
        _INSERT.run(session, list(_rows(session, wishes, moves)))


def _rows(session: Session, wishes: Sequence[Wish], moves: Sequence[Move]) -> Iterator[Row]:
    at = now()
    kept = [(before, after, one) for before, after, one in _net(moves) if one.source != _HISTORY]
    known = _touchpoints(session, {one.touchpoint_id for _, _, one in kept})
    for before, after, one in kept:
        key, scale = known[one.touchpoint_id]
        due = at + SETTLES.get(one.source, timedelta()) if after else at
        for name in events.happened(before, after, SCALES[scale].bottom):
            heard = wishes if name != WITHDRAWN else _heard(session, wishes, one)
            if whom := [wish.webhook_id for wish in heard if wish.covers(name, key)]:
                text = events.body(name, at, events.about(name, one, key, scale))
                yield from ((uuid7(), number, one.touchpoint_id, one.id, name, text, at, due) for number in whom)


def _net(moves: Sequence[Move]) -> Iterator[tuple[Told | None, Told | None, Told]]:
    """What happened to each answer in all, and the answer: two presses in one batch may contradict each other."""
    net: dict[tuple[int, UUID], tuple[Told | None, Told | None, Told]] = {}
    for before, after in moves:
        if one := after or before:
            key = one.touchpoint_id, one.id
            net[key] = net[key][0] if key in net else before, after, one
    yield from net.values()


def _heard(session: Session, wishes: Sequence[Wish], one: Told) -> list[Wish]:
    """Who has heard of an answer that is withdrawn. What nobody was told yet is taken back instead."""
    session.execute(delete(Delivery).where(*_of(one), col(Delivery.tries) == 0))
    told = set(session.execute(select(col(Delivery.webhook_id)).where(*_of(one))).scalars())
    return [wish for wish in wishes if wish.webhook_id in told]


def _of(one: Told) -> tuple[Any, Any]:
    return col(Delivery.feedback_id) == one.id, col(Delivery.touchpoint_id) == one.touchpoint_id


def _touchpoints(session: Session, numbers: set[int]) -> dict[int, tuple[str, str]]:
    """Key and scale of each."""
    columns: Any = (Touchpoint.id, Touchpoint.key, Touchpoint.scale)
    found = session.execute(select(*columns).where(col(Touchpoint.id).in_(sorted(numbers))))
    return {number: (key, scale) for number, key, scale in found}


def forget(session: Session, one: Told) -> None:
    """Delete what was said of an answer that is erased, sent or not, but that it was withdrawn."""
    session.execute(delete(Delivery).where(*_of(one), col(Delivery.type) != WITHDRAWN))
