"""A receiver that is down does not fill the disk, and whoever runs the service hears of it."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import col, select

from app.models import Delivery, now
from app.webhooks import backlog
from app.webhooks.deliver import Deliverer
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.test_delivery import say, state_of


def waiting(client_text: str) -> dict[str, dict[str, float]]:
    """The gauges of webhooks: name and webhook's number."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(client_text):
        for one in family.samples:
            if one.name.startswith("touchstone_webhook"):
                found.setdefault(one.name, {})[one.labels["webhook"]] = one.value
    return found


async def test_what_waits_is_bounded_for_each_webhook_and_the_oldest_is_given_up(
    client, make, subscribe, app, clock, receiver, monkeypatch
):
    monkeypatch.setattr("app.webhooks.backlog.AT_A_TIME", 4)
    await make("checkout")
    receiver.statuses = [500]
    dead, other = await subscribe("feedback.created"), await subscribe("feedback.low_rating")
    numbers = [await say(client, rating=5) for _ in range(15)]
    deliverer = Deliverer(app.state.db, LOOPBACK, clock, waiting_most=5)
    for _ in range(4):
        await deliverer.backlog.turn(clock())
    listed = (await client.get(f"/v1/webhooks/{dead['id']}/deliveries")).json()["items"]
    assert [item["feedback"] for item in listed] == numbers[:-6:-1], "the newest five"
    assert (await client.get(f"/v1/webhooks/{dead['id']}")).json()["given_up"] == 10
    assert (await client.get(f"/v1/webhooks/{other['id']}")).json()["given_up"] == 0
    await deliverer.close()


async def test_what_is_done_is_bounded_too(client, make, subscribe, app, clock, deliver, receiver, monkeypatch):
    monkeypatch.setattr("app.webhooks.backlog.DONE_MOST", 3)
    await make("checkout")
    hook = await subscribe("feedback.created")
    for _ in range(8):
        await say(client, rating=5)
    await deliver()
    deliverer = Deliverer(app.state.db, LOOPBACK, clock)
    clock.goes(hours=1, minutes=1)
    await deliverer.turn()
    assert await state_of(client, hook) == ["delivered"] * 3
    await deliverer.close()


async def test_the_log_tells_when_one_begins_to_fail_and_once_a_day(
    client, make, subscribe, deliver, receiver, clock, caplog
):
    await make("checkout")
    hook = await subscribe("feedback.created")
    receiver.statuses = [500]
    await say(client, rating=5)

    async def told(**later: float) -> list[Any]:
        caplog.clear()
        clock.goes(**later)
        await say(client, rating=5)
        await deliver()
        return [(one.message, one.webhook) for one in caplog.records if one.message.startswith("webhook_")]

    failing = [("webhook_failing", hook["id"])]
    with caplog.at_level(logging.WARNING, "touchstone"):
        assert await told() == failing
        assert await told(minutes=10) == []
        assert await told(hours=23) == []
        assert await told(hours=1) == failing
        receiver.statuses = [204]
        assert await told(minutes=10) == []
        receiver.statuses = [500]
        assert await told(minutes=10) == [], "it comes and goes: at most once an hour"
        receiver.statuses = [204]
        assert await told(hours=1) == []
        receiver.statuses = [500]
        assert await told(minutes=10) == failing
    assert receiver.url not in caplog.text, "an address may hold a secret"


async def test_prometheus_is_told_how_much_waits_for_how_long_and_what_was_given_up(
    client, make, subscribe, app, clock, receiver
):
    await make("checkout")
    hook = await subscribe("feedback.created", url="http://127.0.0.1:1/")
    await app.state.deliverer.backlog.turn(now())
    for _ in range(3):
        await say(client, rating=5)
    await app.state.db.write(lambda session: setattr(first(session), "created_at", now() - timedelta(hours=1)))
    await app.state.deliverer.backlog.turn(now() + backlog.LOOK_EACH)
    found, number = waiting((await client.get("/metrics")).text), str(hook["id"])
    assert found["touchstone_webhook_waiting"] == {number: 3}
    assert 3600 <= found["touchstone_webhook_oldest_seconds"][number] < 3700
    assert found["touchstone_webhook_given_up_total"] == {number: 0}


def first(session: Any) -> Delivery:
    found: Delivery = session.exec(select(Delivery).order_by(col(Delivery.id))).first()
    return found


async def test_an_address_that_is_refused_is_given_up_at_once(client, make, subscribe, deliver, receiver, app, clock):
    await make("checkout")
    hook = await subscribe("feedback.created")
    refusing = Deliverer(app.state.db, (), clock)
    await say(client, rating=5)
    clock.at = now()
    await refusing.turn()
    await refusing.idle()
    await refusing.close()
    (item,) = (await client.get(f"/v1/webhooks/{hook['id']}/deliveries")).json()["items"]
    assert (item["state"], item["tries"]) == ("given_up", 1) and item["error"].startswith("refused: ")
    assert (await client.get(f"/v1/webhooks/{hook['id']}")).json()["given_up"] == 1


@pytest.mark.parametrize("dead", [60])
async def test_sixty_that_fail_hold_up_no_other_and_keep_one_request_each(
    client, make, subscribe, app, receiver, clock, dead
):
    await make("checkout")
    for _ in range(dead):
        await subscribe("feedback.created", url="http://127.0.0.1:1/")
    await subscribe("feedback.created")
    deliverer = Deliverer(app.state.db, LOOPBACK, clock)
    for _ in range(3):
        for _ in range(3):
            await say(client, rating=5)
        clock.at = max(clock.at, now()) + timedelta(seconds=6)
        await deliverer.turn()
        most = deliverer._on_its_way
        await deliverer.idle()
    assert len(receiver.seen) == 9 and most == dead + 3
    await deliverer.close()
