"""Scores as Prometheus gauges."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store


@pytest.fixture
def hear(app):
    """await hear("shop", {5: 10}, days_ago=1): so many answers of each rating."""

    async def _hear(key, ratings, days_ago=1):
        known = await app.state.registry.get(key)
        at = datetime.now(UTC) - timedelta(days=days_ago)
        rows = [
            Answer(known.id, uuid7(), rating, None, "", "web", "", None, None, None, at, at, zone=known.zone)
            for rating, times in ratings.items()
            for _ in range(times)
        ]
        await app.state.db.write(lambda session: store(session, rows))

    return _hear


async def read(client):
    answer = await client.get("/metrics")
    assert answer.status_code == 200, answer.text
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            if "touchpoint" in sample.labels:
                labels = (sample.labels["touchpoint"], sample.labels.get("metric"))
                found[(sample.name, *labels)] = sample.value
    return found


async def test_gauges_are_the_score_of_the_last_thirty_days_with_its_interval(client, make, hear):
    await make("shop", scale="csat", timezone="Europe/Copenhagen")
    await make("brand", scale="nps")
    await hear("shop", {5: 30, 2: 10})
    await hear("shop", {1: 60}, days_ago=45)
    found = await read(client)
    since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    score = (await client.get("/v1/touchpoints/shop/score", params={"since": since})).json()
    for metric in ("mean", "index", "csat"):
        for name, end in (("value", ""), ("low", "_low"), ("high", "_high")):
            assert found[f"touchstone_score{end}", "shop", metric] == pytest.approx(
                score["metrics"][metric][name], abs=0.051
            )
    assert found["touchstone_score_answers", "shop", None] == 40
    assert found["touchstone_feedback", "shop", None] == 100


async def test_what_nobody_rated_has_no_gauge_instead_of_nought(client, make):
    await make("brand", scale="nps")
    found = await read(client)
    assert found == {
        ("touchstone_score_answers", "brand", None): 0,
        ("touchstone_feedback", "brand", None): 0,
    }


async def test_scores_are_only_for_a_key_that_may_read_them(client, anybody, make, hear):
    await make("secret")
    await hear("secret", {1: 3})
    plain = await anybody.get("/metrics")
    assert plain.status_code == 200 and "touchstone_queue_depth" in plain.text
    assert "secret" not in plain.text and "touchstone_score" not in plain.text
    for scopes, status in ((["scores:read"], 200), (["feedback:read"], 403)):
        key = (await client.post("/v1/keys", json={"name": "prometheus", "scopes": scopes})).json()["key"]
        answer = await anybody.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
        assert ('touchpoint="secret"' in answer.text) == (status == 200)
    assert (await anybody.get("/metrics", headers={"Authorization": "Bearer tsk_wrong"})).status_code == 401


async def test_gauges_are_kept_for_some_seconds_and_bounded(app, client, make, hear, monkeypatch):
    for number in range(4):
        await make(f"till-{number}")
    monkeypatch.setattr("app.scores.gauges.TOUCHPOINTS_MOST", 3)
    assert {key for _, key, _ in await read(client)} == {"till-0", "till-1", "till-2"}
    await hear("till-0", {5: 1})
    assert (await read(client))["touchstone_feedback", "till-0", None] == 0
    monkeypatch.setattr("app.scores.gauges.CACHE_S", 0.0)
    assert (await read(client))["touchstone_feedback", "till-0", None] == 1


async def test_an_archived_touchpoint_has_no_gauge(client, make):
    await make("old")
    await client.delete("/v1/touchpoints/old")
    assert await read(client) == {}


async def test_what_can_fall_is_no_counter(client, make, hear, monkeypatch):
    monkeypatch.setattr("app.scores.gauges.CACHE_S", 0.0)
    await make("shop")
    await hear("shop", {5: 2})
    assert (await read(client))["touchstone_feedback", "shop", None] == 2
    one = (await client.get("/v1/feedback")).json()["items"][0]["id"]
    await client.patch(f"/v1/feedback/{one}", json={"flags": ["spam"]})
    assert (await read(client))["touchstone_feedback", "shop", None] == 1
    assert "# TYPE touchstone_feedback gauge" in (await client.get("/metrics")).text


async def test_durations_are_told_by_route_and_what_runs_is_named(client, anybody, make):
    await make("shop")
    for _ in range(3):
        await client.get("/v1/touchpoints/shop/score")
    await anybody.get("/v1/nowhere/at-all")
    families = {one.name: one for one in text_string_to_metric_families((await anybody.get("/metrics")).text)}
    counts = {
        one.labels["route"]: one.value
        for one in families["touchstone_request_duration_seconds"].samples
        if one.name.endswith("_count")
    }
    assert counts["/v1/touchpoints/{key}/score"] == 3 and counts["none"] == 1 and counts["/v1/touchpoints"] == 1
    (every,) = [one.value for one in families["touchstone_request_seconds"].samples if one.name.endswith("_count")]
    assert every == sum(counts.values())
    (build,) = families["touchstone_build_info"].samples
    assert build.value == 1 and set(build.labels) == {"version", "schema", "python"}
