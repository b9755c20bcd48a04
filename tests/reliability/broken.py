"""Broken variants of the server, for the controls: a proof that cannot fail proves nothing.

BROKEN=blind python -m tests.reliability.broken serve ...
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app import cli, descriptors, http_protocol, postgres, retries, sqlite_open
from app.cli import server
from app.db import core
from app.ingest import store
from app.ingest.writer import Writer
from app.mail import delivery, mailer
from app.mail.smtp import Outcome
from app.monitoring import watch
from app.scores import backfill, segment_folding
from app.uploads import importing, kept
from app.webhooks import deliver


def blind() -> None:
    """Count what was sent, not what the INSERT gave back."""

    def insert(session: Any, first: dict[Any, Any], insert: Any = store._insert) -> set[Any]:
        insert(session, first)
        return set(first)

    store._insert = insert


def hasty() -> None:
    """Acknowledge when an answer waits for its commit, not after it."""
    submit, waiting = Writer.submit, set[asyncio.Task[Any]]()

    async def at_once(self: Writer, answers: Sequence[Any]) -> list[store.Outcome]:
        waiting.add(asyncio.create_task(submit(self, answers)))
        return [store.Outcome(store.CREATED, answer) for answer in answers]

    Writer.submit = at_once  # type: ignore[method-assign]


def unbounded() -> None:
    """Let any number of answers wait."""
    init = Writer.__init__

    def endless(self: Writer, database: Any, _queue_size: int, *more: Any) -> None:
        init(self, database, sys.maxsize, *more)

    Writer.__init__ = endless  # type: ignore[method-assign]


def forgetful() -> None:
    """PostgreSQL acknowledges a commit before it is on the disk."""
    engine = postgres.create_async_engine

    def create(url: Any, *, connect_args: dict[str, Any], **options: Any) -> Any:
        connect_args["server_settings"]["synchronous_commit"] = "off"
        return engine(url, connect_args=connect_args, **options)

    postgres.create_async_engine = create


def unsynced() -> None:
    """SQLite acknowledges a commit before it is on the disk."""
    listens_for = sqlite_open.event.listens_for

    def listen(target: Any, name: str) -> Any:
        def register(function: Any) -> Any:
            def then(connection: Any, record: Any) -> None:
                function(connection, record)
                connection.execute("PRAGMA synchronous=OFF")

            return listens_for(target, name)(then if name == "connect" else function)

        return register

    class Event:
        listens_for = staticmethod(listen)

    sqlite_open.event = Event  # type: ignore[assignment]


def impatient() -> None:
    """Whole, but what a killed process left undone is taken up after seconds instead of up to two minutes."""
    deliver.LEASE, retries.SCHEDULE = timedelta(seconds=1), (timedelta(seconds=1),) * 60
    delivery.LEASE, mailer.ENOUGH = timedelta(seconds=2), timedelta(seconds=1)
    kept.LEASE, importing.SEEN_S, importing.POLL_S = timedelta(seconds=3), 0.5, 1.0


def unsent() -> None:
    """Take mails for sent as soon as somebody has claimed them."""
    impatient()

    def claim(session: Any, at: Any, claim: Any = delivery.claim) -> Any:
        numbers = claim(session, at)
        for number in numbers:
            delivery.settle(session, number, at, Outcome("sent"), ())
        return numbers

    delivery.claim = claim


def careless() -> None:
    """Take events out of the outbox before they have arrived, over a network that takes a moment."""
    impatient()
    taken, post = deliver._taken, deliver.Sender.post

    def forgotten(*claimed: Any) -> list[Any]:
        rows = taken(*claimed)
        for row in rows:
            row.due_at = None
        return rows

    async def slowly(self: deliver.Sender, *said: Any) -> Any:
        await asyncio.sleep(0.1)
        return await post(self, *said)

    deliver._taken = forgotten
    deliver.Sender.post = slowly  # type: ignore[method-assign]


def hurried() -> None:
    """Whole, but requests have a second or two to come in instead of half a minute."""
    http_protocol.HEAD_S, http_protocol.BODY_S = 1.0, 2.0


def boundless() -> None:
    """uvicorn's own protocol, and as many descriptors as there are by default."""
    server.http_protocol = lambda: "httptools"
    descriptors.raise_limit = lambda: None


def one_at_a_time() -> None:
    """Whole, but the monitoring looks at each touchpoint by itself, so that it can be killed in between."""
    watch.fleet.PAGE = 1
    judge = watch.levels.judge

    def slowly(*said: Any) -> Any:
        time.sleep(0.3)
        return judge(*said)

    watch.levels.judge = slowly


def untied() -> None:
    """SQLite keeps what a backfill has counted before, and apart from, how far it has come."""
    add_up = backfill.splits.add_up

    def kept(session: Any, *said: Any) -> None:
        add_up(session, *said)
        core(session).exec_driver_sql("COMMIT")
        time.sleep(0.5)
        core(session).exec_driver_sql("BEGIN IMMEDIATE")

    backfill.splits.add_up = kept


def parted() -> None:
    """SQLite takes away what waits to be counted by segment before, and apart from, adding it up."""
    delete = segment_folding.segment_pending.delete

    def gone(session: Any, rows: Any) -> None:
        delete(session, rows)
        core(session).exec_driver_sql("COMMIT")
        time.sleep(0.5)
        core(session).exec_driver_sql("BEGIN IMMEDIATE")

    segment_folding.segment_pending.delete = gone


_ALL = (
    *(blind, unsent, hasty, unbounded, forgetful, unsynced, impatient),
    *(careless, hurried, boundless, one_at_a_time, untied, parted),
)
VARIANTS = {variant.__name__: variant for variant in _ALL}


def main(arguments: Sequence[str]) -> None:
    """The command `touchstone`, broken as BROKEN says, or whole when that is empty."""
    if name := os.environ["BROKEN"]:
        VARIANTS[name]()
    sys.argv = ["touchstone", *arguments]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
