"""Twenty tablets over a bad network, a server killed again and again: every answer arrives once, at its right time."""

import asyncio
import random
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.conftest import ADMIN
from tests.devices import simulator
from tests.devices.simulator import SKEWS, Hasty, Nameless, Tablet
from tests.reliability.server import Server

TABLETS, ANSWERS, KILLS = 20, 1000, 20


async def paired(client: httpx.AsyncClient, kind: type[Tablet], number: int) -> Tablet:
    """A tablet with its own chance, every fifth with the same skew."""
    body = {"name": f"Tablet {number}", "touchpoints": [f"store-{number % 3}"]}
    made = (await client.post("/v1/devices", json=body, headers=ADMIN)).json()
    key = (await client.post("/v1/devices/pair", json={"code": made["pairing_code"]})).json()["key"]
    return kind(key, body["touchpoints"][0], SKEWS[number % len(SKEWS)], random.Random(number))


async def stores(client: httpx.AsyncClient) -> None:
    for number in range(3):
        answer = await client.post("/v1/touchpoints", json={"key": f"store-{number}", "scale": "csat"}, headers=ADMIN)
        assert answer.status_code == 201, answer.text


async def counted(client: httpx.AsyncClient) -> int:
    scores = [(await client.get(f"/v1/touchpoints/store-{n}/score", headers=ADMIN)).json() for n in range(3)]
    return sum(score["count"] + sum(score["excluded"].values()) for score in scores)


async def deliver(client: httpx.AsyncClient, tablets: list[Tablet], at_once: int = 2) -> None:
    """All tablets with two tabs each; few requests at once: their time is the error of a clock put right."""
    room = asyncio.Semaphore(at_once)
    await asyncio.gather(*(tablet.tab(client, room) for tablet in tablets for _ in range(2)))


async def kill_as_it_goes(server: Server, tablets: list[Tablet]) -> int:
    """Kill the server each time another twenty-first of the answers has arrived; returns how often."""
    kills, total = 0, sum(len(tablet.truth) for tablet in tablets)
    while (waiting := sum(len(tablet.queue) for tablet in tablets)) and kills < KILLS:
        if total - waiting >= total * (kills + 1) // (KILLS + 1):
            server.kill()
            kills += 1
            server.start()
            await server.ready()
        await asyncio.sleep(0.005)
    return kills


async def test_every_answer_arrives_once_and_at_its_time(sqlite_url: str, tmp_path: Path) -> None:
    database = tmp_path / "touchstone.db"
    server = Server(sqlite_url, tmp_path / "server.log")
    server.start()
    await server.ready()
    began = datetime.now(UTC)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as client:
            await stores(client)
            tablets = [await paired(client, Tablet, number) for number in range(TABLETS)]
            for tablet in tablets:
                tablet.tap(ANSWERS)
            async with asyncio.timeout(300):  # far more than it takes: only a hang ends here
                kills, _ = await asyncio.gather(kill_as_it_goes(server, tablets), deliver(client, tablets))
            score_count = await counted(client)
    finally:
        server.kill()
    truth = {number: at for tablet in tablets for number, at in tablet.truth.items()}
    stored = rows(database)
    off = max(abs((stored[number] - at).total_seconds()) for number, at in truth.items() if number in stored)
    lost, extra = truth.keys() - stored.keys(), stored.keys() - truth.keys()
    took = (datetime.now(UTC) - began).total_seconds()
    print(
        f"tablets={TABLETS} answers={len(truth)} kills={kills} lost={len(lost)} double={score_count - len(stored)} "
        f"unknown={len(extra)} clock_error_max_s={off:.3f} seconds={took:.0f}"
    )
    assert kills == KILLS and not lost and not extra
    assert score_count == len(stored) == TABLETS * ANSWERS
    assert off <= 2
    verify = [sys.executable, "-m", "app.cli", "rollup", "verify"]
    process = await asyncio.create_subprocess_exec(*verify, env=server.environment)
    assert await process.wait() == 0


def rows(database: Path) -> dict[str, datetime]:
    """When each stored answer was given, by its id; fails if any does not count."""
    connection = sqlite3.connect(database)
    found = connection.execute("SELECT id, occurred_at, flags FROM feedback").fetchall()
    connection.close()
    assert not any(flags for _, _, flags in found)
    return {str_id(number): datetime.fromisoformat(at).replace(tzinfo=UTC) for number, at, _ in found}


def str_id(number: str) -> str:
    return f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}"


@pytest.mark.parametrize(("kind", "verdict"), [(Hasty, "loses"), (Nameless, "doubles"), (Tablet, "neither")])
async def test_the_simulator_finds_what_is_wrong_with_a_careless_tablet(
    anybody: httpx.AsyncClient,
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Tablet],
    verdict: str,
) -> None:
    """Negative controls: the same network, a tablet that is careless in one way."""
    monkeypatch.setattr(simulator, "BATCH", 10)  # of 16 requests, one time in five none would be lost
    await stores(client)
    tablets = [await paired(anybody, kind, number) for number in range(2)]
    for tablet in tablets:
        tablet.tap(400)
    await deliver(anybody, tablets)
    count, tapped = await counted(client), sum(len(tablet.truth) for tablet in tablets)
    assert ("loses" if count < tapped else "doubles" if count > tapped else "neither") == verdict
