"""A drop says in which stores it happened; alerts and webhooks are chosen by that."""

import json
import random
from datetime import timedelta

import pytest
from sqlmodel import select

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from app.models import Delivery
from app.monitoring import watch
from tests.conftest import ADMIN_KEY, client_of
from tests.monitoring.fleet import AT, listed

STORES = ("nord", "syd", "øst", "west")
GOOD, BAD = (0.05, 0.05, 0.1, 0.3, 0.5), (0.5, 0.2, 0.1, 0.1, 0.1)
HOOK = {"url": "https://hooks.example/", "events": ["score.dropped", "feedback.created"]}


@pytest.fixture
async def drop(app, client, make):
    """120 days of four stores; twelve days ago the level of `nord` fell, that of the others did not."""
    await make("shop", scale="stars", segments=["store"], name={"en": "Shop"})
    for segments in (["store:nord"], ["store:syd"], []):
        assert (await client.post("/v1/webhooks", json=HOOK | {"segments": segments})).status_code == 201
    dice, known = random.Random(19), await app.state.registry.get("shop")
    rows = []
    for day in range(1, 121):
        at = AT - timedelta(days=day) + timedelta(hours=11)
        for number in range(20):
            where = STORES[number % 4] if number else None
            shares = BAD if where == "nord" and day <= 12 else GOOD
            (rating,) = dice.choices(range(1, 6), shares)
            context = {"store": where} if where else None
            rows.append(
                Answer(known.id, uuid7(), rating, None, "", "api", "", None, None, context, at, at, zone=known.zone)
            )
    await app.state.db.write(lambda session: store(session, rows, restored=True))
    await watch.once(app.state.db, AT)
    return app.state.db


async def heard(db, kind):
    """Which webhooks were told of events of this kind, and the body of the last."""
    rows = await db.read(lambda session: list(session.exec(select(Delivery).where(Delivery.type == kind))))
    return sorted(row.webhook_id for row in rows), json.loads(rows[-1].body)["data"]


async def test_a_drop_names_the_store_where_it_happened_and_no_other(app, client, drop):
    (alert,) = await listed(client)
    (where,) = alert["evidence"]["segments"]
    assert where["segment"] == "store:nord" and where["before"] > where["after"] + 30
    assert 40 <= where["answers"] <= 70 and alert["evidence"]["segments_compared"] == 4
    assert await listed(client, segment="store:nord") == [alert]
    assert await listed(client, segment="store:syd") == [] == await listed(client, segment="store:no")
    hooks, said = await heard(drop, "score.dropped")
    assert hooks == [1, 3] and said["evidence"]["segments"] == [where]
    named = {"name": {"en": "Store"}, "values": [{"value": "nord", "name": {"en": "Hamburg"}}]}
    await client.patch("/v1/segments/store", json=named)
    async with client_of(app) as person:
        await person.post("/login", data={"key": ADMIN_KEY})
        page = (await person.get(f"/alerts/{alert['id']}?lang=en")).text
    assert "<bdi>Hamburg</bdi>" in page and "syd" not in page


async def test_an_answer_is_told_to_those_who_want_its_store_and_says_it(client, drop):
    for context in ({"store": "syd"}, None):
        body = {"rating": 1, "context": context}
        assert (await client.post("/v1/touchpoints/shop/feedback", json=body)).status_code == 201
    hooks, _ = await heard(drop, "feedback.created")
    assert hooks == [2, 3, 3]
    rows = await drop.read(lambda s: [row.body for row in s.exec(select(Delivery).where(Delivery.webhook_id == 2))])
    assert [json.loads(body)["data"]["segments"] for body in rows] == [["store:syd"]]
    changed = await client.patch("/v1/webhooks/2", json={"segments": ["store:øst"]})
    assert changed.json()["segments"] == ["store:øst"]
    refused = await client.patch("/v1/webhooks/2", json={"segments": ["store"]})
    assert refused.status_code == 422
