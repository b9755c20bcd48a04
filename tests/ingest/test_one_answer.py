"""One answer comes in."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.ids import uuid7
from app.ingest.channels import API, IMPORT
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn


async def test_a_rating_is_stored_and_counted(client, make):
    await make("checkout", scale="csat")
    answer = await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 4, "comment": "quick"})
    assert answer.status_code == 201
    assert answer.json()["source"] == "api"
    score = (await client.get("/v1/touchpoints/checkout/score")).json()
    assert score["count"] == 1 and score["comment_count"] == 1
    assert score["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0}
    assert score["metrics"]["csat"]["value"] == 100.0


async def test_thirty_two_equal_puts_at_once_make_one_row(client, make):
    await make("checkout")
    url = f"/v1/touchpoints/checkout/feedback/{uuid.uuid4()}"
    answers = await asyncio.gather(*(client.put(url, json={"rating": 5}) for _ in range(32)))
    assert sorted(answer.status_code for answer in answers) == [200] * 31 + [201]
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 1


async def test_an_answer_from_a_file_is_final_for_one_received_before_it_too(app, client, make):
    await make("checkout")
    known = await app.state.registry.get("checkout")
    received, number = datetime.now(UTC), uuid7()
    later = to_answer(known, AnswerIn(rating=5), IMPORT, number, received)
    earlier = to_answer(known, AnswerIn(rating=1), IMPORT, number, received - timedelta(milliseconds=5))
    outcomes = [outcome.status for answer in (later, earlier) for outcome in await app.state.writer.submit([answer])]
    assert outcomes == ["created", "locked"]


async def test_an_answer_that_the_database_refuses_does_not_sink_its_neighbours(app, client, make):
    await make("checkout")
    known = await app.state.registry.get("checkout")
    answers = [to_answer(known, AnswerIn(rating=n), API, None, datetime.now(UTC)) for n in (1, 2, 3, 4, 5)]
    answers[2].touchpoint_id = 10**6  # there is none
    came = await asyncio.gather(*(app.state.writer.submit([each]) for each in answers), return_exceptions=True)
    assert [place for place, each in enumerate(came) if isinstance(each, IntegrityError)] == [2]
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 4
    assert app.state.writer.depth == 0


@pytest.mark.parametrize("rating", [0, 6, -1, 2**40])
async def test_a_rating_outside_the_scale_is_refused_with_its_place(client, make, rating):
    await make("checkout", scale="stars")
    answer = await client.post("/v1/touchpoints/checkout/feedback", json={"rating": rating})
    assert answer.status_code == 422
    assert answer.json()["code"] == "rating_out_of_scale"
    assert answer.json()["errors"][0]["place"] == "body.rating"
