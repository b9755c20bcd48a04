"""Touchpoints, keys, tablets and flags, changed on the dashboard's pages."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import client_of
from tests.dashboard.forms import send


async def test_the_first_run_registers_what_is_ticked(person: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    assert "Nothing is measured yet" in (await person.get("/")).text
    answer = await send(person, "/", "/touchpoints", kind=["delivery", "invoice"], own="Café Ærø")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    keys = [item["key"] for item in (await client.get("/v1/touchpoints")).json()["items"]]
    assert keys == ["cafe-aero", "delivery", "invoice"]


async def test_a_new_key_is_shown_once_and_works(
    person: httpx.AsyncClient, client: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    answer = await send(person, "/keys", "/keys", name="Shop", scope=["scores:read"])
    found = re.search(r"tsk_[\w-]{30,}", answer.text)
    assert answer.status_code == 201
    assert found
    assert found[0] not in (await person.get("/keys")).text
    assert (await anybody.get("/v1/scores", headers={"Authorization": f"Bearer {found[0]}"})).status_code == 200
    number = (await client.get("/v1/keys")).json()["items"][0]["id"]
    await send(person, "/keys", f"/keys/{number}/revoke")
    assert "revoked" in (await person.get("/keys")).text


async def test_a_name_that_a_terminal_would_obey_is_refused_beside_its_field(person: httpx.AsyncClient) -> None:
    answer = await send(person, "/keys", "/keys", name="a\x1b]0;owned\x07", scope=["scores:read"])
    assert answer.status_code == 422
    assert 'id="wrong-name">A character in it cannot be shown' in answer.text
    nothing = await send(person, "/keys", "/keys", name="Shop")
    assert nothing.status_code == 422 and 'id="wrong-scopes"' in nothing.text and 'value="Shop"' in nothing.text


async def test_nobody_gives_rights_on_a_page_that_he_lacks(app: FastAPI, client: httpx.AsyncClient) -> None:
    scopes = ["scores:read", "keys:read", "keys:write"]
    key = (await client.post("/v1/keys", json={"name": "Clerk", "scopes": scopes})).json()["key"]
    async with client_of(app) as clerk:
        await clerk.post("/login", data={"key": key})
        answer = await send(clerk, "/keys", "/keys", name="More", scope=["admin"])
        assert answer.status_code == 403
        assert (await clerk.get("/touchpoints")).status_code == 403


async def test_a_tablet_gets_its_code_on_the_page(person: httpx.AsyncClient, make: Any) -> None:
    await make("checkout")
    answer = await send(person, "/devices", "/devices", name="Exit", touchpoint=["checkout"])
    assert answer.status_code == 201
    assert re.search(r'class="code">[A-Z0-9-]{8,9}<', answer.text)
    assert "not paired" in (await person.get("/devices")).text


async def test_a_flagged_answer_stops_counting_and_can_count_again(
    person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any
) -> None:
    await make("checkout", scale="csat")
    said = (await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 1, "comment": "Bad"})).json()
    page = "/touchpoints/checkout"
    where = {"id": said["id"], "next": page}
    answer = await send(person, page, f"{page}/flags", flag="spam", **where)
    assert answer.headers["location"] == page
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["excluded"] == {"spam": 1}
    assert "not counted: spam" in (await person.get(page)).text
    await send(person, page, f"{page}/flags", flag="", **where)
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 1


@pytest.mark.parametrize("path", ["/keys", "/devices", "/touchpoints", "/touchpoints/checkout/edit"])
async def test_a_form_without_its_token_changes_nothing(person: httpx.AsyncClient, make: Any, path: str) -> None:
    await make("checkout")
    answer = await person.post(path, data={"name": "X", "kind": "invoice", "scope": "admin", "timezone": "UTC"})
    assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (403, True)


async def test_comments_are_filtered_and_searched(
    person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any
) -> None:
    await make("checkout", scale="csat")
    for rating, comment in ((1, "The queue was long"), (5, "Friendly people")):
        await client.post("/v1/touchpoints/checkout/feedback", json={"rating": rating, "comment": comment})
    page = "/touchpoints/checkout"
    unhappy = (await person.get(f"{page}?mood=unhappy")).text
    assert ("The queue was long" in unhappy, "Friendly people" in unhappy) == (True, False)
    found = (await person.get("/comments?q=friendly")).text
    assert ("The queue was long" in found, "Friendly people" in found) == (False, True)
    assert "No comment matches" in (await person.get("/comments?q=nothing")).text


async def test_what_a_customer_wrote_is_text(person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any) -> None:
    await make("checkout", scale="csat", name={"en": "<b>Till</b>"})
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 1, "comment": "<script>alert(1)</script>"})
    for path in ("/", "/comments", "/touchpoints/checkout", "/touchpoints"):
        page = (await person.get(path)).text
        assert "<b>Till" not in page
        assert "<script>alert" not in page


async def test_a_journey_shows_its_stages_and_its_weakest_link(
    person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any
) -> None:
    assert "No journey is written down yet" in (await person.get("/journeys")).text
    items = []
    for key, rating in (("search", 5), ("pay", 1)):
        await make(key, scale="csat")
        items += [{"touchpoint": key, "rating": rating}] * 20
    await client.post("/v1/feedback/batch", json={"items": items})
    stages = [{"name": "Find", "touchpoints": ["search"]}, {"name": "Buy", "touchpoints": ["pay"]}]
    answer = await client.post("/v1/journeys", json={"key": "order", "name": "Order", "stages": stages})
    assert answer.status_code == 201
    assert "Buy is the weakest link, at 0 of 100." in (await person.get("/journeys")).text


async def test_a_press_says_that_somebody_has_looked_at_the_touchpoint_again(person, client, make):
    await make("shop", review_interval_days=30)
    page = "/touchpoints/shop"
    assert 'id="review"' in (await person.get(page)).text
    assert (await send(person, page, page)).status_code == 303
    assert len((await client.get("/v1/touchpoints/shop/reviews")).json()["items"]) == 1
    assert "Last reviewed on" in (await person.get(page)).text
