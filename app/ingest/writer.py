"""Group commit: many requests wait here together for one commit, and while it runs the next batch gathers."""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import attrgetter

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.db import Database
from app.errors import Code, Problem, unavailable
from app.ingest.channels import Answer
from app.ingest.store import REFUSED, Outcome, store
from app.logs import log, said_by
from app.metrics import Metrics
from app.outage import outage
from app.sql import is_data_fault
from app.tracing import Tracing

BATCH_MAX = 1000
# While one batch is committed, the next one's turn is already asked for: the database goes on without waiting for an
# event loop that is busy reading requests. What is in that batch is settled when its turn comes.
IN_FLIGHT = 2
STORE_S = 10.0  # PostgreSQL, which can be given up: it waits 3 s for a lock and takes less for the rest, or hangs

_came_and_became = attrgetter("answer.source", "status")


@dataclass(slots=True)
class _Waiting:
    answers: Sequence[Answer]
    done: asyncio.Future[list[Outcome]]
    since: float = field(default_factory=time.monotonic)
    begun: float | None = None  # when its batch was, where that is traced


class Writer:
    """The bounded queue in front of `store`. A caller goes on after the commit that holds its answers, never before."""

    def __init__(
        self,
        db: Database,
        queue_size: int,
        settle_seconds: float,
        metrics: Metrics,
        tracing: Tracing | None = None,
    ) -> None:
        self._metrics, self._tracing = metrics, tracing
        self._db, self.queue_size, self._settling = db, queue_size, timedelta(seconds=settle_seconds)
        self._queue: deque[_Waiting] = deque()
        self.depth = 0
        self._wake = asyncio.Event()
        self._closing = False
        self._gathering = threading.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._in_flight: list[list[_Waiting]] = []
        self._limit_s = STORE_S if db.dialect == "postgresql" else None
        self._failed_at = float("-inf")

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(), name=f"writer-{number}") for number in range(IN_FLIGHT)]

    async def submit(self, answers: Sequence[Answer]) -> list[Outcome]:
        """Store `answers`; returns after their commit.

        Problem overloaded when the queue is full, database_unavailable when nothing could be stored.
        """
        if self._closing or (self.depth and self.depth + len(answers) > self.queue_size):
            raise Problem(Code.OVERLOADED, "Too many answers are waiting; send this one again.", retry_after=1)
        waiting = _Waiting(answers, asyncio.get_running_loop().create_future())
        self.depth += len(answers)
        self._queue.append(waiting)
        self._wake.set()
        return await (waiting.done if self._tracing is None else self._traced(waiting, self._tracing))

    async def _traced(self, waiting: _Waiting, tracing: Tracing) -> list[Outcome]:
        trace = tracing.here()
        for answer in waiting.answers:
            answer.trace = trace
        try:
            return await waiting.done
        finally:
            tracing.stored(waiting.since, waiting.begun)

    def oldest_s(self) -> float:
        """For how many seconds the oldest answer has been waiting that is neither stored nor refused."""
        since = [waiting.since for batch in (*self._in_flight, [*self._queue][:1]) for waiting in batch[:1]]
        return time.monotonic() - min(since) if since else 0.0

    def failed_s(self) -> float:
        """Seconds since a batch could not be stored, infinite when one was stored after it."""
        return time.monotonic() - self._failed_at

    async def close(self) -> None:
        """Take nothing more, store what waits, stop."""
        self._closing = True
        self._wake.set()
        await asyncio.gather(*self._tasks)

    async def _run(self) -> None:
        while not (self._closing and not self._queue):
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._commit()

    def _gather(self) -> list[_Waiting]:
        """The next batch; called by whichever thread writes."""
        batch: list[_Waiting] = []
        size = 0
        with self._gathering:
            while self._queue and (not batch or size + len(self._queue[0].answers) <= BATCH_MAX):
                batch.append(self._queue.popleft())
                size += len(batch[-1].answers)
        return batch

    async def _commit(self, only: list[_Waiting] | None = None) -> None:
        batch, begun = only or [], 0.0

        def work(session: Session) -> list[Outcome]:
            nonlocal begun
            batch.extend(() if batch else self._gather())  # after a deadlock this is tried again
            begun = time.monotonic()
            if self._tracing:
                for waiting in batch:
                    waiting.begun = begun
            return store(session, [answer for waiting in batch for answer in waiting.answers], self._settling)

        self._in_flight.append(batch)
        try:
            async with asyncio.timeout(self._limit_s):
                outcomes = await self._db.write(work)
        except Exception as error:
            if batch and (isinstance(error, Problem) or is_data_fault(error)):
                return await self._halves(batch, error)
            batch.extend(() if batch else self._gather())  # no connection, no turn: they hear of it all the same
            self._failed_at = time.monotonic()
            if isinstance(error, SQLAlchemyError | OSError | TimeoutError):
                outage.failed(error)
                error = unavailable()
            else:
                log.error("batch_not_stored", exc_info=error, extra={"answers": _size(batch)})
            _refuse(batch, error)
        else:
            self._failed_at = float("-inf")
            outage.worked()
            if outcomes:  # a turn may find that the one before has taken all
                self._metrics.committed(Counter(map(_came_and_became, outcomes)), time.monotonic() - begun)
            _answer(batch, outcomes)
        finally:
            self._in_flight = [other for other in self._in_flight if other is not batch]
            self.depth -= _size(batch)

    async def _halves(self, batch: list[_Waiting], error: Exception) -> None:
        """Something in the batch cannot be stored: its neighbours must not pay for it, and are stored in halves."""
        if _size(batch) == 1:
            log.error("answer_not_stored", extra={"error": said_by(error)})
            return _refuse(batch, error)
        parts = batch if len(batch) > 1 else _parts(batch[0])
        for half in (parts[: len(parts) // 2], parts[len(parts) // 2 :]):
            self.depth += _size(half)
            await self._commit(half)
        if parts is not batch:
            _join(batch[0], parts)
        return None


def _size(batch: list[_Waiting]) -> int:
    return sum(len(waiting.answers) for waiting in batch)


def _parts(waiting: _Waiting) -> list[_Waiting]:
    """The answers of one request, as two that wait for themselves."""
    half, loop = len(waiting.answers) // 2, asyncio.get_running_loop()
    return [_Waiting(some, loop.create_future()) for some in (waiting.answers[:half], waiting.answers[half:])]


def _join(waiting: _Waiting, parts: list[_Waiting]) -> None:
    """Hand over what became of the parts of a request: an answer that cannot be stored is refused alone."""
    outcomes: list[Outcome] = []
    for part in parts:
        error = part.done.exception()
        if error is None:
            outcomes += part.done.result()
        elif isinstance(error, Exception) and is_data_fault(error):
            outcomes += [Outcome(REFUSED, answer) for answer in part.answers]
        else:
            return waiting.done.set_exception(error) if not waiting.done.done() else None
    return waiting.done.set_result(outcomes) if not waiting.done.done() else None


def _answer(batch: list[_Waiting], outcomes: list[Outcome]) -> None:
    at = 0
    for waiting in batch:
        if not waiting.done.done():  # a waiter may be gone; its answer is stored all the same
            waiting.done.set_result(outcomes[at : at + len(waiting.answers)])
        at += len(waiting.answers)


def _refuse(batch: list[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.done.done():
            waiting.done.set_exception(error)
