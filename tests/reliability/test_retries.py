"""The same answer said often, at once or out of order, is one answer."""

import asyncio
import json
from collections import Counter
from uuid import UUID

import pytest

from app.ids import uuid7
from tests.conftest import ADMIN
from tests.reliability.report import report
from tests.reliability.truth import truth

FEEDBACK = "/v1/touchpoints/checkout/feedback"


async def score(client):
    return (await client.get("/v1/touchpoints/checkout/score")).json()


async def test_thirty_two_different_puts_at_once_make_one_row(client, make, database_url):
    await make("checkout", scale="nps")
    url = f"{FEEDBACK}/{uuid7()}"
    answers = await asyncio.gather(*(client.put(url, json={"rating": n % 11, "comment": f"{n}"}) for n in range(32)))
    statuses = Counter(answer.status_code for answer in answers)
    found = await truth(database_url)
    one = len(found.rows) == found.counted == 1 and found.drift == 0
    figure = f"{len(found.rows)} row, {statuses[201]} x 201, {statuses[200]} x 200"
    holds = one and statuses == {201: 1, 200: 31}
    report(f"32 different PUTs on one id, {database_url[:8]}", figure, "1 row", holds=holds)


async def test_a_customers_thirty_two_changes_at_once_end_as_the_last_said(client, anybody, make, database_url):
    await make("checkout", scale="nps", origins=["https://shop.example"])
    url, origin = f"{FEEDBACK}/{uuid7()}", {"Origin": "https://shop.example"}
    puts = (anybody.put(url, json={"rating": n % 11}, headers=origin) for n in range(32))
    answers = await asyncio.gather(*puts)
    assert {answer.status_code for answer in answers} == {200, 201}
    found = await truth(database_url)
    assert len(found.rows) == 1 and found.drift == 0 and found.counted == 1
    assert (await score(client))["distribution"][str(next(iter(found.rows.values())))] == 1


def items(count):
    return [{"touchpoint": "checkout", "id": str(uuid7()), "rating": n % 5 + 1} for n in range(count)]


async def test_a_batch_repeated_and_reordered_adds_nothing(client, make, database_url):
    await make("checkout")
    batch = items(300)
    orders = [batch, batch[::-1], batch[100:] + batch[:100], batch + batch]
    answers = await asyncio.gather(*(client.post("/v1/feedback/batch", json={"items": order}) for order in orders))
    assert sum(answer.json()["created"] for answer in answers) == 300
    assert sum(answer.json()["duplicate"] for answer in answers) == 4 * 300
    found = await truth(database_url)
    assert len(found.rows) == 300 == found.counted and found.drift == 0


@pytest.mark.parametrize("left", [1, 37, 5000, 10_001, -1])
async def test_a_torn_batch_stores_its_whole_lines_and_its_repetition_the_rest(client, make, database_url, left):
    await make("checkout")
    batch = items(200)
    whole = "\n".join(json.dumps(item) for item in batch).encode()
    ndjson = {"Content-Type": "application/x-ndjson"}
    torn = await client.post("/v1/feedback/batch", content=whole[:left], headers=ndjson)
    assert torn.status_code == 200 and torn.json()["rejected"] <= 1
    assert torn.json()["created"] >= whole[:left].count(b"\n")
    again = (await client.post("/v1/feedback/batch", content=whole, headers=ndjson)).json()
    assert again["created"] + torn.json()["created"] == 200 and again["rejected"] == 0
    found = await truth(database_url)
    assert found.rows.keys() == {UUID(item["id"]) for item in batch} and found.drift == 0


async def test_a_torn_json_batch_stores_nothing(client, make, database_url):
    await make("checkout")
    body = json.dumps({"items": items(50)}).encode()[:-7]
    answer = await client.post("/v1/feedback/batch", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.json()["code"] == "malformed_body"
    assert not (await truth(database_url)).rows


async def test_an_id_twice_in_one_batch_counts_once(client, make, database_url):
    await make("checkout")
    item = items(1)[0]
    lines = [item, item, item | {"rating": 5, "comment": "other"}]
    answer = await client.post("/v1/feedback/batch", json={"items": lines}, headers=ADMIN)
    assert [result["status"] for result in answer.json()["results"]] == ["created", "duplicate", "updated"]
    found = await truth(database_url)
    assert found.counted == 1 and found.drift == 0
