"""Sends what is due: each letter by one process at a time, and again until the server has it or says never."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from app.background_loop import BackgroundLoop
from app.db import Database
from app.logs import log
from app.mail import delivery, digests
from app.mail.compose import Sender
from app.models import now
from app.turns import Turns, wait_at_most

if TYPE_CHECKING:
    from app.mail.smtp import Connection, Outcome, Server

ENOUGH = timedelta(minutes=8)  # of the lease, to begin another letter: one takes 7 at most (smtp.py)
REST = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300))  # after each time in a row that no server was there
POLL_S, CLOSE_S = 1.0, 2.0
CLEAN_EACH, TOLD_EACH = timedelta(days=1), timedelta(hours=1)


class Mailer:
    """Looks each second for what is due. Any number of processes may do so on one database."""

    def __init__(self, db: Database, to: "Server", sender: Sender, clock: Callable[[], datetime] = now) -> None:
        self._db, self._to, self._sender, self._clock = db, to, sender, clock
        self._loop = BackgroundLoop("mail")
        self._unreached, self._rests_until = 0, clock()
        self._tells_at = self._cleans_at = clock()
        self._over = asyncio.Event()
        self._turns = Turns("mail_not_read")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="mail")

    async def close(self) -> None:
        """The letter on its way has a moment to arrive; else it is due again when its lease is over."""
        self._over.set()
        if self._task:
            await asyncio.wait([self._task], timeout=CLOSE_S)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._loop.close()

    async def _run(self) -> None:
        while not self._over.is_set():
            await self._turns.take(self.turn)
            await wait_at_most(POLL_S, self._over)

    async def turn(self) -> None:
        """Write the digests that are due, and send what there is to send."""
        at = self._clock()
        if await self._db.read(lambda session: digests.is_any_due(session, at)):
            await self._db.write(lambda session: digests.put_due(session, at))
        if at >= self._cleans_at:
            await self._db.write(lambda session: delivery.clean(session, at))
            self._cleans_at = at + CLEAN_EACH
        if at >= self._rests_until and await self._db.read(lambda session: delivery.is_any_due(session, at)):
            await self._send(await self._db.write(lambda session: delivery.claim(session, at)), at + delivery.LEASE)

    async def _send(self, claimed: list[UUID], lease: datetime) -> None:
        from app.mail.smtp import Connection  # brings the SMTP client, which nobody waits for at the start

        connection, why = Connection(self._to), ""
        try:
            while claimed and not why and self._clock() < lease - ENOUGH and not self._over.is_set():
                outcome = await self._one(connection, claimed[0])
                if outcome.state == "unreachable":
                    why = outcome.said
                else:
                    del claimed[0]
        finally:
            await self._loop.run(connection.close)
        self._note(why)
        if claimed:
            at, rest = self._clock(), self._rests_until - self._clock()
            await self._db.write(lambda session: delivery.give_back(session, claimed, at, rest, why))

    async def _one(self, connection: "Connection", number: UUID) -> "Outcome":
        """Write one letter, send it, and settle it unless there was no server."""
        outcome = await self._tried(connection, number)
        if outcome.state != "unreachable":
            await self._settle(number, outcome)
        return outcome

    async def _settle(self, number: UUID, outcome: "Outcome") -> None:
        """Written down even if the database is away for a while: what is sent and not settled is sent again."""
        at, secrets = self._clock(), self._sender.secrets
        while True:
            try:
                return await self._db.write(lambda session: delivery.settle(session, number, at, outcome, secrets))
            except Exception:
                if self._over.is_set() or self._clock() > at + ENOUGH:
                    raise
                await asyncio.sleep(POLL_S)

    async def _tried(self, connection: "Connection", number: UUID) -> "Outcome":
        from app.mail.smtp import Outcome

        try:
            letter = await self._db.read(lambda session: self._sender.written(session, number, self._clock()))
        except Exception as error:  # of this letter; if it is the database, settling fails as well
            log.error("mail_not_written", extra={"letter": str(number), "error": type(error).__name__})
            return Outcome("later", "it could not be written")
        if isinstance(letter, str):
            return Outcome("dropped", letter)
        return await self._loop.run(lambda: connection.send(letter.sender, letter.to, letter.message()))

    def _note(self, why: str) -> None:
        """Whether the server was there: how long it is left alone, and what the log says of it."""
        at = self._clock()
        self._unreached = self._unreached + 1 if why else 0
        self._rests_until = at + REST[min(self._unreached, len(REST)) - 1] if why else at
        if why and at >= self._tells_at:
            log.warning("mail_server_unreachable", extra={"host": self._to.host, "port": self._to.port, "error": why})
            self._tells_at = at + TOLD_EACH
