"""Webhooks over HTTP."""

import pytest

URL = "https://hooks.example/touchstone"


async def test_a_webhook_is_made_listed_changed_and_deleted_and_its_secret_is_shown_once(client, make):
    await make("checkout")
    asked = {"url": URL, "events": ["feedback.low_rating"], "touchpoints": ["checkout"]}
    made = await client.post("/v1/webhooks", json=asked)
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    shown = {name: value for name, value in made.json().items() if name != "secret"}
    assert shown.items() >= (asked | {"enabled": True, "failing_since": None}).items()
    where = f"/v1/webhooks/{shown['id']}"
    assert (await client.get(where)).json() == shown
    assert (await client.get("/v1/webhooks")).json() == {"items": [shown], "next_cursor": None}
    changed = await client.patch(where, json={"events": ["feedback.created"], "touchpoints": [], "enabled": False})
    assert changed.json()["events"] == ["feedback.created"] and changed.json()["touchpoints"] == []
    assert changed.json()["url"] == URL and changed.json()["disabled_because"] == "switched off"
    assert (await client.delete(where)).status_code == 204
    assert (await client.get(where)).json()["code"] == "not_found"


async def test_lists_go_on_where_a_page_ended(client):
    for number in range(5):
        await client.post("/v1/webhooks", json={"url": f"{URL}/{number}", "events": ["feedback.created"]})
    first = (await client.get("/v1/webhooks?limit=3")).json()
    rest = (await client.get(f"/v1/webhooks?limit=3&cursor={first['next_cursor']}")).json()
    assert [row["url"][-1] for row in first["items"] + rest["items"]] == list("01234") and not rest["next_cursor"]
    where = f"/v1/webhooks/{first['items'][0]['id']}"
    sent = [(await client.post(f"{where}/test")).json()["id"] for _ in range(5)]
    first = (await client.get(f"{where}/deliveries?limit=3")).json()
    rest = (await client.get(f"{where}/deliveries?limit=3&cursor={first['next_cursor']}")).json()
    assert [row["id"] for row in first["items"] + rest["items"]] == sent[::-1]


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"url": "http://127.0.0.1/"}, "body.url"),
        ({"url": "https://10.1.2.3/hook"}, "body.url"),
        ({"url": "ftp://hooks.example/"}, "body.url"),
        ({"events": ["feedback.everything"]}, "body.events.0"),
        ({"events": []}, "body.events"),
        ({"touchpoints": ["nowhere"]}, "body.touchpoints.0"),
        ({"secret": "whsec_mine"}, "body.secret"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(client, said, place):
    answer = await client.post("/v1/webhooks", json={"url": URL, "events": ["feedback.created"]} | said)
    assert answer.status_code == 422 and answer.json()["code"] == "invalid_request"
    assert answer.json()["errors"][0]["place"] == place
    assert (await client.get("/v1/webhooks")).json()["items"] == []


async def test_an_address_is_checked_when_it_is_changed_too(client):
    made = (await client.post("/v1/webhooks", json={"url": URL, "events": ["feedback.created"]})).json()
    moved = await client.patch(f"/v1/webhooks/{made['id']}", json={"url": "https://169.254.169.254/latest"})
    assert moved.status_code == 422 and "TOUCHSTONE_WEBHOOK_ALLOW_NETWORKS" in moved.json()["errors"][0]["mend"]
    assert (await client.get(f"/v1/webhooks/{made['id']}")).json()["url"] == URL
