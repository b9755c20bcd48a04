"""Events enter the outbox in the transaction of what happened: neither is ever there without the other.

An answer that somebody may still be writing waits there until it is settled, and is told as it is then.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, tuple_
from sqlmodel import Session, col

from app.ids import uuid7
from app.models import Delivery, now
from app.sql import Bulk, Lookup
from app.touchpoints.scales import SCALES, own_scale
from app.webhooks import events
from app.webhooks.events import CREATED, LOW_RATING, WITHDRAWN, Told

Move = tuple[Told | None, Told | None]  # an answer before and after; None: it was not there, it is gone
Key = tuple[int, UUID]  # touchpoint and answer
Place = tuple[str, str, range, Sequence[str]]  # a touchpoint: key, scale, the low ratings, declared segment keys
Row = tuple[UUID, int, int, UUID, str, str, datetime, datetime, str | None]  # a value for each of _COLUMNS

_COLUMNS = {
    "id": "uuid",
    "webhook_id": "int",
    "touchpoint_id": "int",
    "feedback_id": "uuid",
    "type": "text",
    "body": "text",
    "created_at": "timestamptz",
    "due_at": "timestamptz",
    "trace": "text",
}
_NAMES = ", ".join(_COLUMNS)
_INSERT = Bulk(
    f"INSERT INTO delivery ({_NAMES}, tries, error) SELECT {_NAMES}, 0, '' FROM {{r}} WHERE true",  # noqa: S608
    _COLUMNS,
)
_WANTED = Lookup("SELECT id, events, touchpoints, CAST(segments AS text) FROM webhook WHERE disabled_at IS NULL")
_HISTORY = "import"  # what is imported happened long ago
_KEY: Any = (col(Delivery.touchpoint_id), col(Delivery.feedback_id))
_AT_A_TIME = 400  # answers


@dataclass(frozen=True, slots=True)
class Wish:
    """What one webhook wants to hear of; of all touchpoints if it names none, and of all segments."""

    webhook_id: int
    events: frozenset[str]
    touchpoints: frozenset[str]
    segments: frozenset[str] = frozenset()

    def covers(self, name: str, touchpoints: Set[str], where: Collection[str] = ()) -> bool:
        """Whether it wants an event of this name at one of these touchpoints that is about these segments."""
        here = not self.touchpoints or not self.touchpoints.isdisjoint(touchpoints)
        return name in self.events and here and (not self.segments or not self.segments.isdisjoint(where))


def _wishes(session: Session) -> list[Wish]:
    return [_wish(*row) for row in _WANTED.rows(session, {})]


@lru_cache(1024)  # each batch of answers asks for the same ones
def _wish(number: int, names: str, keys: str, where: str) -> Wish:
    return Wish(number, frozenset(names.split()), frozenset(keys.split()), frozenset(json.loads(where)))


def tell(session: Session, moves: Sequence[Move], settling: timedelta, scales: Mapping[int, str]) -> None:
    """Queue what the webhooks want to hear of these changes of answers, each when it is settled.

    `scales` are those of the touchpoints, by their ids.
    """
    if moves and (wishes := _wishes(session)) and (heard := _of_interest(wishes, moves, scales)):
        _INSERT.run(session, list(_rows(session, wishes, heard, settling)))


def _of_interest(wishes: Sequence[Wish], moves: Sequence[Move], scales: Mapping[int, str]) -> Sequence[Move]:
    """Without new answers whose events nobody wants anywhere: often that is all there is, and no touchpoint is read.

    Of an answer that was changed something may wait, and one may be new and changed in the same batch.
    """
    wished = frozenset[str]().union(*(wish.events for wish in wishes))
    if CREATED in wished or any(before for before, _ in moves):
        return moves
    if LOW_RATING not in wished:
        return []
    low = {number: SCALES[name].poor for number, name in scales.items() if name in SCALES}

    def is_low(one: Told) -> bool:
        poor = low.get(one.touchpoint_id)  # of a company's own scale it is to be read
        return poor is None or events.is_low(one, poor)

    return [(None, one) for _, one in moves if one and is_low(one)]


def announce(
    session: Session,
    name: str,
    touchpoint_id: int | None,
    keys: Set[str],
    data: Mapping[str, Any],
    where: Collection[str] = (),
) -> None:
    """Queue an event that is about a touchpoint or a journey and no answer, for the webhooks that want it.

    `keys` are those of the touchpoint, or of the journey's touchpoints, `where` the segments in which it happened.
    """
    at = now()
    text = events.body(name, at, data)
    for wish in _wishes(session):
        if wish.covers(name, keys, where):
            session.add(
                Delivery(
                    id=uuid7(),
                    webhook_id=wish.webhook_id,
                    touchpoint_id=touchpoint_id,
                    type=name,
                    body=text,
                    created_at=at,
                    due_at=at,
                )
            )


def _rows(session: Session, wishes: Sequence[Wish], moves: Sequence[Move], settling: timedelta) -> Iterator[Row]:
    at = now()
    kept = [(before, after, one) for before, after, one in _net(moves) if one.source != _HISTORY]
    known = _touchpoints(session, {one.touchpoint_id for _, _, one in kept})
    untold = _take_back(session, [one for before, _, one in kept if before])
    for before, after, one in kept:
        key, scale, poor, keys = known[one.touchpoint_id]
        happened = events.happened(before, after, poor)
        where = events.segments(one, keys)
        gone = WITHDRAWN in happened
        heard = _heard(session, wishes, one) if gone else wishes
        waiting = untold.get(_key(one), {}) if events.counts(after) else {}
        due = at if gone else events.settled(one, at, settling)
        for name, whom in _whom(heard, happened, waiting, ({key}, where), low=events.is_low(one, poor)).items():
            text = events.body(name, at, events.about(name, one, key, scale, where))
            said = one.touchpoint_id, one.id, name, text, at, due, one.trace
            yield from ((uuid7(), number, *said) for number in whom)


def _whom(
    wishes: Sequence[Wish],
    happened: Sequence[str],
    waiting: Mapping[int, set[str]],
    at: tuple[Set[str], Collection[str]],
    *,
    low: bool,
) -> Mapping[str, list[int]]:
    """Which webhooks are told which events `at` a touchpoint and in segments: what happened, and what waited untold."""
    names = {wish.webhook_id: [name for name in happened if wish.covers(name, *at)] for wish in wishes}
    whom: dict[str, list[int]] = {}
    for number in names.keys() | waiting.keys():
        for name in events.folded(waiting.get(number, ()), names.get(number, ()), low=low):
            whom.setdefault(name, []).append(number)
    return whom


def _net(moves: Sequence[Move]) -> Iterator[tuple[Told | None, Told | None, Told]]:
    """What happened to each answer in all, and the answer: two presses in one batch may contradict each other."""
    net: dict[Key, tuple[Told | None, Told | None, Told]] = {}
    for before, after in moves:
        if one := after or before:
            key = _key(one)
            net[key] = net[key][0] if key in net else before, after, one
    yield from net.values()


def _key(one: Told) -> Key:
    return one.touchpoint_id, one.id


def _take_back(session: Session, answers: Sequence[Told]) -> Mapping[Key, Mapping[int, set[str]]]:
    """Take what was not told yet of these answers out of the outbox: events by answer and webhook.

    What somebody has claimed is told already. That an answer was withdrawn stays: it ends what came before it.
    """
    untold: dict[Key, dict[int, set[str]]] = {}
    number, name = col(Delivery.webhook_id), col(Delivery.type)
    for start in range(0, len(answers), _AT_A_TIME):
        keys = [_key(one) for one in answers[start : start + _AT_A_TIME]]
        these = _KEY[1].in_([id_ for _, id_ in keys]), tuple_(*_KEY).in_(keys)  # the index knows the answers alone
        taken = delete(Delivery).where(*these, col(Delivery.tries) == 0, name != WITHDRAWN)
        rows = session.execute(taken.returning(*_KEY, number, name).execution_options(synchronize_session=False))
        for touchpoint_id, id_, webhook_id, event in rows:
            untold.setdefault((touchpoint_id, id_), {}).setdefault(webhook_id, set()).add(event)
    return untold


def _heard(session: Session, wishes: Sequence[Wish], one: Told) -> list[Wish]:
    """Who has heard of an answer that is withdrawn, and waits for no such word already."""
    number = col(Delivery.webhook_id)
    told = select(number).where(*_of(one)).group_by(number).having(func.min(col(Delivery.tries)) > 0)
    heard = set(session.execute(told).scalars())
    return [wish for wish in wishes if wish.webhook_id in heard]


def _of(one: Told) -> tuple[Any, Any]:
    return col(Delivery.feedback_id) == one.id, col(Delivery.touchpoint_id) == one.touchpoint_id


def _touchpoints(session: Session, numbers: set[int]) -> dict[int, Place]:
    """Those with these ids."""
    ids, found = sorted(numbers), dict[int, Place]()
    for start in range(0, len(ids), _AT_A_TIME):
        some = {f"id{place}": number for place, number in enumerate(ids[start : start + _AT_A_TIME])}
        found |= {number: _place(*said) for number, *said in _places(len(some)).rows(session, some)}
    return found


@lru_cache(_AT_A_TIME)
def _places(ids: int) -> Lookup:
    whose = ", ".join(f":id{place}" for place in range(ids))
    columns = "id, key, scale, CAST(own_scale AS text), CAST(segments AS text)"
    return Lookup(f"SELECT {columns} FROM touchpoint WHERE id IN ({whose})")  # noqa: S608 - only our own names


@lru_cache(4096)
def _place(key: str, scale: str, own: str | None, segments: str) -> Place:
    known = own_scale(scale, json.loads(own)) if own and own != "null" else SCALES[scale]
    return key, scale, known.poor, json.loads(segments)


def forget(session: Session, one: Told) -> None:
    """Delete what was said of an answer that is erased, sent or not, but that it was withdrawn."""
    session.execute(delete(Delivery).where(*_of(one), col(Delivery.type) != WITHDRAWN))
