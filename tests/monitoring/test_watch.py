"""`watch.once` on both databases: the one drop becomes one alert, told once, whoever looks and how often."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from app.models import Rollup
from app.monitoring import levels, watch
from app.monitoring.fleet import known
from tests.monitoring.fleet import AT, FELL, fill, rows, subscribe, told
from tests.monitoring.test_drop import answers


@pytest.fixture
async def fleet(app, client, make):
    """Five touchpoints with 88 days of answers; at `delivery` the level fell half a deviation on FELL."""
    for number, key in enumerate(["shop", "invoice", "delivery", "advice", "returns"], 1):
        await make(key, scale="stars")
        await fill(app.state.db, number, fell=FELL if key == "delivery" else None)
    await subscribe(client)
    return app.state.db


async def test_the_one_drop_is_found_dated_and_told_once_however_many_look(fleet, client):
    await asyncio.gather(watch.once(fleet, AT), watch.once(fleet, AT))
    await watch.once(fleet, AT)
    (alert,) = (await client.get("/v1/alerts")).json()["items"]
    assert (alert["kind"], alert["touchpoint"], alert["state"]) == ("drop", "delivery", "open")
    since = datetime.fromisoformat(alert["since"])
    assert abs(since - (AT - timedelta(days=12, hours=1))) <= timedelta(days=3)
    assert alert["evidence"]["level_after"] < alert["evidence"]["level_before"] - 5
    assert await told(fleet) == ["alert.opened", "score.dropped"]


async def test_an_alert_is_acknowledged_commented_and_closed_and_does_not_come_again(fleet, client):
    await watch.once(fleet, AT)
    path = f"/v1/alerts/{(await client.get('/v1/alerts')).json()['items'][0]['id']}"
    assert (await client.patch(path, json={"state": "acknowledged"})).json()["state"] == "acknowledged"
    said = await client.post(f"{path}/comments", json={"text": "The carrier changed."})
    assert said.status_code == 201 and said.json()["comments"][0]["text"] == "The carrier changed."
    closed = (await client.patch(path, json={"state": "closed", "because": "fixed"})).json()
    assert (closed["state"], closed["because"]) == ("closed", "fixed")
    await watch.once(fleet, AT)
    assert len((await client.get("/v1/alerts")).json()["items"]) == 1
    assert await told(fleet) == ["alert.closed", "alert.opened", "score.dropped"]
    assert (await client.patch(path, json={"state": "open"})).status_code == 422
    assert (await client.get("/v1/alerts/999")).status_code == 404


async def test_a_past_drop_is_no_alarm_today(fleet, client):
    await watch.once(fleet, AT + timedelta(days=90))
    assert (await client.get("/v1/alerts?kind=drop")).json()["items"] == []


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
async def test_days_and_their_quarters_are_the_touchpoints_own_over_a_change_of_the_clocks(app, client, make, zone):
    await make("shop", scale="stars", timezone=zone)
    given = answers(1, days=150)
    await app.state.db.write(lambda session: session.add_all(rows(1, given, ZoneInfo(zone))))
    (shop,) = await app.state.db.read(partial(known, ids=[1]))
    at = datetime(2024, 10, 4, 0, 30, tzinfo=ZoneInfo(zone))  # TODAY, half past midnight
    found = (await app.state.db.read(lambda session: levels.read(session, [shop], at)))[shop.id]
    assert _told_apart(found.cells) == _told_apart(given)


def _told_apart(cells):
    return sorted((cell.day, *cell.place, cell.counts) for cell in cells if cell.n)


async def test_an_hour_that_is_not_over_does_not_count(app, client, make):
    await make("shop", scale="stars", timezone="Asia/Kolkata")
    running = datetime(2024, 10, 4, 9, tzinfo=ZoneInfo("Asia/Kolkata"))
    row = Rollup(
        touchpoint_id=1, grain="hour", bucket=int(running.timestamp()), source="web", slice="counted", n=1, n5=1
    )
    await app.state.db.write(lambda session: session.add(row))
    shop = await app.state.db.read(partial(known, ids=[1]))
    for minutes, cells in ((59, 0), (60, 1)):
        at = running + timedelta(minutes=minutes)
        found = await app.state.db.read(lambda session, at=at: levels.read(session, shop, at))
        assert len(found[1].cells) == cells
