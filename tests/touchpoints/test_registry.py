"""Touchpoints are registered, listed, changed and archived."""

import pytest

from app.touchpoints.catalogue import CATALOGUE


async def test_a_kind_alone_is_enough(client):
    made = (await client.post("/v1/touchpoints", json={"kind": "invoice"})).json()
    assert made["key"] == "invoice" and made["phase"] == "post_purchase" and made["contact"] == "direct"
    assert set(made["question"]) == {"en", "de", "da", "pl"}
    again = (await client.post("/v1/touchpoints", json={"kind": "invoice"})).json()
    assert again["key"] == "invoice-2"


async def test_every_kind_of_the_catalogue_can_be_registered(client):
    catalogue = (await client.get("/v1/catalogue", headers={"Authorization": ""})).json()["items"]
    assert [kind["kind"] for kind in catalogue] == list(CATALOGUE)
    for kind in catalogue:
        made = await client.post("/v1/touchpoints", json={"kind": kind["kind"]})
        assert made.status_code == 201, made.text
        assert made.json()["scale"] == kind["scale"]


async def test_what_is_said_goes_before_what_the_catalogue_says(client):
    body = {
        "key": "till",
        "kind": "physical_store",
        "scale": "stars",
        "name": "The till",
        "timezone": "Asia/Kolkata",
        "origins": ["HTTPS://Shop.Example/"],
        "target": {"metric": "mean", "value": 4.5, "by": "2027-01-01"},
    }
    made = (await client.post("/v1/touchpoints", json=body)).json()
    assert (made["scale"], made["name"], made["timezone"]) == ("stars", {"en": "The till"}, "Asia/Kolkata")
    assert made["origins"] == ["https://shop.example"]
    assert made["target"] == {"metric": "mean", "value": 4.5, "by": "2027-01-01"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"key": "../etc"},
        {"key": "Upper"},
        {"key": "a" * 65},
        {"kind": "nothing"},
        {"key": "a", "scale": "hearts"},
        {"key": "a", "importance": 6},
        {"key": "a", "timezone": "Mars/Olympus"},
        {"key": "a", "origins": ["shop.example"]},
        {"key": "a", "origins": ["https://*"]},
        {"key": "a", "origins": ["https://a@b.example"]},
        {"key": "a", "name": {"french": "Facture"}},
        {"key": "a", "reasons": [{"key": "x", "label": "X"}] * 2},
        {"key": "a", "reasons": [{"key": f"r{n}", "label": "X"} for n in range(7)]},
        {"key": "a", "unknown": 1},
    ],
)
async def test_a_touchpoint_that_makes_no_sense_is_refused(client, body):
    refused = await client.post("/v1/touchpoints", json=body)
    assert refused.status_code == 422 and refused.json()["errors"]
    assert (await client.get("/v1/touchpoints")).json()["items"] == []


async def test_a_key_is_taken_once(client, make):
    await make("checkout")
    refused = await client.post("/v1/touchpoints", json={"key": "checkout"})
    assert refused.status_code == 409 and refused.json()["code"] == "key_taken"


async def test_lists_are_paged_by_key_and_filtered(client, make):
    for number in range(7):
        await make(f"t{number}", tags=["even" if number % 2 == 0 else "odd"], phase="purchase", owner=f"o{number % 3}")
    first = (await client.get("/v1/touchpoints", params={"limit": 5})).json()
    rest = (await client.get("/v1/touchpoints", params={"limit": 5, "cursor": first["next_cursor"]})).json()
    assert [item["key"] for item in first["items"] + rest["items"]] == [f"t{n}" for n in range(7)]
    assert rest["next_cursor"] is None
    even = (await client.get("/v1/touchpoints", params={"tag": "even"})).json()["items"]
    assert [item["key"] for item in even] == ["t0", "t2", "t4", "t6"]
    assert (await client.get("/v1/touchpoints", params={"tag": "eve"})).json()["items"] == []
    owned = (await client.get("/v1/touchpoints", params={"owner": "o1", "phase": "purchase"})).json()["items"]
    assert [item["key"] for item in owned] == ["t1", "t4"]
    refused = await client.get("/v1/touchpoints", params={"cursor": "nonsense"})
    assert refused.status_code == 422


async def test_a_change_touches_only_what_is_sent(client, make):
    before = await make("checkout", owner="Ann", tags=["a"])
    after = (await client.patch("/v1/touchpoints/checkout", json={"owner": None, "importance": 5})).json()
    assert after["owner"] is None and after["importance"] == 5
    same = {"owner", "importance", "updated_at"}
    assert {k: v for k, v in after.items() if k not in same} == {k: v for k, v in before.items() if k not in same}
    refused = await client.patch("/v1/touchpoints/checkout", json={"name": None})
    assert refused.status_code == 422


async def test_the_scale_is_fixed_once_answers_exist(client, make):
    await make("checkout", scale="stars")
    assert (await client.patch("/v1/touchpoints/checkout", json={"scale": "nps"})).status_code == 200
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 10})
    refused = await client.patch("/v1/touchpoints/checkout", json={"scale": "stars"})
    assert refused.status_code == 409 and refused.json()["code"] == "scale_locked"
    assert (await client.patch("/v1/touchpoints/checkout", json={"scale": "nps"})).status_code == 200


async def test_archived_touchpoints_leave_the_lists_and_can_come_back(client, make):
    await make("checkout")
    await client.delete("/v1/touchpoints/checkout")
    assert (await client.get("/v1/touchpoints")).json()["items"] == []
    archived = (await client.get("/v1/touchpoints", params={"archived": True})).json()["items"]
    assert [item["key"] for item in archived] == ["checkout"]
    back = (await client.patch("/v1/touchpoints/checkout", json={"archived": False})).json()
    assert back["archived_at"] is None


@pytest.mark.parametrize(
    ("target", "place"),
    [({"metric": "nps", "value": 40}, "body.target.metric"), ({"metric": "mean", "value": 40}, "body.target.value")],
)
async def test_a_target_that_the_scale_cannot_reach_is_refused_with_what_it_has(client, make, target, place):
    await make("shop", scale="csat", target={"metric": "csat", "value": 80})
    for answer in (
        await client.post("/v1/touchpoints", json={"key": "till", "scale": "csat", "target": target}),
        await client.patch("/v1/touchpoints/shop", json={"target": target}),
    ):
        (wrong,) = answer.json()["errors"]
        assert (
            answer.status_code == 422 and wrong["place"] == place and ("csat" in wrong["mend"] or "5" in wrong["mend"])
        )
    assert (await client.patch("/v1/touchpoints/shop", json={"scale": "nps"})).status_code == 422
    assert (await client.patch("/v1/touchpoints/shop", json={"scale": "nps", "target": None})).status_code == 200
