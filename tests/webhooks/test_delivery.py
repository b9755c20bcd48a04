"""What happens to an answer reaches whoever wants to be told: at least once, signed, and nobody twice by mistake."""

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import CREATED, UPDATED, store
from app.links.press import CONTRADICTION
from app.models import now
from app.retries import SCHEDULE, next_try
from app.settings import Settings
from app.touchpoints.registry import by_key
from app.webhooks.deliver import LEASE, Deliverer
from app.webhooks.events import SETTLES
from app.webhooks.signature import signature
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running
from tests.reliability.test_hostile_text import PAYLOADS
from tests.scales.test_own_scales import GRADES
from tests.webhooks.conftest import LOOPBACK

ALL = ("feedback.created", "feedback.changed", "feedback.withdrawn", "feedback.low_rating")


async def say(client, touchpoint="checkout", **said):
    number = uuid7()
    answer = await client.put(f"/v1/touchpoints/{touchpoint}/feedback/{number}", json=said)
    assert answer.status_code == 201, answer.text
    return str(number)


async def state_of(client, hook) -> list[str]:
    listed = await client.get(f"/v1/webhooks/{hook['id']}/deliveries")
    return [delivery["state"] for delivery in listed.json()["items"]]


async def test_a_low_rating_is_told_signed_and_without_a_word_of_the_customer(
    client, make, subscribe, deliver, receiver
):
    await make("checkout", scale="csat")
    hook = await subscribe("feedback.low_rating")
    await say(client, rating=5)
    number = await say(client, rating=1, comment="My order 4711 never came.", respondent="anna")
    await deliver()
    ((headers, body),) = receiver.seen
    assert headers["webhook-signature"] == signature(
        hook["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    (event,) = receiver.events
    assert event["type"] == "feedback.low_rating"
    assert event["data"]["id"] == number and event["data"]["touchpoint"] == "checkout" and event["data"]["rating"] == 1
    assert event["data"]["has_comment"] is True and "4711" not in body and "anna" not in body
    assert await state_of(client, hook) == ["delivered"]


async def test_of_many_answers_at_once_the_low_ones_are_told_on_a_company_s_own_scale_too(
    client, make, subscribe, deliver, receiver
):
    await client.post("/v1/scales", json=GRADES)
    await make("checkout", scale="csat")
    await make("lesson", scale=GRADES["key"])
    await subscribe("feedback.low_rating")
    said = [("checkout", 1), ("checkout", 5), ("lesson", 1), ("lesson", 6), ("checkout", 4)]
    items = [{"touchpoint": touchpoint, "rating": rating} for touchpoint, rating in said]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 5
    await deliver()
    told = {(event["data"]["touchpoint"], event["data"]["rating"]) for event in receiver.events}
    assert told == {("checkout", 1), ("lesson", 6)} and len(receiver.events) == 2


async def test_each_webhook_hears_of_its_own_events_and_touchpoints(client, make, subscribe, deliver, receiver):
    await make("checkout", scale="csat")
    await make("hotline", scale="nps")
    await subscribe("feedback.created", touchpoints=["hotline"])
    await subscribe("feedback.low_rating")
    await say(client, rating=1)
    await say(client, "hotline", rating=6)
    await deliver()
    told = sorted((event["type"], event["data"]["touchpoint"]) for event in receiver.events)
    created, low = "feedback.created", "feedback.low_rating"
    assert told == [(created, "hotline"), (low, "checkout"), (low, "hotline")]


async def test_the_same_answer_again_is_told_once(client, make, subscribe, deliver, receiver):
    await make("checkout")
    await subscribe(*ALL)
    number = uuid7()
    for _ in range(3):
        await client.put(f"/v1/touchpoints/checkout/feedback/{number}", json={"rating": 5})
    await deliver()
    assert receiver.types == ["feedback.created"]


async def test_a_change_a_flag_and_an_erasure_are_told(client, anybody, make, subscribe, deliver, receiver, clock):
    await make("checkout", scale="csat", origins=["https://shop.example"])
    await subscribe(*ALL)
    number, origin = uuid7(), {"Origin": "https://shop.example"}
    where = f"/v1/feedback/{number}"

    async def told() -> list[str]:
        clock.at = max(clock.at, now()) + timedelta(seconds=61)
        await deliver()
        types, receiver.seen = receiver.types, []
        return types

    for rating, types in ((5, ["feedback.created"]), (1, ["feedback.changed", "feedback.low_rating"])):
        await anybody.put(f"/v1/touchpoints/checkout/feedback/{number}", json={"rating": rating}, headers=origin)
        assert await told() == types
    await client.patch(where, json={"flags": ["spam"]})
    assert await told() == ["feedback.withdrawn"]
    await client.patch(where, json={"flags": []})
    assert await told() == ["feedback.created", "feedback.low_rating"]
    await client.delete(where)
    await deliver()
    assert [event["data"] for event in receiver.events] == [{"id": str(number), "touchpoint": "checkout"}]
    assert receiver.types == ["feedback.withdrawn"]


async def test_what_nobody_was_told_of_yet_is_not_withdrawn(client, make, subscribe, deliver, receiver):
    await make("checkout", scale="csat")
    await subscribe(*ALL)
    number = await say(client, rating=1)
    await client.patch(f"/v1/feedback/{number}", json={"flags": ["spam"]})
    await deliver()
    assert receiver.seen == []


def test_a_press_on_a_link_is_told_when_nothing_can_contradict_it_any_more():
    assert SETTLES["email"] * timedelta(seconds=Settings().settle_seconds) == CONTRADICTION


async def test_nothing_said_of_an_erased_answer_stays(client, make, subscribe, deliver, receiver):
    await make("checkout", scale="csat")
    hook = await subscribe("feedback.created")
    number = await say(client, rating=1)
    await client.delete(f"/v1/feedback/{number}")
    await deliver()
    assert receiver.seen == [] and await state_of(client, hook) == []


async def test_what_is_held_spam_or_a_test_is_not_told(client, make, subscribe, deliver, receiver):
    await make("checkout")
    await subscribe(*ALL)
    await say(client, rating=1, context={"test": True})
    await say(client, rating=1, website="https://robots.example")
    await deliver()
    assert receiver.seen == []


async def test_after_an_outage_everything_arrives_under_the_ids_it_had(
    client, make, subscribe, deliver, receiver, clock
):
    await make("checkout")
    hook = await subscribe("feedback.created")
    receiver.statuses = [500]
    for _ in range(25):
        await say(client, rating=5)
    for _ in range(6):
        await deliver()
        clock.goes(minutes=5)
    tried = {headers["webhook-id"] for headers, _ in receiver.seen}
    assert len(receiver.seen) == 15, "ten at once, and then one at a time to see whether it still fails"
    assert set(await state_of(client, hook)) == {"waiting"}
    receiver.statuses, receiver.seen = [200], []
    for _ in range(6):
        clock.goes(minutes=30)
        await deliver()
    arrived = [headers["webhook-id"] for headers, _ in receiver.seen]
    assert len(arrived) == len(set(arrived)) == 25 and tried < set(arrived)
    assert set(await state_of(client, hook)) == {"delivered"}
    assert (await client.get(f"/v1/webhooks/{hook['id']}")).json()["failing_since"] is None


def test_tries_spread_over_three_days_and_then_it_is_given_up():
    at = now()
    middle = [next_try(failures, at, None, lambda: 0.5) for failures in range(1, 10)]
    assert [when - at for when in middle] == list(SCHEDULE) and sum(SCHEDULE, timedelta()) > timedelta(days=3)
    assert next_try(10, at, None, random.random) is None
    assert next_try(1, at, 3600, random.random) == at + timedelta(hours=1)
    early, late = (next_try(2, at, None, lambda end=end: end) for end in (0.0, 1.0))
    assert (early - at, late - at) == (timedelta(minutes=4), timedelta(minutes=6))


async def test_what_nobody_ever_takes_is_given_up_after_ten_tries_and_can_be_replayed(
    client, make, subscribe, deliver, receiver, clock
):
    await make("checkout")
    hook = await subscribe("feedback.created")
    receiver.statuses = [503]
    await say(client, rating=5)
    for _ in range(45):
        await deliver()
        clock.goes(days=0.1)
    assert len(receiver.seen) == 10 and await state_of(client, hook) == ["given_up"]
    receiver.statuses = [200]
    since = (now() - timedelta(hours=1)).isoformat()
    again = await client.post(f"/v1/webhooks/{hook['id']}/replay", json={"since": since})
    assert again.status_code == 202 and again.json() == {"queued": 1}
    await deliver()
    assert await state_of(client, hook) == ["delivered"]
    assert (await client.post(f"/v1/webhooks/{hook['id']}/replay", json={"since": since})).json() == {"queued": 0}
    all_of_them = {"since": since, "delivered": True}
    assert (await client.post(f"/v1/webhooks/{hook['id']}/replay", json=all_of_them)).json() == {"queued": 1}


async def test_what_was_heard_and_is_replayed_is_withdrawn_aloud(client, make, subscribe, deliver, receiver):
    await make("checkout")
    hook = await subscribe("feedback.created", "feedback.withdrawn")
    number = await say(client, rating=5)
    await deliver()
    again = {"since": (now() - timedelta(hours=1)).isoformat(), "delivered": True}
    await client.post(f"/v1/webhooks/{hook['id']}/replay", json=again)
    await client.patch(f"/v1/feedback/{number}", json={"flags": ["spam"]})
    await deliver()
    assert receiver.types == ["feedback.created", "feedback.created", "feedback.withdrawn"]


async def test_a_receiver_that_says_when_is_asked_then(client, make, subscribe, deliver, receiver, clock):
    await make("checkout")
    await subscribe("feedback.created")
    receiver.statuses, receiver.extra = [429, 200], "Retry-After: 3600\r\n"
    await say(client, rating=5)
    await deliver()
    clock.goes(minutes=50)
    await deliver()
    assert len(receiver.seen) == 1
    clock.goes(minutes=11)
    await deliver()
    assert len(receiver.seen) == 2


@pytest.mark.parametrize(("status", "days"), [(410, 0), (500, 5.1)])
async def test_a_webhook_that_is_gone_or_fails_for_five_days_is_switched_off_and_can_be_switched_on_again(
    client, make, subscribe, deliver, receiver, clock, status, days
):
    await make("checkout")
    hook = await subscribe("feedback.created")
    receiver.statuses = [status]
    await say(client, rating=5)
    await deliver()
    clock.goes(days=days)
    await deliver()
    said = (await client.get(f"/v1/webhooks/{hook['id']}")).json()
    assert said["enabled"] is False and said["disabled_because"]
    seen = len(receiver.seen)
    await say(client, rating=5)
    clock.goes(days=1)
    await deliver()
    assert len(receiver.seen) == seen, "nothing is queued for it, and nothing sent"
    receiver.statuses = [200]
    on = await client.patch(f"/v1/webhooks/{hook['id']}", json={"enabled": True})
    assert on.json()["enabled"] is True and on.json()["disabled_because"] is None
    clock.goes(days=2)
    await deliver()
    assert await state_of(client, hook) == ["delivered"]


async def test_one_that_fails_holds_up_no_other(client, make, subscribe, deliver, receiver, app):
    await make("checkout")
    release = asyncio.Event()

    async def hangs(_reader, writer):
        await release.wait()
        writer.close()

    hanging = await asyncio.start_server(hangs, "127.0.0.1", 0)
    await subscribe("feedback.created", url=f"http://127.0.0.1:{hanging.sockets[0].getsockname()[1]}/")
    await subscribe("feedback.created")
    for _ in range(25):
        await say(client, rating=5)
    deliverer = Deliverer(app.state.db, LOOPBACK)
    async with asyncio.timeout(30):
        while len(receiver.seen) < 25:
            await deliverer.turn()
            await asyncio.sleep(0.01)
    release.set()
    await deliverer.idle()
    await deliverer.close()
    hanging.close()


async def test_two_who_deliver_at_once_share_the_work_and_one_who_dies_leaves_it(
    client, make, subscribe, deliver, receiver, app, clock
):
    await make("checkout")
    hook = await subscribe("feedback.created")
    for _ in range(40):
        await say(client, rating=5)
    two = [Deliverer(app.state.db, LOOPBACK), Deliverer(app.state.db, LOOPBACK)]
    for _ in range(20):
        await asyncio.gather(*(one.turn() for one in two))
        await asyncio.gather(*(one.idle() for one in two))
    ids = [headers["webhook-id"] for headers, _ in receiver.seen]
    assert len(ids) == len(set(ids)) == 40
    assert (await client.get(f"/v1/webhooks/{hook['id']}")).json()["failing_since"] is None
    await say(client, rating=5)
    dies = Deliverer(app.state.db, LOOPBACK)
    await dies.turn()
    for task in dies._busy.values():
        task.cancel()
    await asyncio.gather(*dies._busy.values(), return_exceptions=True)
    for one in (*two, dies):
        await one.close()
    await deliver()
    clock.goes(seconds=LEASE.total_seconds() + 1)
    await deliver()
    assert set(await state_of(client, hook)) == {"delivered"}


async def test_an_event_is_there_if_and_only_if_its_answer_is(client, make, subscribe, deliver, receiver, app):
    await make("checkout")
    hook = await subscribe("feedback.created")

    def fails(session):
        at, row = now(), by_key(session, "checkout")
        answer = Answer(row.id, uuid7(), 1, None, "", "api", "", None, None, None, at, at, zone=ZoneInfo("UTC"))
        assert store(session, [answer])[0].status == CREATED
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        await app.state.db.write(fails)
    assert await state_of(client, hook) == []
    assert (await client.get("/v1/feedback")).json()["items"] == []


@pytest.mark.parametrize(("flags", "types"), [("unconfirmed", []), ("", ["feedback.created"])])
async def test_what_happens_to_an_answer_within_one_batch_is_told_as_one(
    client, make, subscribe, deliver, receiver, app, flags, types
):
    await make("checkout")
    await subscribe(*ALL)

    def twice(session):
        at, row = now(), by_key(session, "checkout")
        one = Answer(row.id, uuid7(), 5, None, "", "web", "", None, None, None, at, at, zone=ZoneInfo("UTC"))
        other = replace(one, onto=lambda stored, said: replace(stored, rating=4, flags=flags))
        assert [outcome.status for outcome in store(session, [one, other])] == [CREATED, UPDATED]

    await app.state.db.write(twice)
    await deliver()
    assert receiver.types == types
    assert [event["data"]["rating"] for event in receiver.events] == [4] * len(types)


async def test_the_same_id_at_two_touchpoints_is_two_answers(client, make, subscribe, deliver, receiver):
    await make("checkout", scale="csat")
    await make("hotline", scale="csat")
    await subscribe(*ALL)
    number = uuid7()
    for key, flags in (("checkout", {"context": {"test": True}}), ("hotline", {})):
        await client.put(f"/v1/touchpoints/{key}/feedback/{number}", json={"rating": 1} | flags)
    items = [{"touchpoint": key, "id": str(uuid7()), "rating": 5} for key in ("checkout", "hotline")]
    items += [{**items[0], "touchpoint": "hotline"}]
    await client.post("/v1/feedback/batch", json={"items": items})
    await deliver()
    told = Counter((event["type"], event["data"]["touchpoint"]) for event in receiver.events)
    created, low = "feedback.created", "feedback.low_rating"
    assert told == {(created, "checkout"): 1, (created, "hotline"): 3, (low, "hotline"): 1}


async def test_a_new_secret_signs_beside_the_former_one_for_a_day(client, make, subscribe, deliver, receiver, clock):
    await make("checkout")
    former = await subscribe("feedback.created")
    new = (await client.post(f"/v1/webhooks/{former['id']}/secret")).json()
    assert new["secret"] != former["secret"]

    async def signed_by() -> list[bool]:
        await client.post(f"/v1/webhooks/{former['id']}/test")
        await deliver()
        headers, body = receiver.seen[-1]
        about = (headers["webhook-id"], int(headers["webhook-timestamp"]), body)
        return [signature(s, *about) in headers["webhook-signature"].split() for s in (new["secret"], former["secret"])]

    assert await signed_by() == [True, True]
    clock.goes(hours=25)
    assert await signed_by() == [True, False]


async def test_a_running_service_delivers_by_itself_within_seconds(sqlite_url, receiver):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="off", webhook_allow_networks=LOOPBACK)
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        hook = (await client.post("/v1/webhooks", json={"url": receiver.url, "events": ["feedback.created"]})).json()
        sent = await client.post(f"/v1/webhooks/{hook['id']}/test")
        assert sent.status_code == 202 and sent.json()["type"] == "webhook.test"
        async with asyncio.timeout(20):
            await receiver.told.wait()
    assert receiver.events[0]["type"] == "webhook.test" and UUID(receiver.seen[0][0]["webhook-id"])


async def test_what_was_sent_is_kept_for_thirty_days(client, make, subscribe, app, receiver, clock, monkeypatch):
    monkeypatch.setattr("app.webhooks.backlog.AT_A_TIME", 4)
    await make("checkout")
    hook = await subscribe("feedback.created")
    for _ in range(10):
        await say(client, rating=5)
    deliverer = Deliverer(app.state.db, LOOPBACK, clock)
    clock.goes(days=29)
    await deliverer.turn()
    await deliverer.idle()
    assert await state_of(client, hook) == ["delivered"] * 10
    clock.goes(days=1, minutes=1)
    for left in (6, 2, 0, 0):
        await deliverer.turn()
        assert len(await state_of(client, hook)) == left
    await deliverer.close()


async def test_hostile_text_never_reaches_a_receiver(client, make, subscribe, deliver, receiver):
    await make("checkout")
    hook = await subscribe(*ALL)
    stored = 0
    for payload in PAYLOADS:
        said = {"rating": 1, "comment": payload, "locale": "en"}
        stored += (await client.post("/v1/touchpoints/checkout/feedback", json=said)).status_code == 201
    async with asyncio.timeout(60):
        while "waiting" in await state_of(client, hook):
            await deliver()
    assert receiver.types == ["feedback.created"] * stored + ["feedback.low_rating"] * stored and stored > 80
    for (headers, body), event in zip(receiver.seen, receiver.events, strict=True):
        leaves = [value for value in event["data"].values() if isinstance(value, str)]
        assert all(re.fullmatch(r"[\w:.+-]{1,64}", leaf, re.ASCII) for leaf in leaves), body
        assert body.isascii() and len(body) < 1000 and "x-injected" not in headers


async def test_stopping_ends_whatever_happens_in_that_moment(app):
    class Idle(Deliverer):
        async def turn(self) -> None:
            """Nothing is due."""

    for pauses in range(6):
        deliverer = Idle(app.state.db, LOOPBACK)
        deliverer.start()
        await asyncio.sleep(0.01)  # it waits for its next turn
        deliverer._more.set()
        for _ in range(pauses):
            await asyncio.sleep(0)
        started = time.monotonic()
        async with asyncio.timeout(3):  # the second cancellation, in which what hangs ends without a word
            await deliverer.close()
        assert time.monotonic() - started < 1, pauses
