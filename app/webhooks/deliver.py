"""Delivers what is due: at least once, each webhook by itself, so that one that fails holds up no other."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, update
from sqlmodel import Session, col, select

from app.db import Database
from app.ids import first_of
from app.logs import log
from app.models import Delivery, Webhook, now
from app.webhooks.signature import headers

if TYPE_CHECKING:
    from app.webhooks.address import Networks
    from app.webhooks.outgoing import Reply

# Standard Webhooks: the first try at once, the last 75.6 hours later; each wait by up to a fifth longer or shorter, so
# that what failed together does not come back together.
SCHEDULE = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
JITTER = 0.2
AT_ONCE = 10  # requests to one webhook
LEASE = timedelta(minutes=2)  # more than a request takes; whoever died over it is not waited for longer
DISABLED_AFTER = timedelta(days=5)
KEPT = timedelta(days=30)
POLL_S, CLOSE_S = 1.0, 0.5
CLEAN_AFTER, CLEAN_MOST = timedelta(hours=1), 1000
GONE = 410


def next_try(failures: int, at: datetime, retry_after: int | None, dice: Callable[[], float]) -> datetime | None:
    """When to try again after so many failures, or None to give up; `dice` gives a number from 0 to 1."""
    if failures > len(SCHEDULE):
        return None
    wait = SCHEDULE[failures - 1] * (1 + JITTER * (2 * dice() - 1))
    return at + max(wait, timedelta(seconds=retry_after or 0))


def ready(at: datetime, busy: Collection[int]) -> Any:
    """The webhooks that something is due for, but those that are switched off or `busy`.

    One look into the index for each: a million events may wait for one that is down.
    """
    due = exists().where(col(Delivery.webhook_id) == Webhook.id, col(Delivery.due_at) <= at)
    return select(Webhook).where(col(Webhook.disabled_at).is_(None), col(Webhook.id).not_in(busy), due)


def claim(session: Session, at: datetime, busy: Collection[int]) -> list[tuple[Webhook, list[Delivery]]]:
    """What is due for each webhook that is `ready`. Nobody else takes it until the lease is over."""
    found = [(row, _taken(session, row.id or 0, at)) for row in session.exec(ready(at, busy)).all()]
    return [(row, taken) for row, taken in found if taken]


def _taken(session: Session, webhook_id: int, at: datetime) -> list[Delivery]:
    due = select(Delivery).where(Delivery.webhook_id == webhook_id, col(Delivery.due_at) <= at)
    oldest = due.order_by(col(Delivery.due_at)).limit(AT_ONCE).with_for_update(skip_locked=True)
    rows = list(session.exec(oldest))
    for row in rows:
        row.due_at, row.tries = at + LEASE, row.tries + 1
    return rows


def settle(session: Session, webhook_id: int, at: datetime, replies: Sequence[tuple[Delivery, "Reply"]]) -> None:
    """Write down what came of it: delivered, to be tried again, given up; a webhook that is gone is switched off."""
    reached = [reply for _, reply in replies if _is_delivered(reply)]
    for row, reply in sorted(replies, key=lambda pair: pair[0].id):  # an erasure may lock the same rows
        done = _is_delivered(reply)
        due_at = None if done else next_try(row.tries, at, reply.retry_after, random.random)
        came = {"status": reply.status, "error": reply.error[:200], "due_at": due_at}
        came |= {"delivered_at": at} if done else {}
        session.execute(update(Delivery).where(col(Delivery.id) == row.id).values(**came))
    hook = session.get(Webhook, webhook_id)
    if hook is not None:
        hook.failing_since = None if reached else hook.failing_since or at
        if because := _hopeless(hook, at, replies):
            hook.disabled_at, hook.disabled_because = at, because
            log.warning("webhook_disabled", extra={"webhook": webhook_id, "because": because})


def _is_delivered(reply: "Reply") -> bool:
    return reply.status is not None and 200 <= reply.status < 300


def _hopeless(hook: Webhook, at: datetime, replies: Sequence[tuple[Delivery, "Reply"]]) -> str | None:
    if any(reply.status == GONE for _, reply in replies):
        return "it answered 410 Gone"
    if hook.failing_since and at - hook.failing_since >= DISABLED_AFTER:
        return "it failed for five days"
    return None


def clean(session: Session, at: datetime) -> bool:
    """Delete some of what is older than KEPT; whether more may be left. A little at a time, for answers are waiting."""
    old = select(col(Delivery.id)).where(col(Delivery.id) < first_of(at - KEPT)).order_by(col(Delivery.id))
    result: Any = session.execute(delete(Delivery).where(col(Delivery.id).in_(old.limit(CLEAN_MOST))))
    return bool(result.rowcount == CLEAN_MOST)


class Deliverer:
    """Looks each second for what is due. Any number of processes may do so on one database."""

    def __init__(self, db: Database, allowed: "Networks", clock: Callable[[], datetime] = now) -> None:
        self._db, self._allowed, self._clock = db, allowed, clock
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._more = asyncio.Event()
        self._cleaned = clock()
        self._failed = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def close(self) -> None:
        """Let what is on its way arrive for a moment; the rest is due again when its lease is over."""
        self._task.cancel()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=CLOSE_S)
        for task in [self._task, *self._busy.values()]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            try:
                await self.turn()
                self._failed = False
            except Exception as error:  # the database is away, say: others tell of that, and here it is tried again
                if not self._failed:
                    log.error("webhooks_not_read", extra={"error": type(error).__name__})
                self._failed = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), POLL_S)
            self._more.clear()

    async def turn(self) -> None:
        """Start to deliver what is due now."""
        at = self._clock()
        if at - self._cleaned > CLEAN_AFTER:
            more = await self._db.write(lambda session: clean(session, at))
            self._cleaned = self._cleaned if more else at
        busy = list(self._busy)
        if not await self._db.read(lambda session: session.exec(ready(at, busy)).first()):
            return
        for hook, rows in await self._db.write(lambda session: claim(session, at, busy)):
            self._busy[hook.id or 0] = asyncio.create_task(self._deliver(hook, rows))

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    async def _deliver(self, hook: Webhook, rows: Sequence[Delivery]) -> None:
        try:
            replies = await asyncio.gather(*(self._send(hook, row) for row in rows))
            pairs, at = list(zip(rows, replies, strict=True)), self._clock()
            await self._db.write(lambda session: settle(session, hook.id or 0, at, pairs))
        except Exception as error:  # they are due again when the lease is over
            log.error("webhook_not_settled", extra={"webhook": hook.id, "error": type(error).__name__})
        finally:
            del self._busy[hook.id or 0]
            self._more.set()

    async def _send(self, hook: Webhook, row: Delivery) -> "Reply":
        from app.webhooks import outgoing  # brings an HTTP client: 70 ms of a start, and many never send

        at = self._clock()
        secrets = [hook.secret]
        if hook.former_secret and hook.former_until and hook.former_until > at:
            secrets.append(hook.former_secret)
        said = headers(secrets, str(row.id), int(at.timestamp()), row.body)
        said |= {"content-type": "application/json", "user-agent": "Touchstone"}
        return await outgoing.post(hook.url, row.body.encode(), said, self._allowed)
