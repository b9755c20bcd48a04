"""`segment=` where answers, words, journeys and public ratings are read: equal to what the answers themselves say."""

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.scores.segment_values import value_of

STORES = [
    "nord",
    " nord ",
    "Nord",
    "Zu\u0308rich",
    "Zürich",
    "n\u202eord",
    7,
    7.0,
    "  ",
    None,
    "x" * 90,
    "late",
    "later",
]
BY = "/v1/touchpoints/shop"


def answers():
    """120 answers of two touchpoints, with values written in every way."""
    dice, at = random.Random(68), datetime.now(UTC) - timedelta(days=20)
    for number in range(120):
        store = STORES[min(number // 8, 12)] if number < 20 else dice.choice(STORES)
        context = {"store": store, "plan": dice.choice(["pro", "free"])} if number % 9 else None
        comment = dice.choice(["slow and cold", "quick and warm", None])
        yield {
            "touchpoint": "shop" if number % 4 else "exit",
            "rating": dice.randint(1, 5),
            "context": context,
            "comment": comment,
            "locale": dice.choice(["da", "de-AT", None]),
            "occurred_at": (at + timedelta(hours=3 * number)).isoformat(),
        }


async def every(client, path, **params):
    """All items of a list, page by page."""
    cursor = None
    while True:
        answer = await client.get(path, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        for item in answer.json()["items"]:
            yield item
        if not (cursor := answer.json()["next_cursor"]):
            return


@pytest.fixture
async def told(app, client, make):
    """The answers as they are stored, by touchpoint, with the value of their store as the counts name it."""
    app.state.settings = app.state.settings.model_copy(update={"segment_values": 4})
    for key in ("shop", "exit"):
        declared = {"segments": ["store", "plan", "locale"], "open_segments": ["store"]}
        await make(key, scale="stars", public=True, timezone="Asia/Kolkata", **declared)
    await make("plain", scale="stars", public=True)
    stored = (await client.post("/v1/feedback/batch", json={"items": list(answers())})).json()
    assert stored["created"] == 120, stored
    spam = [item["id"] async for item in every(client, "/v1/feedback", touchpoint="shop")][:3]
    for number in spam:
        assert (await client.patch(f"/v1/feedback/{number}", json={"flags": ["spam"]})).status_code == 200
    found = {"shop": [], "exit": []}
    for key, items in found.items():
        groups = (await client.get(f"/v1/touchpoints/{key}/score", params={"group_by": "store"})).json()["groups"]
        own = {group["segment"].partition(":")[2] for group in groups}
        async for item in every(client, "/v1/feedback", touchpoint=key):
            value = value_of((item["context"] or {}).get("store"))
            items.append(item | {"store": value if value in own else "other"})
        assert "other" in own and "none" in own and len(own) == 6
    return found


async def test_lists_exports_and_words_of_a_segment_are_those_of_its_answers(client, told):
    for store in [*sorted({item["store"] for item in told["shop"]}), "never"]:
        mine = [item for item in told["shop"] if item["store"] == store]
        asked = {"touchpoint": "shop", "segment": f"store:{store}"}
        listed = [item["id"] async for item in every(client, "/v1/feedback", limit=7, **asked)]
        assert listed == [item["id"] for item in mine]
        export = (await client.get("/v1/feedback/export", params=asked | {"format": "ndjson"})).text
        assert [json.loads(line)["id"] for line in export.splitlines()] == listed
        counted = [item for item in mine if not item["flags"]]
        words = (await client.get(f"{BY}/terms", params={"segment": f"store:{store}"})).json()
        assert words["low_comments"] + words["high_comments"] == sum(bool(item["comment"]) for item in counted)
        both = {"segment": [f"store:{store}", "plan:pro"], "flagged": False}
        pro = [item["id"] for key in told for item in told[key] if item["store"] == store and not item["flags"]]
        pro = {one for one in pro if _of(told, one)["context"] and _of(told, one)["context"]["plan"] == "pro"}
        assert {item["id"] async for item in every(client, "/v1/feedback", **both)} == pro


def _of(told, number):
    return next(item for items in told.values() for item in items if item["id"] == number)


async def journey(client, *stages):
    """The journey `visit` with these touchpoints in its stages."""
    body = {"key": "visit", "name": "Visit", "stages": [{"name": "A", "touchpoints": keys} for keys in stages]}
    assert (await client.post("/v1/journeys", json=body)).status_code == 201


async def test_public_ratings_journeys_and_gauges_of_a_segment_are_those_of_its_answers(client, anybody, told):
    stages = [
        {"name": {"en": "All"}, "touchpoints": ["shop", "plain"]},
        {"name": {"en": "Out"}, "touchpoints": ["exit"]},
    ]
    assert (
        await client.post("/v1/journeys", json={"key": "visit", "name": "Visit", "stages": stages})
    ).status_code == 201
    assert (await client.patch("/v1/segments/store", json={"metrics": True})).json()["metrics"] is True
    metrics = (await client.get("/metrics")).text
    samples = {
        (one.name, one.labels["touchpoint"], one.labels["segment"], one.labels.get("metric")): one.value
        for family in text_string_to_metric_families(metrics)
        for one in family.samples
        if "segment" in one.labels
    }
    assert "segment=" not in (await anybody.get("/metrics")).text and "plan:" not in metrics
    for store in sorted({item["store"] for item in told["shop"]}):
        counted = {key: [i for i in items if i["store"] == store and not i["flags"]] for key, items in told.items()}
        n = {key: len(items) for key, items in counted.items()}
        asked = {"segment": f"store:{store}"}
        rating = (await anybody.get(f"{BY}/aggregate-rating", params=asked)).json()
        assert rating["ratingCount"] == n["shop"]
        assert rating["ratingValue"] == pytest.approx(sum(i["rating"] for i in counted["shop"]) / n["shop"], abs=0.006)
        assert f"{n['shop']} rating" in (await anybody.get(f"{BY}/badge.svg", params=asked)).text
        for more in ({}, {"days": 30, "compare": "previous"}):
            score = (await client.get("/v1/journeys/visit/score", params=asked | more)).json()
            assert [stage["count"] for stage in score["stages"]] == [n["shop"], n["exit"]]
            assert score["segment"] == {"segment": f"store:{store}", "without": ["plain"], "counting": []}
        assert samples["touchstone_segment_answers", "shop", f"store:{store}", None] == n["shop"]
        mean = samples["touchstone_segment_score", "shop", f"store:{store}", "mean"]
        assert mean == pytest.approx(rating["ratingValue"], abs=0.006)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_cannot_be_told_by_segment_is_refused_with_the_way_out(client, anybody, make, told, monkeypatch):
    await client.post(
        "/v1/journeys", json={"key": "visit", "name": "V", "stages": [{"name": "A", "touchpoints": ["plain"]}]}
    )
    for path, segment, mend in (
        ("/v1/feedback?touchpoint=plain", "store:nord", "PATCH"),
        ("/v1/feedback", "till:3", "PATCH"),
        ("/v1/feedback/export?touchpoint=shop", "till:3", "PATCH"),
        ("/v1/touchpoints/plain/terms", "store:nord", "PATCH"),
        ("/v1/touchpoints/plain/aggregate-rating", "store:nord", "PATCH"),
        ("/v1/journeys/visit/score", "store:nord", "PATCH"),
        ("/v1/feedback?segment=store:syd", "store:nord", "one of them"),
    ):
        answer = await client.get(f"{path}{'&' if '?' in path else '?'}segment={segment}")
        assert answer.status_code == 422 and mend in answer.json()["errors"][0]["mend"], (path, answer.text)
    secret = await anybody.get(f"{BY}/aggregate-rating?segment=plan:pro")
    assert secret.status_code == 422 and "open_segments" in secret.text
    assert secret.headers["access-control-allow-origin"] == "*"
    own = await client.get(f"{BY}/aggregate-rating?segment=plan:pro")
    assert own.json()["ratingCount"] and own.headers["cache-control"].startswith("private")
    monkeypatch.setattr("app.answers.by_segment.READ_MOST", 40)
    monkeypatch.setattr("app.answers.by_segment.PART", 20)
    pages = [len((await client.get("/v1/feedback", params={"segment": "store:never"})).json()["items"])]
    assert pages == [0]
    assert [item async for item in every(client, "/v1/feedback", segment="store:never")] == []
    weekdays = [[i["id"] async for i in every(client, "/v1/feedback", segment=f"weekday:{n}")] for n in range(1, 8)]
    assert sum(map(len, weekdays)) == 120 and not any({*a} & {*b} for a, b in pairwise(weekdays))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_gauges_of_segments_tell_all_values_of_a_key_or_none(client, told, monkeypatch):
    await client.patch("/v1/segments/store", json={"metrics": True})
    monkeypatch.setattr("app.scores.segment_gauges.SEGMENTS_MOST", 8)
    monkeypatch.setattr("app.scores.gauges.CACHE_S", 0.0)
    gauges = (await client.get("/metrics")).text
    assert gauges.count("touchstone_segment_answers{") == 6 and "touchstone_segments_left_out 1.0" in gauges
