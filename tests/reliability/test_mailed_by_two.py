"""Digests that fell due while nothing ran, and two processes that start at once: each person gets one letter."""

import asyncio
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.db import open_database
from app.models import Letter, Subscriber, now
from tests.mail.conftest import Mailbox, MailServer
from tests.reliability.conftest import both
from tests.reliability.report import report

PEOPLE, WEEKS = 40, 3


def confirmed(session: Session) -> None:
    """People who confirmed weeks ago and were to get a digest since, several times."""
    long_ago = now() - timedelta(weeks=WEEKS + 2)
    for number in range(PEOPLE):
        row = Subscriber(
            email=f"p{number}@lindhoej.example",
            language="en",
            timezone="Europe/Berlin",
            base="https://feedback.lindhoej.example",
            created_by="test",
            created_at=long_ago,
            confirmed_at=long_ago,
            digest="weekly",
            digest_at=now() - timedelta(weeks=WEEKS),
        )
        session.add(row)


def waiting(session: Session) -> int:
    due = select(func.count()).select_from(Letter).where(col(Letter.due_at).is_not(None))
    late = select(func.count()).select_from(Subscriber).where(col(Subscriber.digest_at) <= now())
    # In this order: who was late has a letter next, and would be counted by neither the other way round.
    return int(session.exec(late).one() + session.exec(due).one())


@both
async def test_weeks_without_a_service_make_one_letter_each_though_two_processes_begin_to_send_at_once(
    serve, own_url, kind
):
    box = Mailbox(slow_s=0.02)
    smtp = MailServer(box)
    smtp.start()
    settings = {"SMTP_URL": f"smtp://127.0.0.1:{smtp.port}", "MAIL_FROM": "a@lindhoej.example"}
    first = serve(own_url)
    first.start()  # migrates
    await first.ready()
    first.stop()
    db = open_database(own_url)
    await db.write(confirmed)
    both_of_them = [serve(own_url, **settings) for _ in range(2)]
    for server in both_of_them:
        server.start()
    await asyncio.gather(*(server.ready() for server in both_of_them))
    async with asyncio.timeout(60):
        while await db.read(waiting):  # noqa: ASYNC110 - other processes send
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)  # one more look of each
    for server in both_of_them:
        server.stop()
    smtp.stop()
    await db.close()
    came = [to for to, _ in box.seen]
    figure = f"{len(came)} letters to {len(set(came))} of {PEOPLE}, after {WEEKS} weeks without a service"
    holds = len(came) == len(set(came)) == PEOPLE
    report(f"digests of two processes, {kind}", figure, "one letter each", holds=holds)
