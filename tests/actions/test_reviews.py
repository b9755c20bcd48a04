"""A touchpoint is looked at again and again: who did it, how it stood, and when the next review is due."""

from datetime import UTC, datetime, timedelta

from app.models import Touchpoint


async def test_a_review_says_who_and_how_it_stood_and_moves_the_day_of_the_next(client, make):
    made = await make("shop", scale="csat", review_interval_days=30, timezone="Pacific/Auckland")
    today = datetime.now(UTC).date()
    assert made["reviewed_at"] is None and made["review_due"] >= str(today + timedelta(days=30))
    for rating in (5, 5, 2):
        await client.post("/v1/touchpoints/shop/feedback", json={"rating": rating})
    done = await client.post("/v1/touchpoints/shop/reviews", json={"note": "The queue is shorter."})
    assert done.status_code == 201, done.text
    review = done.json()
    assert review["reviewed_by"] and review["note"] == "The queue is shorter." and review["touchpoint"] == "shop"
    assert review["level"] == {"metric": "csat", "count": 3, "value": 66.7, "low": 20.8, "high": 93.9}
    shown = (await client.get("/v1/touchpoints/shop")).json()
    assert shown["reviewed_at"] == review["reviewed_at"]
    await client.post("/v1/touchpoints/shop/reviews", json={})
    listed = (await client.get("/v1/touchpoints/shop/reviews?limit=1")).json()
    rest = (await client.get(f"/v1/touchpoints/shop/reviews?cursor={listed['next_cursor']}")).json()
    assert listed["items"][0]["note"] is None and rest["items"] == [review] and rest["next_cursor"] is None


async def test_a_touchpoint_without_answers_or_interval_is_reviewed_too(client, make):
    assert (await make("shop"))["review_due"] is None
    assert (await client.post("/v1/touchpoints/shop/reviews", json={})).json()["level"] is None
    assert (await client.post("/v1/touchpoints/nowhere/reviews", json={})).status_code == 404
    assert (await client.post("/v1/touchpoints/shop/reviews", json={"note": "a\x00"})).status_code == 422


def test_the_review_is_due_on_a_day_of_the_touchpoint_itself():
    last = datetime(2026, 1, 1, 12, tzinfo=UTC)  # already the second of January in Auckland
    row = Touchpoint(key="shop", review_interval_days=7, reviewed_at=last, timezone="Pacific/Auckland")
    assert str(row.review_due) == "2026-01-09"
