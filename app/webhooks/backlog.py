"""What is kept for webhooks, and how much of it: one that is down must not fill the disk, and somebody is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.db import Database
from app.ids import first_of
from app.logs import log
from app.models import Delivery, Webhook, now

WAITING_MOST = 10_000  # events of one webhook: some 10 MB
DONE_MOST = 100_000  # events of one webhook, delivered or given up
KEPT = timedelta(days=30)
LOOK_EACH, CLEAN_EACH = timedelta(seconds=10), timedelta(hours=1)
AT_A_TIME = 1000  # rows, for answers are waiting
SHOWN = 100  # webhooks
WAITS, DONE = col(Delivery.due_at).is_not(None), col(Delivery.due_at).is_(None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one webhook. `oldest` is when that happened; None when nothing waits."""

    webhook_id: int
    events: int
    oldest: datetime | None
    given_up: int  # of all time


def waiting(session: Session) -> list[Waiting]:
    """The webhooks that something waits for or was given up for: those with the most first, at most SHOWN."""
    count: Any = func.count(col(Delivery.id))
    columns: Any = (Webhook.id, count, func.min(Delivery.created_at), Webhook.given_up)
    of_it = (col(Delivery.webhook_id) == col(Webhook.id)) & WAITS
    found = select(*columns).join(Delivery, of_it, isouter=True).group_by(col(Webhook.id), col(Webhook.given_up))
    some = found.having((count > 0) | (col(Webhook.given_up) > 0)).order_by(count.desc()).limit(SHOWN)
    return [Waiting(*row) for row in session.execute(some)]


def too_many(session: Session, webhook_id: int, these: Any, most: int) -> UUID | None:
    """The newest event of `these` (WAITS, DONE) that is one too many when the newest `most` are kept."""
    ids = select(col(Delivery.id)).where(col(Delivery.webhook_id) == webhook_id, these)
    return session.exec(ids.order_by(col(Delivery.id).desc()).offset(most).limit(1)).first()


def give_up(session: Session, webhook_id: int, upto: UUID, at: datetime) -> bool:
    """Give up some of what waits, none newer than `upto`; whether more may be left. Told once a day."""
    gone = _delete(session, col(Delivery.webhook_id) == webhook_id, WAITS, col(Delivery.id) <= upto)
    count_given_up(session, webhook_id, gone)
    hook = session.get(Webhook, webhook_id)
    if gone and hook and is_to_be_told(hook, at):
        log.warning("webhook_behind", extra={"webhook": webhook_id, "given_up": hook.given_up})
    return gone == AT_A_TIME


def count_given_up(session: Session, webhook_id: int, events: int) -> None:
    """Add to the events that were given up."""
    more = update(Webhook).where(col(Webhook.id) == webhook_id).values(given_up=col(Webhook.given_up) + events)
    session.execute(more.execution_options(synchronize_session=False))


def is_to_be_told(hook: Webhook, at: datetime) -> bool:
    """Whether the log is to say now that a webhook fails: when it begins to (once an hour at most), then each day."""
    quiet = timedelta(days=1) if hook.failing_since else timedelta(hours=1)
    if hook.told_at and at - hook.told_at < quiet:
        return False
    hook.told_at = at
    return True


def clean(session: Session, at: datetime) -> bool:
    """Delete some of what is older than KEPT; whether more may be left."""
    return _delete(session, col(Delivery.id) < first_of(at - KEPT)) == AT_A_TIME


def forget(session: Session, webhook_id: int, upto: UUID) -> bool:
    """Delete some of what is done, none newer than `upto`; whether more may be left."""
    return _delete(session, col(Delivery.webhook_id) == webhook_id, DONE, col(Delivery.id) <= upto) == AT_A_TIME


def _delete(session: Session, *these: Any) -> int:
    # What somebody else has locked is on its way: two who wait for each other's rows would never end.
    some = select(col(Delivery.id)).where(*these).limit(AT_A_TIME).with_for_update(skip_locked=True)
    result: Any = session.execute(delete(Delivery).where(col(Delivery.id).in_(some)))
    return int(result.rowcount)


class Backlog:
    """Looks now and then, gives up and deletes a little at a time."""

    def __init__(self, db: Database, most: int, at: datetime) -> None:
        self._db, self._most = db, most
        self._looks, self._cleans = at, at + CLEAN_EACH  # when next

    async def turn(self, at: datetime) -> None:
        """Do what is due at this time."""
        if at >= self._looks and not await self._look(at):
            self._looks = at + LOOK_EACH
        if at > self._cleans and not await self._clean(at):
            self._cleans = at + CLEAN_EACH

    async def _look(self, at: datetime) -> bool:
        found = await self._db.read(waiting)
        more = [await self._shorten(one.webhook_id, at) for one in found if one.events > self._most]
        return any(more)

    async def _shorten(self, number: int, at: datetime) -> bool:
        upto = await self._db.read(lambda session: too_many(session, number, WAITS, self._most))
        return bool(upto and await self._db.write(lambda session: give_up(session, number, upto, at)))

    async def _clean(self, at: datetime) -> bool:
        more = await self._db.write(lambda session: clean(session, at))
        for number in await self._db.read(lambda session: session.exec(select(Webhook.id)).all()):
            more |= await self._forget(number or 0)
        return more

    async def _forget(self, number: int) -> bool:
        upto = await self._db.read(lambda session: too_many(session, number, DONE, DONE_MOST))
        return bool(upto and await self._db.write(lambda session: forget(session, number, upto)))


def figures(session: Session) -> Iterator[Metric]:
    """What Prometheus reads."""
    events = GaugeMetricFamily("touchstone_webhook_waiting", "Events that wait", labels=["webhook"])
    age = GaugeMetricFamily("touchstone_webhook_oldest_seconds", "Age of the oldest of them", labels=["webhook"])
    given_up = CounterMetricFamily("touchstone_webhook_given_up", "Events given up", labels=["webhook"])
    for one in waiting(session):
        number = [str(one.webhook_id)]
        events.add_metric(number, one.events)
        age.add_metric(number, (now() - one.oldest).total_seconds() if one.oldest else 0)
        given_up.add_metric(number, one.given_up)
    yield from (events, age, given_up)
