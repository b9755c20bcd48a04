"""What happens to answers after the fact: imported late, flagged, erased, counted in another time zone."""

import random
from datetime import timedelta
from functools import partial

import pytest

from app.models import now
from app.monitoring import fleet, watch
from app.monitoring.memory import Memory
from tests.monitoring.fleet import listed, subscribe, told

DAYS, A_DAY, LOW_DAYS = 100, 12, 4


@pytest.fixture
async def shop(app, client, make):
    await make("shop", scale="stars")
    await subscribe(client)
    return app.state.db


async def answer(client, last=0, low=LOW_DAYS):
    """So many days of answers up to `last` days ago, those of the last `low` days poor; the ids of the latter."""
    dice, ids, items = random.Random(1), [], []
    for ago in range(DAYS + last, last, -1):
        for _ in range(A_DAY):
            poor = ago <= low + last
            at = now() - timedelta(days=ago, hours=-dice.randrange(1, 20))
            items.append(
                {"touchpoint": "shop", "rating": 1 if poor else dice.choice((4, 5, 5)), "occurred_at": at.isoformat()}
            )
    for start in range(0, len(items), 1000):
        found = await client.post("/v1/feedback/batch", json={"items": items[start : start + 1000]})
        ids += [(item["rating"], one["id"]) for item, one in zip(items[start:], found.json()["results"], strict=False)]
    return [number for rating, number in ids if rating == 1]


async def test_answers_that_are_flagged_or_erased_after_the_fact_take_their_alert_with_them(shop, client):
    poor = await answer(client)
    memory = Memory()
    await watch.once(shop, now(), memory)
    assert [one["kind"] for one in await listed(client, state="open")] == ["drop"]
    for place, number in enumerate(poor):
        if place % 2:
            done = await client.patch(f"/v1/feedback/{number}", json={"flags": ["misuse"]})
        else:
            done = await client.delete(f"/v1/feedback/{number}")
        assert done.status_code in (200, 204)
    await watch.once(shop, now(), memory)
    assert await listed(client, kind="drop", state="open") == []


async def test_another_time_zone_moves_the_days_and_opens_nothing_anew(shop, client):
    await answer(client)
    memory = Memory()
    await watch.once(shop, now(), memory)
    for zone in ("Pacific/Auckland", "America/Los_Angeles"):
        assert (await client.patch("/v1/touchpoints/shop", json={"timezone": zone})).status_code == 200
        await watch.once(shop, now(), memory)
    assert len(await listed(client, kind="drop")) == 1
    assert (await told(shop)).count("score.dropped") == 1


async def test_a_drop_in_history_that_is_imported_late_is_no_alarm_today(shop, client):
    await answer(client, last=120)
    await watch.once(shop, now())
    assert await listed(client, kind="drop") == [] and "score.dropped" not in await told(shop)


async def test_a_touchpoint_without_new_answers_is_left_out_and_one_with_a_new_one_is_not(shop, client):
    await answer(client, low=0)
    memory = Memory()
    report = await watch.once(shop, now(), memory)
    assert report.summary()["watched"] == 1
    assert not memory.is_new(*await shop.read(partial(fleet.page, after=0)))
    again = await watch.once(shop, now() + timedelta(hours=1), memory)
    assert again.summary() == report.summary()
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 5})
    assert memory.is_new(*await shop.read(partial(fleet.page, after=0)))
