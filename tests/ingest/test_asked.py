"""The response rate's other half, and a rate limit that lets a customer finish."""

import asyncio
import uuid

import pytest

from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

SHOP = {"Origin": "https://shop.example"}
TEXT = {"Content-Type": "text/plain"}


async def test_each_time_asked_is_counted_for_the_response_rate(client, anybody, make):
    await make("checkout", origins=["https://shop.example"])
    said = await asyncio.gather(
        *(anybody.post("/v1/touchpoints/checkout/asked", headers=SHOP | TEXT) for _ in range(20))
    )
    assert {(answer.status_code, answer.headers["access-control-allow-origin"]) for answer in said} == {
        (204, "https://shop.example")
    }
    answer = await anybody.post("/v1/touchpoints/checkout/feedback", json={"rating": 5}, headers=SHOP)
    assert answer.status_code == 201
    score = (await client.get("/v1/touchpoints/checkout/score")).json()
    rate = {"asked": 20, "answered": 1, "value": 5.0, "low": 0.3, "high": 26.9, "at_least": False}
    assert score["response_rate"] == rate


@pytest.mark.parametrize(
    ("key", "headers", "status", "code"),
    [
        ("checkout", {"Origin": "https://elsewhere.example"}, 403, "origin_not_allowed"),
        ("checkout", {}, 403, "origin_not_allowed"),
        ("nothing", SHOP, 404, "touchpoint_unknown"),
        ("closed", SHOP, 410, "touchpoint_archived"),
    ],
)
async def test_only_the_touchpoints_pages_may_say_that_they_asked(client, anybody, make, key, headers, status, code):
    await make("checkout", origins=["https://shop.example"])
    await make("closed", origins=["https://shop.example"])
    await client.delete("/v1/touchpoints/closed")
    answer = await anybody.post(f"/v1/touchpoints/{key}/asked", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_limit_counts_answers_and_not_their_comments(sqlite_url):
    async with (
        running(Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="2/minute")) as app,
        client_of(app) as anybody,
    ):
        await anybody.post(
            "/v1/touchpoints", json={"key": "checkout", "origins": ["https://shop.example"]}, headers=ADMIN
        )

        async def say(**fields):
            return await anybody.post("/v1/touchpoints/checkout/feedback", json=fields, headers=SHOP)

        first, second = str(uuid.uuid4()), str(uuid.uuid4())
        assert (await say(id=first, rating=4)).status_code == 201
        assert (await say(id=second, rating=4)).status_code == 201
        third = await say(id=str(uuid.uuid4()), rating=4)
        assert (third.status_code, third.json()["code"]) == (429, "rate_limited")
        assert third.headers["access-control-expose-headers"] == "Retry-After"
        assert 1 <= int(third.headers["retry-after"]) <= 120
        for comment in ("a", "b", "c", "d", "e"):
            assert (await say(id=first, rating=4, comment=comment)).status_code == 200
        assert (await anybody.post("/v1/touchpoints/checkout/asked", headers=SHOP)).status_code == 204
        changes = [(await say(id=first, rating=rating % 5 + 1)).status_code for rating in range(12)]
        assert changes[-1] == 429


async def test_who_names_no_origin_is_refused_even_where_every_origin_is_allowed(anybody, make):
    await make("open", origins=["*"])
    answer = await anybody.post("/v1/touchpoints/open/asked")
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


async def test_three_thousand_made_up_from_thirty_addresses_hardly_move_the_response_rate(sqlite_url):
    """100 honest customers asked, 20 answered; then strangers say 100 times each that they were asked."""
    chosen = {"admin_key": ADMIN_KEY, "rate_limit": "off", "trusted_proxies": "127.0.0.0/8"}
    async with running(Settings(database_url=sqlite_url, **chosen)) as app, client_of(app) as anybody:
        place = {"key": "checkout", "origins": ["https://shop.example"]}
        await anybody.post("/v1/touchpoints", json=place, headers=ADMIN)

        async def asked(address):
            headers = SHOP | TEXT | {"X-Forwarded-For": address}
            return (await anybody.post("/v1/touchpoints/checkout/asked", headers=headers)).status_code

        for customer in range(100):
            assert await asked(f"198.51.100.{customer}") == 204
            if customer < 20:
                said, headers = {"rating": 5}, SHOP | {"X-Forwarded-For": f"198.51.100.{customer}"}
                await anybody.post("/v1/touchpoints/checkout/feedback", json=said, headers=headers)
        for number in range(3000):
            assert await asked(f"203.0.113.{number % 30}") == 204
        rate = (await anybody.get("/v1/touchpoints/checkout/score", headers=ADMIN)).json()["response_rate"]
    assert rate["answered"] == 20 and rate["asked"] <= 100 + 3 * 30 and rate["value"] >= 10
