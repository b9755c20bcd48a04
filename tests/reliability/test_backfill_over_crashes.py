"""A key declared when answers are there already is counted to the end by itself, whatever is killed on the way."""

import asyncio
import json
import random
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlmodel import Session

from app.db import Database, open_database
from app.ids import uuid7
from tests.reliability.conftest import both
from tests.reliability.forked import Forked
from tests.reliability.load import KEY, Connection, Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server
from tests.reliability.truth import truth

OLDER, KILLS = 12_000, 3
# One statement, so one moment: how many answers the split says it has counted, how many its segments hold, whether
# older ones are left.
_PROGRESS = text(
    "SELECT counted, (SELECT coalesce(sum(n), 0) FROM segment_rollup WHERE grain = 'total'), upto IS NULL FROM split"
)


async def progress(db: Database) -> tuple[int, int, bool]:
    def work(session: Session) -> tuple[int, int, bool]:
        noted, held, complete = session.connection().execute(_PROGRESS).one()
        return int(noted), int(held), bool(complete)

    return await db.read(work)


async def fill(connection: Connection, answers: int) -> dict[UUID, int]:
    """So many answers of seven stores, stored before any key is declared; ratings by id.

    Half of their ids lie above those that are made now and half anywhere, so of the answers that come during the
    backfill some are folded as they come and others are found on its way up.
    """
    sent: dict[UUID, int] = {}
    for _ in range(answers // 1000):
        some = {(uuid4() if number % 2 else uuid7()): 1 + number % 5 for number in range(1000)}
        items = [
            {"touchpoint": KEY, "id": str(number), "rating": rating, "context": {"store": f"s{number.int % 7}"}}
            for number, rating in some.items()
        ]
        _, _, content = await connection.ask("POST", "/v1/feedback/batch", json.dumps({"items": items}).encode())
        assert json.loads(content)["created"] == len(items), content
        sent |= some
    return sent


async def declared(server: Server, answers: int) -> Told:
    """A server with older answers that has just been told to count them by store."""
    server.start()
    await server.ready()
    await register(server.port)
    connection = Connection(server.port)
    sent = await fill(connection, answers)
    status, _, content = await connection.ask("PATCH", f"/v1/touchpoints/{KEY}", b'{"segments": ["store"]}')
    connection.close()
    assert status == 200, content
    return Told(sent=dict(sent), acknowledged=set(sent))


async def again(server: Server) -> None:
    server.kill()
    server.start()
    await server.ready()


async def finished(db: Database) -> None:
    async with asyncio.timeout(60):
        while not (await progress(db))[2]:  # noqa: ASYNC110 - another process counts
            await asyncio.sleep(0.05)


async def verified(server: Server) -> int:
    """The exit code of `touchstone rollup verify`."""
    command = Forked(["rollup", "verify"], dict(server.environment), server.log)
    return await asyncio.to_thread(command.wait, 60)


@both
async def test_a_backfill_killed_halfway_goes_on_by_itself_and_the_counts_equal_the_rows(serve, own_url, kind):
    server, db, stop = serve(own_url), open_database(own_url), asyncio.Event()
    told = await declared(server, OLDER)
    load = asyncio.create_task(clients(server.port, told, stop, number=4))
    killed_at: list[int] = []
    for kill in range(1, KILLS + 1):
        async with asyncio.timeout(30):
            while (await progress(db))[0] < OLDER * kill / (KILLS + 1):  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.01)
        await asyncio.sleep(random.uniform(0, 0.05))
        await again(server)
        killed_at.append((await progress(db))[0])
    await finished(db)
    stop.set()
    await load
    server.stop()
    await db.close()
    code, found = await verified(server), await truth(own_url)
    new = len(told.acknowledged) - OLDER
    wrong = found.missing(told) + found.doubled(told)
    halfway = sum(0 < at < OLDER for at in killed_at)
    figure = (
        f"{OLDER} older and {new} new answers, killed when {killed_at} were counted: "
        f"{found.drift} counts differ, {wrong} wrong, rollup verify exits {code}"
    )
    holds = halfway == KILLS and new > 100 and not (found.drift or wrong or code)
    report(f"backfill killed halfway, {kind}", figure, "0, 0 and 0", holds=holds)


async def test_a_backfill_that_notes_its_progress_apart_counts_twice_when_killed(serve, sqlite_url):
    server, db = serve(sqlite_url, broken="untied"), open_database(sqlite_url)
    await declared(server, 2000)
    async with asyncio.timeout(30):
        while (found := await progress(db))[0] == found[1]:  # noqa: ASYNC110 - until the two are seen apart
            await asyncio.sleep(0.01)
    await again(server)
    await finished(db)
    server.stop()
    await db.close()
    assert await verified(server) == 1, "the control did not fail: the proof proves nothing"
