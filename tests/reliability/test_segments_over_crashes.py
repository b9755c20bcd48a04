"""What waits to be counted by segment when a process is killed is counted once, by whoever comes next."""

import asyncio
import json
import random

from sqlalchemy import text
from sqlmodel import Session

from app.db import Database, open_database
from tests.reliability.conftest import both
from tests.reliability.load import KEY, Connection, Told, clients
from tests.reliability.report import report
from tests.reliability.server import Server
from tests.reliability.truth import truth

KILLS, CLIENTS = 4, 32
_WAITING = text("SELECT count(*) FROM segment_pending")


async def waiting(db: Database) -> int:
    """How many rows of changes wait."""

    def work(session: Session) -> int:
        return int(session.connection().execute(_WAITING).scalar_one())

    return await db.read(work)


async def split(server: Server) -> None:
    """A server whose touchpoint has two keys, before the first answer."""
    server.start()
    await server.ready()
    connection = Connection(server.port)
    body = json.dumps({"key": KEY, "segments": ["store", "plan"]}).encode()
    status, _, content = await connection.ask("POST", "/v1/touchpoints", body)
    connection.close()
    assert status == 201, content


async def killed_while_some_wait(server: Server, db: Database) -> int:
    """Kill it at a moment when changes wait; how many rows were left."""
    async with asyncio.timeout(60):
        await asyncio.sleep(1)
        while True:
            while not await waiting(db):  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.005)
            await asyncio.sleep(random.uniform(0, 0.4))
            if await waiting(db):
                server.kill()
                return await waiting(db)


@both
async def test_what_waits_to_be_counted_by_segment_is_counted_once_whoever_is_killed(serve, own_url, kind):
    server, db, told, stop = serve(own_url), open_database(own_url), Told(), asyncio.Event()
    await split(server)
    load = asyncio.create_task(clients(server.port, told, stop, number=CLIENTS))
    left: list[int] = []
    for _ in range(KILLS):
        left.append(await killed_while_some_wait(server, db))
        server.start()
        await server.ready()
    stop.set()
    await load
    server.stop()
    found, after = await truth(own_url), await waiting(db)
    await db.close()
    wrong = found.missing(told) + found.doubled(told)
    figure = (
        f"{len(told.acknowledged)} answers, killed {KILLS} times with {left} rows waiting: {after} wait in the end, "
        f"{found.drift} counts differ, {wrong} wrong"
    )
    holds = any(left) and len(told.acknowledged) > 200 and not (after or found.drift or wrong)
    report(f"counts by segment that wait, killed, {kind}", figure, "0, 0 and 0", holds=holds)


async def test_changes_taken_away_apart_from_being_added_are_lost_when_killed(serve, sqlite_url):
    server, db, told, stop = serve(sqlite_url, broken="parted"), open_database(sqlite_url), Told(), asyncio.Event()
    await split(server)
    load = asyncio.create_task(clients(server.port, told, stop, number=CLIENTS))
    async with asyncio.timeout(60):
        while not await waiting(db):  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.005)
        while await waiting(db):  # noqa: ASYNC110 - until they are gone, and not yet added
            await asyncio.sleep(0.005)
    server.kill()
    stop.set()
    await load
    found = await truth(sqlite_url)
    await db.close()
    assert found.drift > 0, "the control did not fail: the proof proves nothing"
