"""Who may still be writing is told of when he is done: once, and with his comment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.ids import uuid7
from app.models import now

ORIGIN = {"Origin": "https://shop.example"}
CREATED, CHANGED, LOW, WITHDRAWN = EVENTS = (
    "feedback.created",
    "feedback.changed",
    "feedback.low_rating",
    "feedback.withdrawn",
)


@pytest.fixture
def answers(anybody: Any) -> Callable[..., Any]:
    """Answers as a widget does, one id throughout: await answers(rating=1)."""
    number = uuid7()

    async def put(**said: Any) -> str:
        sent = await anybody.put(f"/v1/touchpoints/checkout/feedback/{number}", json=said, headers=ORIGIN)
        assert sent.status_code in (200, 201), sent.text
        return str(number)

    return put


@pytest.fixture
async def hears(make: Any, subscribe: Any, deliver: Any, receiver: Any, clock: Any) -> Callable[..., Any]:
    """What a webhook for everything hears after so many seconds: events and whether there is a comment."""
    await make("checkout", scale="csat", origins=["https://shop.example"])
    await subscribe(*EVENTS)

    async def after(seconds: float) -> list[tuple[str, bool | None]]:
        clock.at = now() + timedelta(seconds=seconds)
        await deliver()
        told, receiver.seen = receiver.events, []
        return sorted((event["type"], event["data"].get("has_comment")) for event in told)

    return after


async def test_a_low_rating_is_told_with_its_comment_and_at_once_when_that_is_there(answers, hears):
    await answers(rating=1)
    assert await hears(58) == []
    await answers(rating=1, comment="Nobody came.")
    assert await hears(0) == [(CREATED, True), (LOW, True)]
    assert await hears(100) == []


async def test_without_a_comment_it_is_told_a_minute_after_the_last_change(answers, hears):
    await answers(rating=5)
    await answers(rating=2)
    assert await hears(58) == []
    assert await hears(61) == [(CREATED, False), (LOW, False)]
    await answers(rating=2, comment="Late.")
    assert await hears(0) == [(CHANGED, True)]


async def test_a_rating_that_is_low_no_more_is_not_told_as_low(answers, hears):
    await answers(rating=1)
    await answers(rating=5, comment="I read the scale the wrong way round.")
    assert await hears(61) == [(CREATED, True)]


async def test_what_is_withdrawn_before_it_is_settled_was_never_there_and_later_it_is_withdrawn_once(
    answers, hears, client
):
    number = await answers(rating=1)
    await client.patch(f"/v1/feedback/{number}", json={"flags": ["spam"]})
    assert await hears(61) == []
    await client.patch(f"/v1/feedback/{number}", json={"flags": []})
    assert await hears(0) == [(CREATED, False), (LOW, False)]
    for flags in (["spam"], [], ["test"]):
        await client.patch(f"/v1/feedback/{number}", json={"flags": flags})
    assert await hears(0) == [(WITHDRAWN, None)]


async def test_each_webhook_hears_its_own_once_also_when_it_was_switched_off_meanwhile(
    answers, hears, client, subscribe, receiver
):
    hook = await subscribe(LOW)
    await answers(rating=1)
    await client.patch(f"/v1/webhooks/{hook['id']}", json={"enabled": False})
    await answers(rating=1, comment="Nobody came.")
    await client.patch(f"/v1/webhooks/{hook['id']}", json={"enabled": True})
    assert await hears(0) == [(CREATED, True), (LOW, True), (LOW, True)]


async def test_an_answer_with_a_key_is_told_at_once(client, hears):
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 1})
    assert await hears(0) == [(CREATED, False), (LOW, False)]


@pytest.mark.parametrize(("comment", "seconds"), [("", 121), ("Nobody came.", 0)])
async def test_a_press_on_a_link_waits_for_contradictions_but_not_once_somebody_wrote(
    client, anybody, hears, comment, seconds, app
):
    made = await client.post("/v1/links", json={"touchpoint": "checkout", "recipients": [{}]})
    path = made.json()["items"][0]["urls"]["1"].partition("/r/")[2]
    app.state.clock = lambda: now()
    page = await anybody.get(f"/r/{path}")
    nonce = page.text.partition('name="nonce" value="')[2].partition('"')[0]
    app.state.clock = lambda: now() + timedelta(seconds=2)
    pressed = await anybody.post(f"/r/{path.partition('?')[0]}", data={"rating": "1", "nonce": nonce})
    assert pressed.status_code == 200, pressed.text
    if comment:
        nonce = pressed.text.partition('name="nonce" value="')[2].partition('"')[0]
        app.state.clock = lambda: now() + timedelta(seconds=9)
        said = {"rating": "1", "nonce": nonce, "comment": comment}
        assert (await anybody.post(f"/r/{path.partition('?')[0]}", data=said)).status_code == 200
    else:
        assert await hears(110) == []
    assert await hears(seconds) == [(CREATED, bool(comment)), (LOW, bool(comment))]
