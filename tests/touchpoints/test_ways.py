"""A touchpoint takes answers by the ways that are open; to strangers a closed one is as if it were not there."""

from typing import Any

import pytest

SHOP = {"Origin": "https://shop.example"}
OURS = {"Origin": "http://touchstone.test"}
SAID = {"rating": 4}


async def seen_by_strangers(anybody: Any, key: str) -> list[tuple[int, Any, Any]]:
    """Every address that needs no key, as a stranger sees it: status, problem and CORS header."""
    path = f"/v1/touchpoints/{key}"
    wrong_key = {"Authorization": "Bearer tsk_wrong"}
    asked = [
        ("POST", f"{path}/feedback", {"json": SAID}),
        ("POST", f"{path}/feedback", {"json": SAID, "headers": SHOP}),
        ("POST", f"{path}/feedback", {"json": SAID, "headers": OURS}),
        ("POST", f"{path}/feedback", {"json": SAID, "headers": {"Origin": "https://them.example"}}),
        ("POST", f"{path}/feedback", {"json": SAID, "headers": wrong_key}),
        ("OPTIONS", f"{path}/feedback", {"headers": SHOP}),
        ("POST", f"{path}/asked", {"headers": OURS}),
        ("GET", f"{path}/widget", {}),
        ("GET", f"{path}/widget", {"headers": SHOP}),
        ("GET", f"{path}/qr.svg", {}),
        ("GET", f"/t/{key}", {}),
        ("POST", f"/t/{key}", {"data": {"rating": "4"}}),
    ]
    seen = []
    for method, address, options in asked:
        answer = await anybody.request(method, address, **options)
        problem = answer.json() if "json" in answer.headers["content-type"] else answer.text.replace(key, "KEY")
        if isinstance(problem, dict):
            problem.pop("request_id")
        seen.append((answer.status_code, problem, answer.headers.get("access-control-allow-origin")))
    return seen


@pytest.mark.parametrize("archived", [False, True])
async def test_strangers_cannot_tell_a_closed_touchpoint_from_none(client, anybody, make, archived):
    made = await make("internal", open=["link", "tablet", "key"], origins=["https://shop.example"])
    assert made["open"] == ["link", "tablet", "key"]
    if archived:
        await client.delete("/v1/touchpoints/internal")
    assert await seen_by_strangers(anybody, "internal") == await seen_by_strangers(anybody, "nowhere")
    assert (await client.get("/v1/touchpoints/internal/score")).json()["count"] == 0


async def test_each_way_is_closed_by_itself(app, client, anybody, make):
    await make("shop", origins=["https://shop.example"])
    path = "/v1/touchpoints/shop/feedback"
    tries = {
        "widget": lambda: anybody.post(path, json=SAID, headers=SHOP),
        "page": lambda: anybody.post("/t/shop", data={"rating": "4"}),
        "key": lambda: client.post(path, json=SAID),
        "link": lambda: client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{}]}),
    }
    for way in tries:
        others = [other for other in ("widget", "page", "link", "tablet", "key") if other != way]
        assert (await client.patch("/v1/touchpoints/shop", json={"open": others})).json()["open"] == others
        for name, send in tries.items():
            closed = {"widget": 404, "page": 404, "key": 403, "link": 403}[name]
            status = (await send()).status_code
            assert status == closed if name == way else status in (200, 201), (way, name, status)
    refused = await client.post(path, json=SAID)
    assert refused.status_code == 201
    await client.patch("/v1/touchpoints/shop", json={"open": []})
    assert (await client.post(path, json=SAID)).json()["code"] == "touchpoint_closed"
    batch = await client.post("/v1/feedback/batch", json={"items": [{"touchpoint": "shop", "rating": 3}]})
    assert batch.json()["results"][0]["error"]["code"] == "touchpoint_closed"


async def test_a_link_that_was_sent_ends_with_its_way_and_says_so(client, anybody, make):
    await make("shop")
    made = await client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{}]})
    where = made.json()["items"][0]["url"].removeprefix("http://touchstone.test")
    assert (await anybody.get(where)).status_code == 200
    await client.patch("/v1/touchpoints/shop", json={"open": ["key"]})
    gone = await anybody.get(where)
    assert gone.status_code == 403 and "text/html" in gone.headers["content-type"]


async def test_a_tablet_no_longer_shows_a_closed_touchpoint_and_keeps_nothing_back(client, anybody, make):
    await make("shop")
    paired = (await client.post("/v1/devices", json={"name": "Exit", "touchpoints": ["shop"]})).json()
    key = (await anybody.post("/v1/devices/pair", json={"code": paired["pairing_code"]})).json()["key"]
    tablet = {"Authorization": f"Bearer {key}"}
    await client.patch("/v1/touchpoints/shop", json={"open": ["key"]})
    beat = await anybody.post("/v1/devices/heartbeat", json={"queue_depth": 0}, headers=tablet)
    assert beat.json()["touchpoints"] == []
    item = {"touchpoint": "shop", "rating": 3, "id": "01890000-0000-7000-8000-000000000001"}
    sent = await anybody.post("/v1/feedback/batch", json={"items": [item]}, headers=tablet)
    assert sent.json()["created"] == 1


async def test_kinds_where_the_company_is_not_there_have_no_page(make):
    assert (await make("forum", kind="user_forum"))["open"] == ["link", "tablet", "key"]
    portal = await make("portal", kind="review_portal", origins=["https://portal.example"])
    assert portal["open"] == ["widget", "link", "tablet", "key"]
    assert (await make("bill", kind="invoice"))["open"] == ["widget", "page", "link", "tablet", "key"]
