"""Each answer that is stored is told, whatever is killed; none is told that is not stored."""

import asyncio
import json
import random
import sqlite3
from uuid import UUID

from tests.reliability.load import Connection, Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server
from tests.webhooks.conftest import Receiver, receiver  # noqa: F401 - a fixture

KILLS = 8
CHAT_EACH, CHAT_KILLS = 12, 2
NETWORK = {"WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8"}


async def subscribe(port: int, url: str, form: str = "standard") -> None:
    connection = Connection(port)
    wanted = json.dumps({"url": url, "events": ["feedback.created"], "format": form}).encode()
    status, _, content = await connection.ask("POST", "/v1/webhooks", wanted)
    connection.close()
    assert status == 201, content


def stored(url: str) -> tuple[set[UUID], int]:
    """The ids of all answers, and how many events wait."""
    database = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"), timeout=10)
    ids = {UUID(number) for (number,) in database.execute("SELECT id FROM feedback")}
    ((waiting,),) = database.execute("SELECT count(*) FROM delivery WHERE due_at IS NOT NULL").fetchall()
    database.close()
    return ids, waiting


async def killed_while_it_tells(server: Server, hearing: Receiver) -> tuple[set[UUID], set[UUID]]:
    """Kill -9 a server that takes and delivers; the answers stored, and those that the receiver was told of."""
    server.start()
    await server.ready()
    await register(server.port)
    await subscribe(server.port, hearing.url)
    stop = asyncio.Event()
    load = asyncio.create_task(clients(server.port, Told(), stop, number=4, most=400))
    for _ in range(KILLS):
        await asyncio.sleep(random.uniform(0.3, 0.7))
        server.kill()
        server.start()
        await server.ready()
    await load
    async with asyncio.timeout(90):
        while (await asyncio.to_thread(stored, server.url))[1]:  # noqa: ASYNC110 - another process empties it
            await asyncio.sleep(0.1)
    server.stop()
    return stored(server.url)[0], {UUID(event["data"]["id"]) for event in hearing.events}


async def test_eight_kills_leave_no_event_untold(serve, sqlite_url, receiver):  # noqa: F811
    there, told = await killed_while_it_tells(serve(sqlite_url, broken="impatient", **NETWORK), receiver)
    ids = [headers["webhook-id"] for headers, _ in receiver.seen]
    missing, untrue, again = len(there - told), len(told - there), len(ids) - len(set(ids))
    assert len(there) > 300
    figure = (
        f"{len(there)} stored, {missing} untold, {untrue} untrue, {again} told again under the same id ({KILLS} kills)"
    )
    report("webhooks and kill -9", figure, "0 untold, 0 untrue", holds=not missing and not untrue)


async def test_events_that_are_forgotten_before_they_arrive_are_lost_when_killed(serve, sqlite_url, receiver):  # noqa: F811
    there, told = await killed_while_it_tells(serve(sqlite_url, broken="careless", **NETWORK), receiver)
    assert there - told, "the control did not fail: the proof proves nothing"


async def test_a_chat_is_told_of_each_answer_whatever_is_killed(serve, sqlite_url, receiver):  # noqa: F811
    """A chat takes one message at a time, so fewer answers are enough; its JSON holds no number to tell repeats by."""
    server = serve(sqlite_url, broken="impatient", **NETWORK)
    server.start()
    await server.ready()
    await register(server.port)
    await subscribe(server.port, receiver.url, "slack")
    for _ in range(CHAT_KILLS):
        seen = len(receiver.seen)
        await clients(server.port, Told(), asyncio.Event(), number=1, most=CHAT_EACH)
        async with asyncio.timeout(20):
            while len(receiver.seen) < seen + 2:  # noqa: ASYNC110 - another process tells
                await asyncio.sleep(0.01)
        server.kill()
        server.start()
        await server.ready()
    async with asyncio.timeout(60):
        while (await asyncio.to_thread(stored, server.url))[1]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
    server.stop()
    there, ids = stored(server.url)[0], {headers["webhook-id"] for headers, _ in receiver.seen}
    again = len(receiver.seen) - len(ids)
    figure = f"{len(there)} stored, {len(ids)} told, {again} of them again ({CHAT_KILLS} kills)"
    held = len(ids) == len(there) and again <= CHAT_KILLS
    report("a chat and kill -9", figure, "each told, at most one per kill again", holds=held)
    assert all("text" in json.loads(body) for _, body in receiver.seen)
