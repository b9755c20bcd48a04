"""Journeys: written down, read back, and scored out of the rollup."""

from datetime import timedelta

import pytest

from tests.conftest import ADMIN_KEY, client_of
from tests.journeys.conftest import NOW

STAGES = [
    {"name": {"en": "Find", "de": "Finden"}, "phase": "pre_purchase", "touchpoints": ["shop"]},
    {"name": "Get", "touchpoints": ["courier", "pickup"]},
    {"name": "Ask", "touchpoints": ["hotline", "shop"]},
]
MONTH = {"since": (NOW - timedelta(days=10)).isoformat(), "until": (NOW + timedelta(days=1)).isoformat()}
EARLIER = NOW - timedelta(days=14)


@pytest.fixture
async def journey(client, make):
    for key in ("shop", "courier", "pickup", "hotline"):
        await make(key, scale="thumbs", importance=5 if key == "courier" else 1)
    answer = await client.post("/v1/journeys", json={"key": "order", "name": "Order", "stages": STAGES})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def score(client, **query):
    answer = await client.get("/v1/journeys/order/score", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_journey_is_kept_with_its_stages_in_order(client, journey):
    assert journey["stages"][0] == {**STAGES[0], "touchpoints": ["shop"]}
    assert [stage["name"]["en"] for stage in journey["stages"]] == ["Find", "Get", "Ask"]
    assert (await client.get("/v1/journeys/order")).json() == journey


async def test_a_touchpoint_may_stand_in_several_journeys(client, journey):
    again = await client.post("/v1/journeys", json={"key": "return", "name": "Return", "stages": STAGES})
    assert again.status_code == 201


async def test_changing_the_stages_replaces_them_and_leaves_the_name(client, journey):
    answer = await client.patch("/v1/journeys/order", json={"stages": list(reversed(STAGES))[:2]})
    assert [stage["name"]["en"] for stage in answer.json()["stages"]] == ["Ask", "Get"]
    assert answer.json()["name"] == {"en": "Order"}
    assert answer.json()["updated_at"] > journey["updated_at"]


async def test_a_deleted_journey_is_gone_and_its_touchpoints_stay(client, journey):
    assert (await client.delete("/v1/journeys/order")).status_code == 204
    gone = await client.get("/v1/journeys/order")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert (await client.delete("/v1/journeys/order")).status_code == 404
    assert (await client.get("/v1/touchpoints/shop")).status_code == 200


async def test_journeys_come_in_pages(client):
    for key in ("a", "b", "c"):
        await client.post("/v1/journeys", json={"key": key, "name": key})
    first = (await client.get("/v1/journeys?limit=2")).json()
    second = (await client.get("/v1/journeys", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["key"] for item in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next_cursor"] is None


async def test_an_unknown_or_doubled_touchpoint_is_named_with_its_place(client, make):
    await make("shop")
    stages = [{"name": "Find", "touchpoints": ["shop", "nowhere", "shop"]}]
    answer = await client.post("/v1/journeys", json={"key": "order", "name": "Order", "stages": stages})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    places = [error["place"] for error in answer.json()["errors"]]
    assert places == ["body.stages.0.touchpoints.1", "body.stages.0.touchpoints.2"]
    assert (await client.get("/v1/journeys/order")).status_code == 404


async def test_a_taken_key_is_refused(client, journey):
    answer = await client.post("/v1/journeys", json={"key": "order", "name": "Another"})
    assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")


async def test_the_scopes_hold(client, anybody, journey):
    assert (await anybody.get("/v1/journeys")).status_code == 401
    key = (await client.post("/v1/keys", json={"name": "reader", "scopes": ["journeys:read"]})).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await anybody.get("/v1/journeys/order", headers=headers)).status_code == 200
    assert (await anybody.delete("/v1/journeys/order", headers=headers)).status_code == 403
    assert (await anybody.get("/v1/journeys/order/score", headers=headers)).status_code == 403


async def test_a_journey_nobody_rated_has_no_index_instead_of_nought(client, journey):
    found = await score(client)
    assert (found["count"], found["index"], found["weakest"], found["mix"]) == (0, None, None, None)
    assert [stage["index"] for stage in found["stages"]] == [None] * 3


async def test_each_rule_rolls_up_as_it_is_named(client, journey, hear):
    await hear("shop", {1: 30, 0: 10})  # 75
    await hear("courier", {1: 2, 0: 8})  # 20, importance 5
    await hear("pickup", {1: 27, 0: 3})  # 90
    pooled, equal, important = [await score(client, rule=rule) for rule in ("pooled", "equal", "importance")]
    assert pooled["stages"][1]["index"]["value"] == pytest.approx(100 * 29 / 40, abs=0.05)
    assert equal["stages"][1]["index"]["value"] == 55.0
    assert important["stages"][1]["index"]["value"] == pytest.approx((5 * 20 + 90) / 6, abs=0.05)
    assert important["rule"] == "importance"


async def test_a_touchpoint_in_two_stages_counts_once_in_the_whole(client, journey, hear):
    await hear("shop", {1: 30, 0: 10})
    await hear("hotline", {1: 5, 0: 5})
    found = await score(client)
    assert [stage["count"] for stage in found["stages"]] == [40, 0, 50]
    assert found["count"] == 50
    assert found["index"]["value"] == 70.0


async def test_a_clear_weakest_stage_and_its_weakest_touchpoint_are_named(client, journey, hear):
    await hear("shop", {1: 180, 0: 20})
    await hear("courier", {1: 20, 0: 80})
    await hear("pickup", {1: 90, 0: 10})
    found = await score(client, rule="equal")
    assert found["weakest"]["verdict"] == "weakest"
    assert found["weakest"]["stage"] == 1
    assert found["weakest"]["index"] == found["stages"][1]["index"]
    assert [found["index"]["n"], found["stages"][0]["index"]["n"], found["weakest"]["index"]["n"]] == [400, 200, 200]
    assert found["stages"][1]["weakest"]["touchpoint"] == "courier"
    assert found["stages"][0]["weakest"] is None


async def test_a_last_place_that_chance_decides_is_shared(client, journey, hear):
    await hear("shop", {1: 8, 0: 2})
    await hear("courier", {1: 7, 0: 3})
    found = await score(client)
    assert found["weakest"]["verdict"] == "cannot_be_told_apart"
    assert found["weakest"]["stage"] == 1
    assert found["weakest"]["shared_with"] == [0, 2]


async def test_differing_touchpoints_and_sources_are_listed_with_their_p_values(client, journey, hear):
    await hear("courier", {1: 70, 0: 30}, "email")
    await hear("courier", {1: 20, 0: 80}, "kiosk")
    await hear("pickup", {1: 95, 0: 5}, "kiosk")
    await hear("shop", {1: 70, 0: 30}, "web")
    consistency = (await score(client))["consistency"]
    assert consistency["compared"] == {"stages": 3, "touchpoints": 1, "sources": 1}
    (touchpoints,) = consistency["touchpoints"]
    assert (touchpoints["stage"], touchpoints["first"], touchpoints["second"]) == (1, "courier", "pickup")
    assert touchpoints["difference"]["value"] == -50.0 and touchpoints["p"] < 0.001
    (sources,) = consistency["sources"]
    assert (sources["touchpoint"], sources["first"], sources["second"]) == ("courier", "email", "kiosk")
    assert sources["difference"]["low"] > 0 and sources["p"] < 0.001
    assert consistency["stages"] == []


async def test_scales_meet_only_in_the_index(client, make, hear):
    await make("shop", scale="stars")
    await make("hotline", scale="nps")
    stages = [{"name": "All", "touchpoints": ["shop", "hotline"]}]
    await client.post("/v1/journeys", json={"key": "order", "name": "Order", "stages": stages})
    await hear("shop", {3: 10})
    await hear("hotline", {10: 10})
    assert (await score(client))["index"]["value"] == 75.0


async def test_the_window_and_the_period_before_are_told_apart(client, journey, hear):
    await hear("shop", {1: 90, 0: 10})
    await hear("shop", {1: 50, 0: 50}, at=EARLIER)
    found = await score(client, compare="previous", **MONTH)
    assert found["count"] == 100
    assert found["trend"]["verdict"] == "up"
    assert found["trend"]["difference"]["value"] == 40.0
    assert found["trend"]["previous_count"] == 100
    assert found["stages"][1]["trend"]["verdict"] is None
    assert found["stages"][2]["touchpoints"][1]["trend"]["verdict"] == "up"
    assert not found["mix"]["warning"]


async def test_a_fall_that_only_the_mix_makes_is_warned_of(client, journey, hear):
    """Each source rises by ten points while the answers move from the web to the harsher kiosk."""
    await hear("shop", {1: 400, 0: 100}, "web", EARLIER)
    await hear("shop", {1: 40, 0: 60}, "kiosk", EARLIER)
    await hear("shop", {1: 90, 0: 10}, "web")
    await hear("shop", {1: 250, 0: 250}, "kiosk")
    found = await score(client, compare="previous", **MONTH)
    trend, mix = found["trend"], found["mix"]
    assert trend["mix_shifted"] and trend["unadjusted"]["high"] < 0 and trend["difference"]["value"] == 10.0
    assert mix["warning"] and mix["shifted"] == ["shop"]
    assert mix["sources"]["before"] == {"kiosk": 16.7, "web": 83.3}
    assert mix["sources"]["p"] < 1e-6
    assert mix["adjusted_verdict"] == "up"
    assert mix["adjusted_difference"]["value"] == 10.0
    assert mix["effect"] == pytest.approx(trend["unadjusted"]["value"] - 10, abs=0.15)


async def test_an_empty_window_is_refused(client, journey):
    answer = await client.get("/v1/journeys/order/score?since=2026-05-02&until=2026-05-01")
    assert answer.json()["code"] == "invalid_request"
    assert (await client.get("/v1/journeys/order/score?rule=best")).status_code == 422
    assert (await client.get("/v1/journeys/nothing/score")).status_code == 404


async def test_pages_say_how_many_comparisons_stand_behind_what_they_claim(app, journey, hear):
    await hear("courier", {1: 70, 0: 30}, "email")
    await hear("courier", {1: 20, 0: 80}, "kiosk")
    await hear("pickup", {1: 9, 0: 1}, "email")
    await hear("pickup", {1: 9, 0: 1}, "kiosk")
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        pages = [(await browser.get(f"/{path}?period=all")).text for path in ("journeys", "touchpoints/courier")]
        few = (await browser.get("/touchpoints/pickup?period=all")).text
    assert "Pairs compared: 0 of stages, 1 of touchpoints within a stage, 2 of sources." in pages[0]
    assert "Some sources differ by more than chance explains. Sources: 1 pair compared." in pages[1]
    assert "Too few answers, or too few low ratings, to compare the sources." in few
