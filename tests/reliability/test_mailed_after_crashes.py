"""kill -9 while mails go out: each arrives, and only one that was on its way at that moment may come twice."""

import asyncio
import json
import random
import sqlite3
from collections import Counter

from tests.mail.conftest import Mailbox, MailServer
from tests.reliability.load import Connection
from tests.reliability.report import report
from tests.reliability.server import Server

PEOPLE, KILLS = 40, 4


async def invite(port: int, number: int) -> None:
    connection = Connection(port)
    body = json.dumps({"email": f"p{number}@lindhoej.example"}).encode()
    status, _, content = await connection.ask("POST", "/v1/subscribers", body)
    connection.close()
    assert status == 201, content


def waiting(url: str) -> int:
    database = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), timeout=10)
    ((found,),) = database.execute("SELECT count(*) FROM letter WHERE due_at IS NOT NULL").fetchall()
    database.close()
    return int(found)


async def mailed(server: Server) -> None:
    """Invite PEOPLE, kill the server now and then while it mails, and wait until nothing waits."""
    server.start()
    await server.ready()
    for number in range(PEOPLE):
        await invite(server.port, number)
        if number % (PEOPLE // KILLS) == PEOPLE // KILLS - 1:
            await asyncio.sleep(random.uniform(0.2, 0.9))
            server.kill()
            server.start()
            await server.ready()
    async with asyncio.timeout(60):
        while await asyncio.to_thread(waiting, server.url):  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(0.1)
    server.stop()


async def test_four_kills_lose_no_mail_and_double_only_what_was_on_its_way(serve, sqlite_url):
    box = Mailbox(slow_s=0.05)
    smtp = MailServer(box)
    smtp.start()
    settings = {"SMTP_URL": f"smtp://127.0.0.1:{smtp.port}", "MAIL_FROM": "a@lindhoej.example"}
    await mailed(serve(sqlite_url, broken="impatient", **settings))
    smtp.stop()
    came = Counter(mail["Message-ID"] for mail in box.mails)
    missing, again = PEOPLE - len({mail["To"] for mail in box.mails}), sum(n - 1 for n in came.values())
    figure = f"{PEOPLE} mails, {missing} missing, {again} twice with the same Message-ID ({KILLS} kills)"
    report("mails and kill -9", figure, "0 missing, at most 1 twice per kill", holds=not missing and again <= KILLS)
    assert len(came) == PEOPLE
