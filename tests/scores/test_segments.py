"""Scores by declared context keys: what counts where, and that the counts equal the rows whatever happens."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.db import snapshot
from app.scores import rollup
from app.scores.segment_values import value_of

SCORE = "/v1/touchpoints/shop/score"


async def say(client: Any, rating: int, **more: Any) -> str:
    answer = await client.post("/v1/touchpoints/shop/feedback", json={"rating": rating, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def groups(client: Any, by: str = "store", **more: Any) -> dict[str, int]:
    """The number of answers by segment, when all are counted."""
    for _ in range(3000):
        score = (await client.get(SCORE, params={"group_by": by, **more})).json()
        if score["counting"] is None:
            return {group["segment"]: group["count"] for group in score["groups"]}
        await asyncio.sleep(0.02)
    raise AssertionError(score["counting"])


async def true(app: Any) -> bool:
    """Whether all counts equal the rows."""

    def work(session: Any) -> list[Any]:
        with snapshot(session):
            return [cell for row in rollup.every_touchpoint(session) for cell in rollup.differences(session, row)]

    return not await app.state.db.read(work)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("nord", "nord"),
        ("  Nord\t Ost\n", "Nord Ost"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("\u202eevil\u2066", "evil"),
        ("متجر", "متجر"),
        ("x" * 10_000, "x" * 80),
        ("Zu\u0308rich", "Zürich"),
        ("   ", "none"),
        (None, "none"),
        (True, "true"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
    ],
)
def test_a_value_is_named_by_what_a_person_reads(said, named):
    assert value_of(said) == named


async def test_a_score_is_split_by_a_declared_key_and_filtered_by_its_values(client, make, app):
    made = await make("shop", scale="stars", segments=["store", "plan"])
    assert made["segments"] == ["store", "plan"]
    for store, rating in (("nord", 5), (" nord ", 4), ("syd", 1), ("Nord", 3)):
        await say(client, rating, context={"store": store, "till": 3}, comment="so" if rating == 1 else None)
    await say(client, 2)
    assert await groups(client) == {"store:nord": 2, "store:Nord": 1, "store:syd": 1, "store:none": 1}
    assert await groups(client, "plan") == {"plan:none": 5}
    score = (await client.get(SCORE, params={"segment": "store:nord", "days": 1, "interval": "day"})).json()
    assert (score["count"], score["distribution"]["5"], score["metrics"]["mean"]["value"]) == (2, 1, 4.5)
    assert [point["count"] for point in score["series"]] == [2] and score["target"] is None
    both = (await client.get(SCORE, params={"segment": "store:syd", "group_by": "store"})).json()
    assert (both["count"], both["comment_count"], len(both["groups"])) == (1, 1, 4)
    assert (await client.get(SCORE, params={"segment": "store:never"})).json()["count"] == 0
    assert await true(app)


async def test_what_a_browser_says_of_a_declared_key_counts_only_where_it_may_say_it(client, anybody, make):
    await make("shop", origins=["https://shop.example"], segments=["store", "plan"], open_segments=["plan"])
    said = {"rating": 5, "context": {"store": "made up", "plan": "pro", "page": "/cart"}}
    headers = {"Origin": "https://shop.example"}
    answer = await anybody.post("/v1/touchpoints/shop/feedback", json=said, headers=headers)
    (warning,) = answer.json()["warnings"]
    assert warning["place"] == "body.context.store" and "open_segments" in warning["mend"]
    assert await groups(client) == {"store:none": 1} and await groups(client, "plan") == {"plan:pro": 1}
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    assert stored["context"] == {"plan": "pro", "page": "/cart"}
    odd = await client.patch("/v1/touchpoints/shop", json={"open_segments": ["till"]})
    assert "not among `segments`" in odd.json()["warnings"][0]["message"]


async def test_what_is_not_declared_is_stored_and_refused_as_a_segment_with_the_way_out(client, make):
    await make("shop")
    await say(client, 5, context={"store": "nord"})
    for params in ({"segment": "store:nord"}, {"group_by": "store"}):
        answer = await client.get(SCORE, params=params)
        assert answer.status_code == 422 and "PATCH" in answer.json()["errors"][0]["mend"], answer.text
    refused = await client.patch("/v1/touchpoints/shop", json={"segments": ["weekday"]})
    assert refused.status_code == 422 and "need not be declared" in refused.text
    declared = await client.patch("/v1/touchpoints/shop", json={"segments": ["store"]})
    assert declared.json()["segments"] == ["store"]
    finer = await client.get(SCORE, params={"segment": "store:nord", "interval": "hour"})
    assert finer.status_code == 422 and "days" in finer.json()["errors"][0]["mend"]
    nine = await client.patch("/v1/touchpoints/shop", json={"segments": [f"k{number}" for number in range(9)]})
    assert nine.status_code == 422


async def test_segments_follow_a_change_a_flag_and_an_erasure(client, make, app):
    await make("shop", segments=["store"])
    first, second = [await say(client, 4, context={"store": store}) for store in ("nord", "syd")]
    changed = {"rating": 4, "context": {"store": "west"}}
    assert (await client.put(f"/v1/touchpoints/shop/feedback/{first}", json=changed)).status_code == 200
    assert await groups(client) == {"store:syd": 1, "store:west": 1}
    assert (await client.patch(f"/v1/feedback/{second}", json={"flags": ["spam"]})).status_code == 200
    score = (await client.get(SCORE, params={"segment": "store:syd"})).json()
    assert (score["count"], score["excluded"]) == (0, {"spam": 1})
    assert (await client.delete(f"/v1/feedback/{second}")).status_code == 204
    assert (await client.patch("/v1/touchpoints/shop", json={"archived": True})).status_code == 200
    assert await groups(client) == {"store:west": 1} and await true(app)


async def test_a_key_declared_later_counts_what_was_there_and_one_taken_away_and_declared_again_does_so_too(
    client, make, app
):
    await make("shop", timezone="Europe/Berlin")
    at = datetime.now(UTC) - timedelta(days=40)
    for number in range(12):
        when = (at + timedelta(days=3 * number)).isoformat()
        await say(client, 1 + number % 5, context={"store": "nord" if number % 3 else "syd"}, occurred_at=when)
    expected = {"store:nord": 8, "store:syd": 4}
    for segments in (["store"], [], ["plan", "store"]):
        await client.patch("/v1/touchpoints/shop", json={"segments": segments})
        if "store" in segments:
            assert await groups(client) == expected and await true(app)
    await client.patch("/v1/touchpoints/shop", json={"timezone": "Pacific/Auckland"})
    assert await groups(client) == expected and await true(app)
    assert sum((await groups(client, days=20)).values()) < 12


async def test_ten_thousand_values_sent_by_mistake_count_as_other_and_cost_no_more(client, make, app):
    await make("shop", segments=["store"])
    await client.patch("/v1/touchpoints/shop", json={"segments": []})
    app.state.settings = app.state.settings.model_copy(update={"segment_values": 3})
    await client.patch("/v1/touchpoints/shop", json={"segments": ["store"]})
    for store in ("nord", "syd"):
        await say(client, 5, context={"store": store})
    for first in range(0, 10_000, 1000):
        visits = [f"visit-{n}" for n in range(first, first + 1000)]
        items = [{"touchpoint": "shop", "rating": 3, "context": {"store": visit}} for visit in visits]
        assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 1000
    await say(client, 4)
    await say(client, 4, context={"store": "west"})
    found = await groups(client)
    assert (found.pop("store:nord"), found.pop("store:syd"), found.pop("store:none")) == (1, 1, 1)
    assert found["store:other"] == 10_000 and len(found) == 2 and await true(app)
    shop = (await client.get("/v1/touchpoints/shop")).json()
    assert "3 values" in shop["warnings"][0]["message"]
    for _ in range(3):
        await say(client, 4, context={"store": "west"})
    for segments in ([], ["store"]):  # counted anew, by the values that most answers have
        await client.patch("/v1/touchpoints/shop", json={"segments": segments})
    found = await groups(client)
    assert found["store:west"] == 4 and len(found) == 5 and await true(app)


async def fill(client: Any, stores: dict[str, tuple[int, ...]], days: int = 10) -> None:
    """For each store the same ratings on each of so many days."""
    items = [
        {
            "touchpoint": "shop",
            "rating": rating,
            "context": {"store": store, "plan": "pro" if rating % 2 else "free"},
            "locale": "da" if rating > 3 else "de-DE",
            "occurred_at": (datetime.now(UTC) - timedelta(days=day, hours=1)).isoformat(),
        }
        for store, ratings in stores.items()
        for day in range(1, days + 1)
        for rating in ratings
    ]
    stored = (await client.post("/v1/feedback/batch", json={"items": items})).json()
    assert stored["created"] == len(items), stored


async def test_a_store_that_is_worse_differs_from_the_usual_one_and_the_sound_ones_do_not(client, make):
    await make("shop", scale="csat", segments=["store"])
    usual = (1, 3, 4, 4, 5, 5, 5)
    await fill(client, {"a": usual, "b": usual, "c": usual, "bad": (1, 1, 2, 3, 3, 4, 5), "few": (1,)})
    for period in ({}, {"days": 20}):
        score = (await client.get(SCORE, params={"group_by": "store", **period})).json()
        found = {group["segment"]: group for group in score["groups"]}
        assert score["compared"] == {"metric": "csat", "corrected_for": 4}
        verdicts = {name: group["verdict"] for name, group in found.items()}
        assert verdicts == dict.fromkeys(["store:a", "store:b", "store:c"], "no_evidence") | {
            "store:bad": "differs",
            "store:few": "too_few",
        }
        bad = found["store:bad"]["difference"]
        assert bad["low"] < bad["value"] < bad["high"] < 0 and bad["value"] == round(100 * (2 / 7 - 5 / 7), 1)
        assert found["store:few"]["difference"] is None
    two = (await client.get(SCORE, params={"group_by": "locale"})).json()["groups"]
    assert [group["verdict"] for group in two] == ["differs"] * 2
    assert two[0]["difference"]["value"] == -two[1]["difference"]["value"]


async def test_two_keys_at_once_and_the_clock_are_told_too(client, make, app, monkeypatch):
    await make("shop", segments=["store", "plan"], timezone="Asia/Kolkata")
    await fill(client, {"nord": (1, 2, 3), "syd": (4, 5)}, days=8)
    asked: Any = {"segment": ["store:nord", "plan:pro"]}
    assert (await client.get(SCORE, params=asked)).json()["count"] == 16
    assert await groups(client, "plan", segment="store:nord") == {"plan:pro": 16, "plan:free": 8}
    assert await groups(client, "store", **asked) == {"store:nord": 16, "store:syd": 8}
    days = await groups(client, "weekday")
    assert sum(days.values()) == 40 and len(days) == 7 and set(days.values()) == {5, 10}
    assert sum((await groups(client, "hour")).values()) == 40
    (weekday,) = [name for name, count in days.items() if count == 10]
    assert (await client.get(SCORE, params={"segment": weekday, "interval": "week"})).json()["count"] == 10
    for source, count in (("source:api", 40), ("source:web", 0), (["source:api", "store:nord"], 24)):
        assert (await client.get(SCORE, params={"segment": source})).json()["count"] == count
    assert (await client.get(SCORE, params={"segment": ["source:api", *asked["segment"]]})).json()["count"] == 16
    for refused in (
        {"group_by": "till", "segment": "store:nord"},
        {"group_by": "hour", "segment": "store:nord"},
        {"segment": ["source:api", "source:web"]},
        {"segment": "source:api", "source": "web"},
        {"segment": "source:pigeon"},
    ):
        assert (await client.get(SCORE, params=refused)).status_code == 422
    monkeypatch.setattr("app.scores.segmented.ROWS_MOST", 39)
    many = await client.get(SCORE, params={**asked, "interval": "day"})
    assert many.status_code == 422 and "as one" in many.json()["errors"][0]["mend"]
    assert (await client.get(SCORE, params={**asked, "days": 4})).json()["count"] in (4, 6)


async def test_a_key_has_a_name_and_its_values_are_pooled_over_touchpoints_the_lowest_first(client, make):
    assert (await client.get("/v1/segments")).json() == {"items": [], "next_cursor": None}
    assert (await client.get("/v1/segments/store/scores")).status_code == 404
    await make("shop", scale="stars", segments=["store"])
    await make("exit", scale="smiley", segments=["store", "plan"])
    await make("other", scale="stars")
    for key, store, rating in (("shop", "nord", 5), ("shop", "syd", 1), ("exit", "nord", 4), ("exit", "syd", 2)):
        body = {"rating": rating, "context": {"store": store}}
        assert (await client.post(f"/v1/touchpoints/{key}/feedback", json=body)).status_code == 201
    said = {"name": {"da": "Butik"}, "values": [{"value": "syd", "name": {"da": "Odense"}}], "shown": False}
    named = await client.patch("/v1/segments/store", json=said)
    assert named.json()["name"] == {"da": "Butik"} and named.json()["shown"] is False
    assert (await client.patch("/v1/segments/till", json=said)).status_code == 404
    plan, store = (await client.get("/v1/segments")).json()["items"]
    assert (plan["key"], [one["touchpoint"] for one in plan["touchpoints"]]) == ("plan", ["exit"])
    assert store["values"] == said["values"]
    assert [(one["touchpoint"], one["values"], one["complete"]) for one in store["touchpoints"]] == [
        ("exit", 2, True),
        ("shop", 2, True),
    ]
    for period in ({}, {"days": 1}):
        low, high = (await client.get("/v1/segments/store/scores", params=period)).json()["items"]
        assert (low["segment"], low["name"], low["count"]) == ("store:syd", {"da": "Odense"}, 2)
        assert low["index"]["value"] == round((0 + 100 / 3) / 2, 1) and high["index"]["value"] == 100
        assert [one["touchpoint"] for one in high["touchpoints"]] == ["exit", "shop"]
    assert (await client.get("/v1/segments/store/scores", params={"source": "web"})).json()["items"] == []
