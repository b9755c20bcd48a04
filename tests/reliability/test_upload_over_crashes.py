"""A process that is killed halfway through an import: it goes on by itself, and nothing is stored twice or lost."""

import asyncio
import re
import time

import httpx

from tests.conftest import ADMIN, ADMIN_KEY, NO_TLS
from tests.dashboard.company import press
from tests.reliability.conftest import both
from tests.uploads.bringing import brought, ended, facts

ROWS = 4_000


async def signed_in(port: int) -> httpx.AsyncClient:
    person = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS, timeout=30)
    await person.post("/login", data={"key": ADMIN_KEY})
    return person


async def some_stored(person: httpx.AsyncClient, path: str) -> int:
    """How many answers the page says are stored, once there are some; it is far from its end then."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        said = re.search(r"([\d,]+) answers stored", (await person.get(path)).text)
        if said and (stored := int(said[1].replace(",", ""))):
            return stored
        await asyncio.sleep(0.1)
    raise AssertionError("nothing was stored")


@both
async def test_kill_9_halfway_through_an_import(serve, own_url):
    server = serve(own_url, broken="impatient")
    server.start()
    await server.ready()
    person = await signed_in(server.port)
    lines = "".join(f"2026-05-{day % 28 + 1:02} 10:{day % 60:02}:00,{day % 5 + 1},said {day}\n" for day in range(ROWS))
    path = await brought(person, "visits.csv", "When,Rating,Comment\n" + lines)
    assert (await press(person, f"{path}/begin", path)).status_code == 303
    before = await some_stored(person, path)
    server.kill()
    assert before < ROWS / 2, "it was killed too late to show anything"
    server.start()
    await server.ready()
    report = facts(await ended(person, path, within=90))
    assert (report["Rows read"], report["Answers stored"], report["There already"]) == (ROWS, ROWS, 0)
    score = await person.get("/v1/touchpoints/visits/score?since=2026-05-01&until=2026-06-01", headers=ADMIN)
    assert score.json()["count"] == ROWS
    await person.aclose()
