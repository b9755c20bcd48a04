"""Answers come from a tablet: whose they are, when they were given, and what hammering does."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.ids import uuid7
from app.ingest import guard
from app.models import Feedback

BATCH = "/v1/feedback/batch"
RECEIVED = datetime(2026, 11, 22, 12, tzinfo=UTC)
H, D = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def item(touchpoint="exit", rating=4, at=None, **more):
    at = at or datetime.now(UTC)
    return {"id": str(uuid7()), "touchpoint": touchpoint, "rating": rating, "occurred_at": at.isoformat(), **more}


async def test_a_batch_is_stored_as_kiosk_and_a_repeat_adds_nothing(client, anybody, make, pair):
    await make("exit", scale="smiley")
    _, headers = await pair("exit")
    at = datetime.now(UTC)
    body = {"sent_at": at.isoformat(), "items": [item(at=at - n * timedelta(minutes=1)) for n in range(10)]}
    for status in ("created", "duplicate"):
        answer = (await anybody.post(BATCH, json=body, headers=headers)).json()
        assert [r["status"] for r in answer["results"]] == [status] * 10
        assert [r["id"] for r in answer["results"]] == [i["id"] for i in body["items"]]
    score = (await client.get("/v1/touchpoints/exit/score?group_by=source")).json()
    assert score["count"] == 10 and [group["source"] for group in score["groups"]] == ["kiosk"]


async def test_a_tablet_may_only_send_for_its_own_touchpoints(anybody, make, pair):
    await make("exit")
    await make("office")
    _, headers = await pair("exit")
    answer = (await anybody.post(BATCH, json={"items": [item(), item("office"), item("none")]}, headers=headers)).json()
    assert [r["status"] for r in answer["results"]] == ["created", "rejected", "rejected"]
    assert {r["error"]["code"] for r in answer["results"][1:]} == {"touchpoint_unknown"}


async def test_what_was_given_before_a_re_assignment_may_arrive_after_it(client, anybody, make, pair):
    await make("exit")
    await make("cafe")
    made, headers = await pair("exit")
    before = item()
    await client.patch(f"/v1/devices/{made['id']}", json={"touchpoints": ["cafe"]})
    answer = (await anybody.post(BATCH, json={"items": [before, item(), item("cafe")]}, headers=headers)).json()
    assert [r["status"] for r in answer["results"]] == ["created", "rejected", "created"]


async def test_a_tablet_that_was_moved_says_of_each_answer_where_it_stood_then(client, anybody, make, pair):
    await make("exit", segments=["store"])
    made, headers = await pair("exit")
    where, given = f"/v1/devices/{made['id']}", []
    for store in ("nord", "syd"):
        moved = await client.patch(where, json={"context": {"store": store}})
        assert moved.json()["context"] == {"store": store}
        given.append(item(context={"till": 3, "store": "made up"}))
    answer = (await anybody.post(BATCH, json={"items": given}, headers=headers)).json()
    assert answer["created"] == 2
    score = (await client.get("/v1/touchpoints/exit/score?group_by=store")).json()
    assert {group["segment"]: group["count"] for group in score["groups"]} == {"store:nord": 1, "store:syd": 1}
    assert (await client.get(f"/v1/feedback/{given[0]['id']}")).json()["context"] == {"till": 3, "store": "nord"}


async def test_what_was_given_before_the_touchpoint_was_archived_may_arrive_after_it(client, anybody, make, pair):
    await make("exit")
    _, headers = await pair("exit")
    before = item()
    await client.delete("/v1/touchpoints/exit")
    answer = (await anybody.post(BATCH, json={"items": [before, item()]}, headers=headers)).json()
    assert [r["status"] for r in answer["results"]] == ["created", "rejected"]
    assert answer["results"][1]["error"]["code"] == "touchpoint_archived"


async def test_an_item_that_cannot_be_used_is_named_and_sinks_no_other(anybody, make, pair):
    await make("exit", scale="smiley")
    _, headers = await pair("exit")
    wrong = [item(rating=9), item(colour="red"), {"touchpoint": "exit", "rating": 1}, "nonsense"]
    answer = (await anybody.post(BATCH, json={"items": [*wrong, item()]}, headers=headers)).json()
    assert [r["status"] for r in answer["results"]] == ["rejected"] * 4 + ["created"]
    assert [r["id"] for r in answer["results"][:2]] == [i["id"] for i in wrong[:2]]


@pytest.mark.parametrize("ndjson", [False, True])
@pytest.mark.parametrize("skew", [0 * H, 6 * H, -6 * H, D, EPOCH - datetime(2026, 11, 22, tzinfo=UTC), 400 * D])
async def test_a_wrong_clock_is_put_right_and_the_raw_time_kept(app, client, anybody, make, pair, skew, ndjson):
    await make("exit")
    _, headers = await pair("exit")
    true = datetime.now(UTC) - timedelta(hours=20)
    one, sent_at = item(at=true + skew), (datetime.now(UTC) + skew).isoformat()
    if ndjson:
        headers |= {"content-type": "application/x-ndjson", "touchstone-sent-at": sent_at}
        answer = await anybody.post(BATCH, content=str(one).replace("'", '"'), headers=headers)
    else:
        answer = await anybody.post(BATCH, json={"sent_at": sent_at, "items": [one]}, headers=headers)
    assert answer.json()["created"] == 1, answer.text
    stored = (await client.get(f"/v1/feedback/{one['id']}")).json()
    assert abs(datetime.fromisoformat(stored["occurred_at"]) - true) <= timedelta(seconds=2)

    def raw(session):
        return session.exec(select(Feedback.claimed_at)).one()

    assert await app.state.db.read(raw) == true + skew


@pytest.mark.parametrize(
    ("claimed", "sent_at", "age", "expected"),
    [
        (RECEIVED - H, RECEIVED, None, RECEIVED - H),
        (RECEIVED - H, RECEIVED - timedelta(seconds=120), None, RECEIVED - H),
        (RECEIVED - H, RECEIVED - timedelta(seconds=121), None, RECEIVED - H + timedelta(seconds=121)),
        (RECEIVED + 5 * H, RECEIVED + 6 * H, None, RECEIVED - H),
        (RECEIVED - 7 * H, RECEIVED - 6 * H, None, RECEIVED - H),
        (EPOCH + H, EPOCH + 2 * H, None, RECEIVED - H),
        (EPOCH, RECEIVED, None, RECEIVED - 90 * D),
        (RECEIVED + H, RECEIVED, None, RECEIVED),
        (RECEIVED + 8 * H, RECEIVED + 6 * H, None, RECEIVED),
        (RECEIVED + D, None, None, RECEIVED),
        (RECEIVED - D, None, None, RECEIVED - D),
        (RECEIVED - 91 * D, None, None, RECEIVED - 90 * D),
        (None, RECEIVED, None, RECEIVED),
        (EPOCH, RECEIVED, H, RECEIVED - H),
        (RECEIVED, RECEIVED, -H, RECEIVED),
        (RECEIVED, RECEIVED, 100 * D, RECEIVED - 90 * D),
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), None, RECEIVED - 90 * D),
    ],
)
def test_when_an_answer_was_given(claimed, sent_at, age, expected):
    assert guard.by_clock(claimed, sent_at, RECEIVED, age) == expected


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z"])
async def test_the_oddest_clock_breaks_nothing(anybody, make, pair, at):
    await make("exit")
    _, headers = await pair("exit")
    odd = {**item(), "occurred_at": at}
    answer = (await anybody.post(BATCH, json={"items": [odd, item()]}, headers=headers)).json()
    assert answer["results"][1]["status"] == "created" and answer["results"][0]["status"] in ("created", "rejected")


def test_a_busy_store_is_not_hammering():
    """Customers queue all day, each as fast as anybody is: touch, read, choose, let go in four seconds and more."""
    chance, at, taps = random.Random(7), RECEIVED, []
    for _ in range(10_000):
        at += timedelta(seconds=4 + chance.expovariate(1))
        taps.append(at)
    assert guard.taps_in_bursts(taps) == set()


def test_a_hand_that_hammers_is_found_whatever_the_order():
    calm = [RECEIVED - n * timedelta(seconds=30) for n in range(1, 20)]
    wild = [RECEIVED + n * timedelta(seconds=1.2) for n in range(12)]
    taps = calm + wild
    random.Random(7).shuffle(taps)
    assert {taps[place] for place in guard.taps_in_bursts(taps)} == set(wild)


async def test_hammering_is_flagged_not_dropped_and_its_beginning_too(client, anybody, make, pair):
    await make("exit")
    _, headers = await pair("exit")
    start = datetime.now(UTC) - timedelta(minutes=5)
    for n in range(12):  # each at once, as a tablet with a network sends them
        body = {
            "sent_at": datetime.now(UTC).isoformat(),
            "items": [item(rating=1, at=start + n * timedelta(seconds=1))],
        }
        assert (await anybody.post(BATCH, json=body, headers=headers)).json()["created"] == 1
    calm = {"items": [item(rating=5, at=start - timedelta(minutes=1)), item(rating=5, at=start + timedelta(minutes=1))]}
    await anybody.post(BATCH, json=calm, headers=headers)
    score = (await client.get("/v1/touchpoints/exit/score")).json()
    assert score["count"] == 2 and score["excluded"] == {"misuse": 12}


async def test_a_retry_neither_flags_what_counted_nor_is_refused_for_what_was_unflagged(client, anybody, make, pair):
    await make("exit")
    _, headers = await pair("exit")
    start = datetime.now(UTC) - timedelta(minutes=5)
    body = {"items": [item(at=start + n * timedelta(seconds=1)) for n in range(8)]}
    await anybody.post(BATCH, json=body, headers=headers)
    number = body["items"][3]["id"]
    assert (await client.patch(f"/v1/feedback/{number}", json={"flags": []})).json()["flags"] == []
    again = (await anybody.post(BATCH, json={"items": [body["items"][3]]}, headers=headers)).json()
    assert again["results"][0]["status"] == "duplicate"
