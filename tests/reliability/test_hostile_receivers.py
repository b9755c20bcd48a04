"""Whatever webhooks' receivers do, customers' answers are taken as quickly as before."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from app.ids import uuid7
from tests.reliability.forked import ROOT
from tests.reliability.load import ACKNOWLEDGED, KEY, Connection, body_of, register
from tests.reliability.report import report

NETWORK = {"WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8"}
HOSTILE = 50
CUSTOMERS, FOR_S = 10, 4.0
LIMIT_S = 2.0  # the longest wait of a customer; 2 to 14 s when sending shared the event loop with taking


@pytest.fixture
def receivers() -> Iterator[int]:
    """The port of receivers that mean harm."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.receivers"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    yield int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()


async def subscribe(port: int, *urls: str) -> None:
    connection = Connection(port)
    for url in urls:
        wanted = json.dumps({"url": url, "events": ["feedback.created"]}).encode()
        status, _, content = await connection.ask("POST", "/v1/webhooks", wanted)
        assert status == 201, content
    connection.close()


async def waits(port: int) -> list[float]:
    """How long each answer of some customers took who answer for FOR_S seconds, in order of length."""
    took: list[float] = []
    until = time.monotonic() + FOR_S

    async def customer() -> None:
        connection = Connection(port)
        while time.monotonic() < until:
            started = time.monotonic()
            path = f"/v1/touchpoints/{KEY}/feedback/{uuid7()}"
            status, _, content = await connection.ask("PUT", path, body_of(1))
            took.append(time.monotonic() - started)
            assert status in ACKNOWLEDGED, content
            await asyncio.sleep(0.05)
        connection.close()

    await asyncio.gather(*(customer() for _ in range(CUSTOMERS)))
    return sorted(took)


async def test_receivers_that_never_come_to_an_end_make_no_customer_wait(serve, sqlite_url, receivers):
    server = serve(sqlite_url, **NETWORK)
    server.start()
    await server.ready()
    await register(server.port)
    kinds = ("hints", "chunks")
    await subscribe(server.port, *(f"http://127.0.0.1:{receivers}/{kinds[n % 2]}" for n in range(HOSTILE)))
    took = await waits(server.port)
    figure = f"{len(took)} stored, p99 {took[len(took) * 99 // 100] * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms"
    holds = took[-1] < LIMIT_S
    report(f"{HOSTILE} receivers without an end", figure, f"longest under {LIMIT_S:.0f} s", holds=holds)
