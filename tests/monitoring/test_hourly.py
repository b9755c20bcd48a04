"""The service looks by itself: one process at a time, whoever dies over it, and nothing is told twice."""

import asyncio
import json
import os
import signal
import time
from datetime import timedelta

import pytest

from app.db import open_database
from app.monitoring import hourly, lease
from app.monitoring.hourly import Hourly
from app.monitoring.lease import HELD, Lease, LeaseLost
from app.settings import Settings
from tests.conftest import ADMIN_KEY, running
from tests.monitoring.fleet import AT, FELL, fill, listed, subscribe, told
from tests.reliability.forked import Forked

NUMBERS = range(1, 6)


@pytest.fixture
async def fallen(app, client, make):
    """Five touchpoints that all fell."""
    for number in NUMBERS:
        await make(f"shop-{number}", scale="stars")
        await fill(app.state.db, number, fell=FELL, days=70, rate=80)
    await subscribe(client)
    return app.state.db


async def test_of_two_processes_one_looks_and_none_again_before_the_hour_is_over(fallen, client, database_url):
    other = open_database(database_url)
    at = AT
    two = [Hourly(fallen, lambda: at), Hourly(other, lambda: at)]
    assert sorted(await asyncio.gather(*(one.turn() for one in two))) == [False, True]
    assert not any([await one.turn() for one in two])
    assert lease.watching(await fallen.read(lease.read)) == set(NUMBERS)
    at += timedelta(hours=1)
    assert [await one.turn() for one in two] == [True, False]
    assert len(await listed(client)) == len(NUMBERS)
    assert await told(fallen) == ["alert.opened"] * len(NUMBERS) + ["score.dropped"] * len(NUMBERS)
    await other.close()


async def test_the_lease_moves_when_its_holder_dies_and_does_not_come_back_to_him(fallen, client):
    dead, at = Lease("dead"), AT
    assert await fallen.write(lambda session: dead.take(session, at))
    heir = Hourly(fallen, lambda: at)
    assert not await heir.turn()
    at += HELD
    assert await heir.turn() and len(await listed(client)) == len(NUMBERS)
    with pytest.raises(LeaseLost):
        await fallen.write(lambda session: dead.keep(session, at))


async def test_a_clock_that_was_set_back_keeps_nobody_from_looking(fallen):
    ahead = AT + timedelta(days=400)
    assert await fallen.write(lambda session: Lease("ahead").take(session, ahead))
    assert await Hourly(fallen, lambda: AT).turn()
    assert await Hourly(fallen, lambda: AT - timedelta(hours=1)).turn()


async def test_a_look_that_is_killed_loses_no_alert_and_tells_none_twice(fallen, client, database_url, tmp_path):
    arguments = ["monitor", "--once", "--at", AT.isoformat()]
    environment = os.environ | {"TOUCHSTONE_DATABASE_URL": database_url, "BROKEN": "one_at_a_time"}
    found = 0
    for more in (1, 3):
        process = Forked(arguments, dict(environment), tmp_path / "log")
        until = time.monotonic() + 30
        while found < more and time.monotonic() < until:
            await asyncio.sleep(0.005)
            found = len(await listed(client))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    assert 0 < found < len(NUMBERS), (tmp_path / "log").read_text()
    process = Forked([*arguments, "--json"], environment | {"BROKEN": ""}, tmp_path / "last")
    assert await asyncio.to_thread(process.wait, 30) == 0, (tmp_path / "last").read_text()
    said = json.loads((tmp_path / "last").read_text().splitlines()[-1])
    assert said["watched"] == said["touchpoints"] == len(NUMBERS)
    assert said["rho"].keys() == {f"shop-{n}" for n in NUMBERS} and min(said["rho"].values()) == 0.0025, "the least"
    assert {one["touchpoint"] for one in said["changes"] if one["from"] > one["to"]} == {f"shop-{n}" for n in NUMBERS}
    assert len(await listed(client)) == len(NUMBERS)
    assert await told(fallen) == ["alert.opened"] * len(NUMBERS) + ["score.dropped"] * len(NUMBERS)


async def test_the_running_service_looks_by_itself(monkeypatch, database_url):
    monkeypatch.setattr(hourly, "FIRST_S", 0.0)
    async with running(Settings(database_url=database_url, admin_key=ADMIN_KEY)) as app:
        until = time.monotonic() + 10
        while not (row := await app.state.db.read(lease.read)) or not row.looked_at:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
    assert row.summary == {"touchpoints": 0, "watched": 0, "learning": 0, "too_thin": 0, "watching": []}
