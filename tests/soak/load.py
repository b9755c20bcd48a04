"""Customers at widgets, recipients of rating links, tablets with batches; each sends until it is acknowledged."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.ids import uuid7
from tests.conftest import ADMIN, NO_TLS
from tests.links.conftest import Page, path

ORIGIN = "https://shop.example"
BATCH = 20


@dataclass
class Told:
    """What the senders were told; an answer is known by its id, that of a link by its respondent."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)  # of each request that was answered
    refused: int = 0
    cut: int = 0
    odd: list[str] = field(default_factory=list)  # answers that should never be given


class Load:
    """The senders of one run, each of which begins `rate` times a second, or as soon as it has its answer.

    `stop` ends them, each after the answer that it is about.
    """

    def __init__(self, port: int, rate: float) -> None:
        self.told, self._stop, self._every_s = Told(), asyncio.Event(), 1 / rate
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, timeout=30)

    async def prepare(self) -> None:
        """The touchpoints, and two tablets."""
        for key, more in (("shop", {"origins": [ORIGIN]}), ("mail", {"scale": "csat"}), ("exit", {"scale": "smiley"})):
            made = await self._client.post("/v1/touchpoints", json={"key": key, **more}, headers=ADMIN)
            assert made.status_code == 201, made.text
        self._tablets = [await self._tablet(number) for number in range(2)]

    async def _tablet(self, number: int) -> dict[str, str]:
        said = {"name": f"Exit {number}", "touchpoints": ["exit"]}
        code = (await self._client.post("/v1/devices", json=said, headers=ADMIN)).json()["pairing_code"]
        paired = await self._client.post("/v1/devices/pair", json={"code": code})
        return {"Authorization": f"Bearer {paired.json()['key']}"}

    def start(self) -> None:
        senders = [*[self._widget] * 6, *[self._link] * 2]
        senders += [lambda tablet=tablet: self._batch(tablet) for tablet in self._tablets]
        self._tasks = [asyncio.create_task(self._again_and_again(sender)) for sender in senders]

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)
        await self._client.aclose()

    async def _again_and_again(self, send: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(random.uniform(0, self._every_s))
        due = time.monotonic()
        while not self._stop.is_set():
            await send()
            due = max(due + self._every_s, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _widget(self) -> None:
        number = str(uuid7())
        self.told.sent.add(number)
        said = {"json": {"rating": random.randint(1, 5), "comment": "soak"}, "headers": {"Origin": ORIGIN}}
        await self._ask("PUT", f"/v1/touchpoints/shop/feedback/{number}", **said)
        self.told.acknowledged.add(number)

    async def _link(self) -> None:
        respondent = str(uuid7())
        said = {"json": {"touchpoint": "mail", "recipients": [{"respondent": respondent}]}, "headers": ADMIN}
        made = await self._ask("POST", "/v1/links", **said)
        url = path(made.json()["items"][0]["urls"]["4"]) if made.json()["items"] else None
        if url is None:  # made, and the answer was cut: this one was asked lately
            return
        self.told.sent.add(respondent)
        landed = await self._ask("GET", url)
        await self._ask("POST", url, data=Page(landed.text, url).fields())
        self.told.acknowledged.add(respondent)

    async def _batch(self, tablet: dict[str, str]) -> None:
        items = [{"id": str(uuid7()), "touchpoint": "exit", "rating": random.randint(1, 4), "age_s": n * 60}
                 for n in range(BATCH)]  # fmt: skip
        self.told.sent |= {item["id"] for item in items}
        answer = await self._ask("POST", "/v1/feedback/batch", json={"items": items}, headers=tablet)
        results = answer.json()["results"]
        self.told.odd += [str(one) for one in results if one["status"] not in ("created", "duplicate")]
        self.told.acknowledged |= {one["id"] for one in results if one["status"] in ("created", "duplicate")}

    async def _ask(self, method: str, where: str, **said: Any) -> httpx.Response:
        """The answer, asked for until there is one that is no refusal for the moment."""
        while True:
            started = time.monotonic()
            try:
                answer = await self._client.request(method, where, **said)
            except httpx.HTTPError:
                self.told.cut += 1
            else:
                if answer.status_code < 300:
                    self.told.seconds.append(time.monotonic() - started)
                    return answer
                self.told.refused += 1
                if answer.status_code != 503:
                    self.told.odd.append(f"{method} {where} {answer.status_code} {answer.text[:200]}")
            await asyncio.sleep(random.uniform(0.05, 0.3))
