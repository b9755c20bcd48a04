"""The service looks by itself, after each hour has closed."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlmodel import Session

from app.db import Database
from app.logs import log
from app.models import now
from app.monitoring import lease, watch
from app.monitoring.lease import Lease, LeaseLost
from app.monitoring.memory import Memory
from app.turns import Turns

# Of its own: a test that draws hypotheses from the one of the module takes every other draw from it for a fault.
_DICE = random.Random()  # noqa: S311 - so that processes take turns
FIRST_S, POLL_S = 60.0, 20.0  # a service that starts has other things to do; who died is found so late


class Hourly:
    """Asks now and then whether a look is due. Any number of processes may do so on one database."""

    def __init__(self, db: Database, clock: Callable[[], datetime] = now) -> None:
        self._db, self._clock = db, clock
        self._lease = Lease(str(uuid4()))
        self._memory = Memory()
        self._turns = Turns("monitoring_failed")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="monitoring")

    async def close(self) -> None:
        """Stop; a look that was not over is made again by whoever comes next."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_S)
        while True:
            await self._turns.take(self.turn)
            await asyncio.sleep(POLL_S * _DICE.uniform(0.5, 1.5))

    async def turn(self) -> bool:
        """Look if it is due and nobody else does; whether this process has looked."""
        at = self._clock()
        if not lease.is_due(await self._db.glance(lease.read), at):
            return False
        if not await self._db.write(lambda session: self._lease.take(session, at)):
            return False
        started = time.monotonic()
        try:
            report = await watch.once(self._db, at, self._memory, renew=self._renew)
        except LeaseLost:
            log.warning("monitoring_taken_over")
            return False
        await self._db.write(lambda session: self._lease.give_back(session, at, report.noted()))
        log.info("monitoring_looked", extra={**report.summary(), "seconds": round(time.monotonic() - started, 2)})
        return True

    def _renew(self, session: Session) -> None:
        self._lease.keep(session, self._clock())
