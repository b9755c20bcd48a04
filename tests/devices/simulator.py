"""A model of the tablet's queue over a bad network: what is tapped, what is sent, what is believed to be stored."""

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.ids import uuid7

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SKEWS = (
    timedelta(),
    timedelta(hours=6),
    timedelta(hours=-6),
    timedelta(days=1),
    EPOCH - datetime(2026, 11, 22, tzinfo=UTC),
)
BATCH = 50
LOST_REQUESTS, LOST_REPLIES, TWICE = 0.1, 0.3, 0.1


class Cut(Exception):
    """The network gave nothing back."""


@dataclass
class Tablet:
    """One tablet. `truth` is when each answer was given, by the right clock; the tablet's own is `skew` off."""

    key: str
    touchpoint: str
    skew: timedelta
    chance: random.Random
    truth: dict[str, datetime] = field(default_factory=dict)
    queue: dict[str, dict[str, Any]] = field(default_factory=dict)

    def tap(self, answers: int) -> None:
        """A day of customers, the last a minute ago, none closer than twenty seconds to the next."""
        at = datetime.now(UTC) - timedelta(minutes=1)
        for _ in range(answers):
            at -= timedelta(seconds=20 + self.chance.expovariate(1 / 40))
            number = str(uuid7())
            self.truth[number] = at
            self.queue[number] = {
                "id": number,
                "touchpoint": self.touchpoint,
                "rating": self.chance.randint(1, 5),
                "occurred_at": (at + self.skew).isoformat(),
            }

    async def send(self, client: httpx.AsyncClient, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One delivery; Cut when nobody answers, with or without the server having got it."""
        if self.chance.random() < LOST_REQUESTS:
            raise Cut
        body = {"sent_at": (datetime.now(UTC) + self.skew).isoformat(), "items": items}
        headers = {"Authorization": f"Bearer {self.key}"}
        try:
            answer = await client.post("/v1/feedback/batch", json=body, headers=headers)
        except httpx.TransportError as error:
            raise Cut from error
        if self.chance.random() < LOST_REPLIES or answer.status_code == 503:
            raise Cut
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def tab(self, client: httpx.AsyncClient, room: asyncio.Semaphore) -> None:
        """One tab that sends in any order until nothing waits. Two tabs know nothing of each other: the worst case."""
        while self.queue:
            some = self.chance.sample(sorted(self.queue), min(BATCH, len(self.queue)))
            items = [self.queue[number] for number in some]
            async with room:
                for _ in range(2 if self.chance.random() < TWICE else 1):
                    await self.deliver(client, items)
            await asyncio.sleep(0)

    async def deliver(self, client: httpx.AsyncClient, items: list[dict[str, Any]]) -> None:
        """Send; remove what the server named."""
        try:
            results = await self.send(client, items)
        except Cut:
            await asyncio.sleep(0.02)
            return
        for result in results:
            assert result["status"] in ("created", "duplicate"), result
            self.queue.pop(result["id"], None)


class Hasty(Tablet):
    """Removes an answer when it is sent, as if sending were arriving: must lose some."""

    async def deliver(self, client: httpx.AsyncClient, items: list[dict[str, Any]]) -> None:
        for item in items:
            self.queue.pop(item["id"], None)
        await super().deliver(client, items)


class Nameless(Tablet):
    """Makes a new id for each attempt: must store some twice."""

    async def send(self, client: httpx.AsyncClient, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        renamed = [{**item, "id": str(uuid7())} for item in items]
        results = await super().send(client, renamed)
        return [{**result, "id": items[result["index"]]["id"]} for result in results]
