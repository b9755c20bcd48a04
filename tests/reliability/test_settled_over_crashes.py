"""A low rating and its comment are told as one, whatever is killed between them, and whoever takes which."""

import asyncio
import json
from uuid import UUID

from app.ids import uuid7
from tests.reliability.conftest import both
from tests.reliability.load import Connection
from tests.reliability.test_hostile_receivers import NETWORK
from tests.webhooks.conftest import Receiver, receiver  # noqa: F401 - a fixture

SETTLE_S = 6
ORIGIN = "https://shop.example"


async def say(port: int, number: UUID, **said: object) -> None:
    """What the widget sends: no key, but the page it is on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps(said).encode()
    head = f"PUT /v1/touchpoints/checkout/feedback/{number} HTTP/1.1\r\nHost: t\r\nOrigin: {ORIGIN}\r\n"
    head += f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    assert answer.split()[1] in (b"200", b"201"), answer


async def prepare(port: int, url: str) -> None:
    connection = Connection(port)
    for path, said in (
        ("/v1/touchpoints", {"key": "checkout", "scale": "csat", "origins": [ORIGIN]}),
        ("/v1/webhooks", {"url": url, "events": ["feedback.low_rating"]}),
    ):
        status, _, content = await connection.ask("POST", path, json.dumps(said).encode())
        assert status == 201, content
    connection.close()


@both
async def test_a_kill_between_press_and_comment_and_two_processes_tell_each_once(serve, own_url, receiver):  # noqa: F811
    one, other = (serve(own_url, broken="impatient", SETTLE_SECONDS=str(SETTLE_S), **NETWORK) for _ in range(2))
    for server in (one, other):
        server.start()
        await server.ready()
    await prepare(one.port, receiver.url)
    commented, silent = [uuid7() for _ in range(10)], [uuid7() for _ in range(10)]
    for number in (*commented, *silent):
        await say(one.port, number, rating=1)
    one.kill()
    for number in commented:
        await say(other.port, number, rating=1, comment="Nobody came.")
    other.kill()
    assert not [event for event in receiver.events if event["data"]["id"] in map(str, silent)], "not settled yet"
    for server in (one, other):
        server.start()
    await heard(receiver, 20)
    told = {UUID(event["data"]["id"]): event["data"]["has_comment"] for event in receiver.events}
    assert told == dict.fromkeys(commented, True) | dict.fromkeys(silent, False)
    ids = {headers["webhook-id"] for headers, _ in receiver.seen}
    assert len(ids) == 20, "each once, but for one that was on its way when its process was killed"


async def heard(by: Receiver, answers: int) -> None:
    """Wait for so many answers to be told, and a moment for what should not come."""
    async with asyncio.timeout(30):
        while len({event["data"]["id"] for event in by.events}) < answers:  # noqa: ASYNC110 - a receiver fills it
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.5)
