"""A touchpoint's page: what stands in which order, and what it takes to read it."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.models import now
from tests.dashboard.company import fell, signed_in
from tests.dashboard.forms import send

PATH = "/touchpoints/delivery"
ORDER = ("Trend", "By store", "Where from", "Ratings", "Reasons", "When", "Words that set", "Comments", "Review")


async def test_what_comes_first_is_what_one_looks_for_first(client, make, person):
    await make("delivery", scale="csat", segments=["store"], target={"metric": "csat", "value": 75})
    items = [{"touchpoint": "delivery", "rating": 2, "comment": "Late", "context": {"store": "nord"}}] * 20
    await client.post("/v1/feedback/batch", json={"items": items})
    page = (await person.get(PATH)).text
    headings = re.findall(r"<h2[^>]*>(?:<[^>]+>)?([^<]+)", page)
    assert [next(one for one in ORDER if said.startswith(one)) for said in headings[: len(ORDER)]] == list(ORDER)
    assert page.count("target of 75 (satisfied)") == 1  # the sentence
    assert page.count(", target 75") == 1  # said of the mark beside its own measure


async def test_a_review_is_written_down_with_what_was_found(client, make, person):
    await make("delivery")
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 3})
    sent = await send(person, PATH, f"{PATH}/reviewed", note="The question is <too> long")
    assert sent.status_code == 303
    (review,) = (await client.get("/v1/touchpoints/delivery/reviews")).json()["items"]
    assert review["note"] == "The question is <too> long"
    page = (await person.get(PATH)).text
    assert "The question is &lt;too&gt; long" in page and "reviewed by" in page
    assert (await send(person, PATH, f"{PATH}/reviewed", note="x" * 4001)).status_code == 422
    assert len((await client.get("/v1/touchpoints/delivery/reviews")).json()["items"]) == 1


async def test_who_may_only_read_scores_sees_the_trend_without_marks(app, client, make):
    await make("delivery", target={"metric": "index", "value": 70})
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 3})
    await fell(app)
    key = (await client.post("/v1/keys", json={"name": "Clerk", "scopes": ["scores:read"]})).json()["key"]
    clerk = await signed_in(app, key)
    page = (await clerk.get(PATH)).text
    assert 'class="chart"' in page and 'class="events"' not in page
    await clerk.aclose()


async def statements(person: Any) -> int:
    """How many statements the page takes."""
    seen: list[str] = []

    def heard(*said: Any) -> None:
        seen.append(said[2])

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        assert (await person.get(PATH)).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    return len(seen)


async def test_a_page_with_many_marks_takes_no_more_statements_than_one_with_none(app, client, make, person):
    await make("delivery")
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 3})
    before = min([await statements(person) for _ in range(3)])  # something else may read beside one
    for number in range(20):
        start = (now() - timedelta(minutes=number + 1)).isoformat()
        body = {"title": f"Action {number}", "touchpoints": ["delivery"], "started_at": start}
        assert (await client.post("/v1/actions", json=body)).status_code == 201
        await client.post("/v1/touchpoints/delivery/reviews", json={})
    await fell(app)
    assert min([await statements(person) for _ in range(3)]) == before
    assert "more events have no room here" in (await person.get(PATH)).text
