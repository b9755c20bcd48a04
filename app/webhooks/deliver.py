"""Delivers what is due: at least once, each webhook by itself, so that one that fails holds up no other."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, func, update
from sqlmodel import Session, col, select

from app.db import Database
from app.logs import log
from app.models import Delivery, Webhook, now
from app.retries import next_try
from app.tracing import Tracing
from app.turns import Turns, wait_at_most
from app.webhooks import texts
from app.webhooks.backlog import WAITING_MOST, Backlog, count_given_up, is_to_be_told
from app.webhooks.chats import STANDARD
from app.webhooks.sender import Sender
from app.webhooks.signature import headers

if TYPE_CHECKING:
    from app.webhooks.address import Networks
    from app.webhooks.outgoing import Message, Reply

AT_ONCE = 10  # requests to one webhook; one to a webhook that fails, to see whether it still does
AT_ONCE_IN_ALL = 500  # requests: each is a descriptor, and a process often has 1,024
REST, REST_MOST = timedelta(seconds=5), timedelta(minutes=5)  # after a failure, or as long as it asks for
LEASE = timedelta(minutes=2)  # more than a request takes; whoever died over it is not waited for longer
DISABLED_AFTER = timedelta(days=5)
POLL_S, CLOSE_S = 1.0, 0.5
GONE, NOT_FOUND = 410, 404  # a chat says the latter of an address that was taken back


def rest(replies: "Sequence[Reply]") -> timedelta:
    """How long a webhook is left alone: not at all when it took anything."""
    if any(map(_is_delivered, replies)):
        return timedelta()
    asked = max((reply.retry_after or 0 for reply in replies), default=0)
    return min(max(REST, timedelta(seconds=asked)), REST_MOST)


def ready(at: datetime, busy: Collection[int]) -> Any:
    """The webhooks that something is due for, but those that are switched off or `busy`: those that work first.

    One look into the index for each: a million events may wait for one that is down.
    """
    due = exists().where(col(Delivery.webhook_id) == Webhook.id, col(Delivery.due_at) <= at)
    wanted = select(Webhook).where(col(Webhook.disabled_at).is_(None), col(Webhook.id).not_in(busy), due)
    return wanted.order_by(col(Webhook.failing_since).is_not(None), func.random())


def claim(session: Session, at: datetime, busy: Collection[int], most: int) -> list[tuple[Webhook, list[Delivery]]]:
    """What is due for the webhooks that are `ready`, `most` at most. Nobody else takes it until the lease is over."""
    found: list[tuple[Webhook, list[Delivery]]] = []
    for row in session.exec(ready(at, busy)).all():
        taken = _taken(session, row.id or 0, at, min(most, _at_once(row))) if most else []
        most -= len(taken)
        found += [(row, taken)] if taken else []
    return found


def _at_once(hook: Webhook) -> int:
    """How many requests it gets at a time; a chat takes about one a second."""
    return 1 if hook.failing_since or hook.format != STANDARD else AT_ONCE


def _taken(session: Session, webhook_id: int, at: datetime, most: int) -> list[Delivery]:
    due = select(Delivery).where(Delivery.webhook_id == webhook_id, col(Delivery.due_at) <= at)
    oldest = due.order_by(col(Delivery.due_at)).limit(most).with_for_update(skip_locked=True)
    rows = list(session.exec(oldest))
    for row in rows:
        row.due_at, row.tries = at + LEASE, row.tries + 1
    return rows


def settle(session: Session, webhook_id: int, at: datetime, replies: Sequence[tuple[Delivery, "Reply"]]) -> None:
    """Write down what came of it: delivered, to be tried again, given up; a webhook that is gone is switched off."""
    reached = [reply for _, reply in replies if _is_delivered(reply)]
    given_up = 0
    for row, reply in sorted(replies, key=lambda pair: pair[0].id):  # an erasure may lock the same rows
        done = _is_delivered(reply)
        due_at = None if done or reply.refused else next_try(row.tries, at, reply.retry_after, random.random)
        given_up += not done and due_at is None
        came = {"status": reply.status, "error": reply.error[:200], "due_at": due_at}
        came |= {"delivered_at": at} if done else {}
        session.execute(update(Delivery).where(col(Delivery.id) == row.id).values(**came))
    count_given_up(session, webhook_id, given_up)
    hook = session.get(Webhook, webhook_id)
    if hook is not None:
        if not reached and is_to_be_told(hook, at):
            _, last = replies[-1]
            said = {"since": hook.failing_since or at, "status": last.status, "error": last.error}
            log.warning("webhook_failing", extra={"webhook": webhook_id, **said})
        hook.failing_since = None if reached else hook.failing_since or at
        if because := _hopeless(hook, at, replies):
            hook.disabled_at, hook.disabled_because = at, because
            log.warning("webhook_disabled", extra={"webhook": webhook_id, "because": because})


def _is_delivered(reply: "Reply") -> bool:
    return reply.status is not None and 200 <= reply.status < 300


def _hopeless(hook: Webhook, at: datetime, replies: Sequence[tuple[Delivery, "Reply"]]) -> str | None:
    statuses = {reply.status for _, reply in replies}
    if GONE in statuses:
        return "it answered 410 Gone"
    if NOT_FOUND in statuses and hook.format != STANDARD:
        return "it answered 404 Not Found"
    if hook.failing_since and at - hook.failing_since >= DISABLED_AFTER:
        return "it failed for five days"
    return None


class Deliverer:
    """Looks each second for what is due. Any number of processes may do so on one database."""

    def __init__(
        self,
        db: Database,
        allowed: "Networks",
        clock: Callable[[], datetime] = now,
        waiting_most: int = WAITING_MOST,
        service: str | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        """`service` is the public address, which a chat's links begin with."""
        self._tracing = tracing
        self._db, self._sender, self._clock = db, Sender(allowed), clock
        self._service = service.rstrip("/") if service else None
        self.backlog = Backlog(db, waiting_most, clock())
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._on_its_way = 0  # requests
        self._resting: dict[int, datetime] = {}  # until when
        self._more = asyncio.Event()
        self._turns = Turns("webhooks_not_read")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def close(self) -> None:
        """Let what is on its way arrive for a moment; the rest is due again when its lease is over."""
        if self._task:
            self._task.cancel()
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=CLOSE_S)
        for task in filter(None, [self._task, *self._busy.values()]):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._sender.close()

    async def _run(self) -> None:
        while True:
            await self._turns.take(self.turn)
            await wait_at_most(POLL_S, self._more)
            self._more.clear()

    async def turn(self) -> None:
        """Start to deliver what is due now."""
        at = self._clock()
        await self.backlog.turn(at)
        self._resting = {number: until for number, until in self._resting.items() if until > at}
        busy, most = [*self._busy, *self._resting], AT_ONCE_IN_ALL - self._on_its_way
        if not most or not await self._db.read(lambda session: session.exec(ready(at, busy).limit(1)).first()):
            return
        for hook, rows in await self._db.write(lambda session: claim(session, at, busy, most)):
            self._on_its_way += len(rows)
            self._busy[hook.id or 0] = asyncio.create_task(self._deliver(hook, rows))

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    async def _texts(self, hook: Webhook, rows: Sequence[Delivery]) -> Mapping[UUID, str]:
        """What is sent instead of what the outbox holds, by the id of the delivery."""
        if texts.is_plain(hook):
            return {}
        return await self._db.read(lambda session: texts.bodies(session, hook, rows, self._service))

    def _traces(self, rows: Sequence[Delivery]) -> contextlib.AbstractContextManager[Sequence[str | None]]:
        """The trace that each passes on: that of the request it comes from, or of a span within."""
        if self._tracing is None:
            return contextlib.nullcontext([row.trace for row in rows])
        return self._tracing.sending([(row.type, row.trace) for row in rows])

    async def _deliver(self, hook: Webhook, rows: Sequence[Delivery]) -> None:
        number, at = hook.id or 0, self._clock()
        try:
            written = await self._texts(hook, rows)
            with self._traces(rows) as traces:
                replies = await self._sender.post(
                    hook.url, [_message(hook, row, written, at, trace) for row, trace in zip(rows, traces, strict=True)]
                )
            pairs, at = list(zip(rows, replies, strict=True)), self._clock()
            if pause := rest(replies):
                self._resting[number] = at + pause
            await self._db.write(lambda session: settle(session, number, at, pairs))
        except Exception as error:  # they are due again when the lease is over
            log.error("webhook_not_settled", extra={"webhook": number, "error": type(error).__name__})
        finally:
            self._on_its_way -= len(rows)
            del self._busy[number]
            self._more.set()


def _message(hook: Webhook, row: Delivery, written: Mapping[UUID, str], at: datetime, trace: str | None) -> "Message":
    body = written.get(row.id, row.body)
    secrets = [hook.secret]
    if hook.former_secret and hook.former_until and hook.former_until > at:
        secrets.append(hook.former_secret)
    said = headers(secrets, str(row.id), int(at.timestamp()), body)
    said |= {"content-type": "application/json", "user-agent": "Touchstone"}
    said |= {"traceparent": trace} if trace else {}
    return body.encode(), said
