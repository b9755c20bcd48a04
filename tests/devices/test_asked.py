"""A tablet says how often it asked; each customer is counted once, whatever the network does to the reports."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.devices.test_devices import ALIVE


@pytest.fixture
def rate(client):
    """The response rate of a touchpoint: await rate("exit")."""

    async def _rate(key, **query):
        return (await client.get(f"/v1/touchpoints/{key}/score", params=query)).json()["response_rate"]

    return _rate


@pytest.fixture
async def report(anybody, make, pair):
    """Sends a tablet's counts of the touchpoint `exit`: await report({"id": ..., "n": 3})."""
    await make("exit", scale="smiley")
    _, headers = await pair("exit")

    async def _report(*counts, **said):
        asked = [{"touchpoint": "exit", "id": str(UUID(int=1)), **count} for count in counts]
        return await anybody.post("/v1/devices/heartbeat", json=ALIVE | said | {"asked": asked}, headers=headers)

    _report.headers = headers
    return _report


async def test_a_tablet_has_a_response_rate(anybody, report, rate):
    assert (await report({"n": 8})).status_code == 200
    item = {"touchpoint": "exit", "rating": 4, "id": str(uuid4())}
    await anybody.post("/v1/feedback/batch", json={"items": [item]}, headers=report.headers)
    found = {"asked": 8, "answered": 1, "value": 12.5, "low": 0.7, "high": 53.3, "at_least": False}
    assert await rate("exit") == found


async def test_reports_that_come_twice_late_or_at_once_count_each_customer_once(report, rate):
    ids = [str(uuid4()) for _ in range(6)]
    counts = [{"id": number, "n": n} for number in ids for n in range(1, 8)] * 2
    random.Random(7).shuffle(counts)
    await asyncio.gather(*(report(*counts[place : place + 5]) for place in range(0, len(counts), 5)))
    assert (await rate("exit"))["asked"] == 6 * 7


async def test_what_was_asked_goes_by_the_right_time_though_the_clock_is_wrong(report, rate):
    wrong = timedelta(days=400)
    now = datetime.now(UTC)
    asked = now - timedelta(days=2)
    count = {"n": 5, "occurred_at": (asked - wrong).isoformat()}
    await report(count, sent_at=(now - wrong).isoformat())
    day = {"since": (asked - timedelta(hours=2)).isoformat(), "until": (asked + timedelta(hours=2)).isoformat()}
    assert (await rate("exit", **day))["asked"] == 5


async def test_a_tablet_is_not_believed_of_touchpoints_that_it_does_not_serve(make, report, rate):
    await make("cafe")
    assert (await report({"touchpoint": "cafe", "n": 3}, {"touchpoint": "nowhere", "n": 3})).status_code == 200
    assert await rate("cafe") is None
    assert (await report({"n": 0})).status_code == (await report({"n": 10_001})).status_code == 422
    assert await rate("exit") is None
