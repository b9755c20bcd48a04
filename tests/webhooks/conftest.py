"""A receiver on this machine, and a deliverer whose clock the test sets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from app.models import now
from app.webhooks.deliver import Deliverer

LOOPBACK = (ip_network("127.0.0.0/8"),)


@dataclass
class Receiver:
    """Answers each POST with the next of `statuses`, the last one for ever; keeps what it was sent."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    extra: str = ""
    seen: list[tuple[dict[str, str], str]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.seen]

    @property
    def types(self) -> list[str]:
        return sorted(event["type"] for event in self.events)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head)}
        self.seen.append((headers, (await reader.readexactly(int(headers["content-length"]))).decode()))
        self.told.set()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        writer.write(f"HTTP/1.1 {status} X\r\n{self.extra}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who wants to be told."""
    found = Receiver()
    server = await asyncio.start_server(found.take, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    yield found
    server.close()


@dataclass
class Clock:
    at: datetime = field(default_factory=now)

    def __call__(self) -> datetime:
        return self.at

    def goes(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def deliver(app: Any, clock: Clock) -> AsyncIterator[Callable[[], Any]]:
    """Delivers what is due by the test's clock: await deliver()."""
    await app.state.deliverer.close()
    app.state.settings = app.state.settings.model_copy(update={"webhook_allow_networks": LOOPBACK})
    deliverer = Deliverer(app.state.db, LOOPBACK, clock)

    async def turn() -> None:
        clock.at = max(clock.at, now())
        await deliverer.turn()
        await deliverer.idle()

    yield turn
    await deliverer.close()


@pytest.fixture
def subscribe(client: Any, deliver: Any, receiver: Receiver) -> Callable[..., Any]:
    """Subscribes the receiver: hook = await subscribe("feedback.created")."""

    async def post(*events: str, **more: Any) -> dict[str, Any]:
        answer = await client.post("/v1/webhooks", json={"url": receiver.url, "events": list(events)} | more)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return post
