"""A load client over bare sockets. It tells apart what was acknowledged, what was refused, and what nobody knows of."""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from app.ids import uuid7
from app.scores.slices import EVERY_ID
from tests.conftest import ADMIN_KEY

KEY = "checkout"
ACKNOWLEDGED = (200, 201)


@dataclass
class Told:
    """What the clients were told. An answer that was sent and not acknowledged may be stored or not."""

    sent: dict[UUID, int] = field(default_factory=dict)
    acknowledged: set[UUID] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    cut: int = 0  # connections that ended without an answer
    turned_away: list[float] = field(default_factory=list)  # when nobody listened
    odd: list[str] = field(default_factory=list)  # answers that should never be given
    slowest: float = 0.0
    last_answer: float = 0.0
    longest_silence: float = 0.0


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int, key: str = ADMIN_KEY) -> None:
        self._port, self._key = port, key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", timeout_s: float = 30
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; OSError when the connection ends before the whole answer."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask(method, path, body)
        except BaseException as error:
            self.close()
            if isinstance(error, asyncio.IncompleteReadError | ValueError | IndexError):
                raise ConnectionError("the answer was cut") from None
            raise

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if self._streams and self._streams[0].at_eof():  # the server may close what said nothing for five seconds
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {self._key}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1]), headers, content

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
            self._streams = None


def body_of(rating: int, number: UUID = EVERY_ID) -> bytes:
    """What is said in an answer of this id, the same at each try."""
    context = {"store": f"s{number.int % 7}", "plan": f"p{number.int % 3}"}
    return json.dumps({"rating": rating, "comment": "crash test", "context": context}).encode()


async def clients(
    port: int, told: Told, stop: asyncio.Event, *, number: int = 24, most: int = 40_000, new_ids: bool = False
) -> None:
    """`number` customers who each send answer after answer, and each answer until it is acknowledged.

    With `new_ids`, for a control, they do it wrong: each try has an id of its own.
    """
    told.last_answer = time.monotonic()
    await asyncio.gather(*(_client(port, told, stop, most, new_ids) for _ in range(number)))


async def _client(port: int, told: Told, stop: asyncio.Event, most: int, new_ids: bool) -> None:
    connection = Connection(port)
    while not stop.is_set() and len(told.sent) < most:
        number, rating = uuid7(), random.randint(1, 5)
        told.sent[number] = rating
        while not await once(connection, told, number, rating) and not stop.is_set():
            await asyncio.sleep(random.uniform(0.02, 0.2))
            if new_ids:
                del told.sent[number]
                number = uuid7()
                told.sent[number] = rating
        await asyncio.sleep(0.002)  # leaves the server a share of the two cores
    connection.close()


async def once(connection: Connection, told: Told, number: UUID, rating: int) -> bool:
    """Send an answer once; whether it was acknowledged."""
    return await tell(connection, told, number, rating) in ACKNOWLEDGED


async def tell(connection: Connection, told: Told, number: UUID, rating: int) -> int | None:
    """Send an answer once; the status of the reply, None when there was none."""
    started = time.monotonic()
    try:
        status, headers, content = await connection.ask(
            "PUT", f"/v1/touchpoints/{KEY}/feedback/{number}", body_of(rating, number)
        )
    except (OSError, TimeoutError) as error:
        told.cut += 1
        if isinstance(error, ConnectionRefusedError):
            told.turned_away.append(time.monotonic())
        return None
    now = time.monotonic()
    told.slowest = max(told.slowest, now - started)
    told.statuses[status] += 1
    if status in ACKNOWLEDGED:
        told.longest_silence = max(told.longest_silence, now - told.last_answer)
        told.last_answer = now
        told.acknowledged.add(number)
        return status
    told.codes[json.loads(content)["code"]] += 1
    problem = headers.get("content-type") == "application/problem+json" and "retry-after" in headers
    if status != 503 or not problem:
        told.odd.append(f"{status} {headers} {content[:200]!r}")
    return status


async def register(port: int, key: str = KEY) -> None:
    """Make the touchpoint that the clients answer at."""
    connection = Connection(port)
    status, _, content = await connection.ask("POST", "/v1/touchpoints", json.dumps({"key": key}).encode())
    connection.close()
    assert status == 201, content
