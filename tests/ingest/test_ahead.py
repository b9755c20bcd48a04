"""A time that lies ahead costs no answer: one of two clocks is wrong, and it may be the server's."""

from datetime import UTC, datetime, timedelta

import pytest

URL = "/v1/touchpoints/checkout/feedback"
SHOP = {"Origin": "https://shop.example"}


def ahead(**of) -> str:
    return (datetime.now(UTC) + timedelta(**of)).isoformat()


@pytest.mark.parametrize("ahead_by", [{"hours": 2}, {"days": 1}, {"days": 4000}])
@pytest.mark.parametrize("by_key", [True, False])
async def test_what_lies_ahead_is_stored_as_now_and_marked(client, anybody, make, ahead_by, by_key):
    await make("checkout", origins=["https://shop.example"])
    claimed = ahead(**ahead_by)
    sender, headers = (client, {}) if by_key else (anybody, SHOP)
    answer = await sender.post(URL, json={"rating": 4, "occurred_at": claimed}, headers=headers)
    said = answer.json()
    assert (answer.status_code, said["occurred_at"], said["flags"]) == (201, said["received_at"], [])
    assert [(one["place"], one["message"]) for one in said["warnings"]] == [
        ("body.occurred_at", "lies in the future: taken as now")
    ]
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    assert datetime.fromisoformat(stored["claimed_at"]) == datetime.fromisoformat(claimed), "what was said stays"
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 1


async def test_a_batch_marks_the_item_and_strict_refuses_it(client, make):
    await make("checkout")
    items = [
        {"touchpoint": "checkout", "rating": 4, "occurred_at": ahead(hours=2)},
        {"touchpoint": "checkout", "rating": 5},
    ]
    said = (await client.post("/v1/feedback/batch", json={"items": items})).json()
    assert [len(result["warnings"]) for result in said["results"]] == [1, 0] and said["created"] == 2
    refused = await client.post(URL, json={"rating": 4, "occurred_at": ahead(hours=2)}, params={"strict": True})
    assert (refused.status_code, refused.json()["code"]) == (422, "occurred_in_future")


async def test_a_clock_five_minutes_fast_is_not_worth_a_word(client, make):
    await make("checkout")
    said = (await client.post(URL, json={"rating": 4, "occurred_at": ahead(minutes=4)})).json()
    assert said["warnings"] == [] and said["occurred_at"] == said["received_at"]
