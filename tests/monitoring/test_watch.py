"""`watch.once` on both databases: the one drop becomes one alert, told once, whoever looks and how often."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.models import Delivery, Rollup
from app.monitoring import watch
from tests.monitoring.test_drop import TODAY, answers

AT = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=TODAY, hours=1)
FELL = TODAY - 12


@pytest.fixture
async def fleet(app, client, make):
    """Five touchpoints with 88 days of answers; at `delivery` the level fell half a deviation on FELL."""
    keys = ["shop", "invoice", "delivery", "advice", "returns"]
    for number, key in enumerate(keys, 1):
        await make(key, scale="stars")
        cells = answers(number, fall=0.5 if key == "delivery" else 0, fell_on=FELL)
        rows = [
            Rollup(
                touchpoint_id=number,
                grain="hour",
                bucket=cell.day * 86400 + cell.quarter * 21600,
                source=cell.source,
                slice="counted",
                n=cell.n,
                **{f"n{place + 1}": count for place, count in enumerate(cell.counts)},
            )
            for cell in cells
        ]
        await app.state.db.write(lambda session, rows=rows: session.add_all(rows))
    hook = {"url": "https://hooks.example/", "events": ["alert.opened", "alert.closed", "score.dropped"]}
    assert (await client.post("/v1/webhooks", json=hook)).status_code == 201
    return app.state.db


async def told(db):
    return sorted(await db.read(lambda session: list(session.exec(select(Delivery.type)).all())))


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
    assert (await client.get("/v1/alerts")).json()["items"] == []
