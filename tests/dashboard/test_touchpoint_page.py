"""A touchpoint's page: what stands in which order, and what it takes to read it."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlmodel import select

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from app.models import TargetRecord, now
from tests.dashboard.company import fell, signed_in, statements
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
    sent = await send(person, PATH, PATH, note="The question is <too> long")
    assert sent.status_code == 303
    (review,) = (await client.get("/v1/touchpoints/delivery/reviews")).json()["items"]
    assert review["note"] == "The question is <too> long"
    page = (await person.get(PATH)).text
    assert "The question is &lt;too&gt; long" in page and "reviewed by" in page


async def test_a_note_too_long_stays_where_it_was_typed_with_what_is_wrong_beside_it(client, make, person):
    await make("delivery")
    sent = await send(person, PATH, f"{PATH}?period=7d", note="x" * 4001)
    assert sent.status_code == 422
    assert re.search(r'name="note"[^>]*aria-describedby="wrong-note">x{4001}</textarea>', sent.text)
    assert sent.text.count("At most 4,000 characters.") == 2  # beside it and above the page
    assert 'href="#at-note"' in sent.text and f'action="{PATH}?period=7d"' in sent.text
    assert not (await client.get("/v1/touchpoints/delivery/reviews")).json()["items"]


async def test_a_target_stands_month_by_month_as_far_as_it_held(app, client, make, person):
    await make("delivery", scale="csat", timezone="Europe/Warsaw", target={"metric": "csat", "value": 75})
    known, zone, rows = await app.state.registry.get("delivery"), ZoneInfo("Europe/Warsaw"), []
    middles = [(now().astimezone(zone).replace(day=15, hour=12) - timedelta(days=30.4 * back)) for back in range(6)]
    for back, (rating, n) in enumerate(((5, 40), (1, 40), (5, 40), (4, 3), (1, 40))):  # this month first
        at = middles[back] if back else now()
        rest = rating, None, "", "web", "", None, None, None, at, at
        rows += [Answer(known.id, uuid7(), *rest, zone=zone) for _ in range(n)]
    await app.state.db.write(lambda session: store(session, rows))
    assert 'id="months"' not in (await person.get(PATH)).text  # it was set this month

    def held(session):
        session.exec(select(TargetRecord)).one().set_at = middles[4].replace(day=27)

    await app.state.db.write(held)
    page = (await person.get(f"{PATH}?lang=en")).text
    card = page[page.index('id="months"') :].partition("</figure>")[0]
    told = re.findall(r"<td>(?:<b[^>]*>|<span[^>]*>)([^<]+)<", card)
    assert told == ["few answers (3)", "met", "missed", "so far"]
    assert "Of the 3 months that are over, the target was met in 1 and missed in 1." in card
    assert card.count('role="img"') == 4 and card.count('class="tick"') == 4


async def test_who_may_only_read_scores_sees_the_trend_without_marks(app, client, make):
    await make("delivery", target={"metric": "index", "value": 70})
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 3})
    await fell(app)
    key = (await client.post("/v1/keys", json={"name": "Clerk", "scopes": ["scores:read"]})).json()["key"]
    clerk = await signed_in(app, key)
    page = (await clerk.get(PATH)).text
    assert 'class="chart"' in page and 'class="events"' not in page
    await clerk.aclose()


async def test_a_page_with_many_marks_takes_no_more_statements_than_one_with_none(app, client, make, person):
    await make("delivery")
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 3})
    before = min([len(await statements(person, PATH)) for _ in range(3)])  # something else may read beside one
    for number in range(20):
        start = (now() - timedelta(minutes=number + 1)).isoformat()
        body = {"title": f"Action {number}", "touchpoints": ["delivery"], "started_at": start}
        assert (await client.post("/v1/actions", json=body)).status_code == 201
        await client.post("/v1/touchpoints/delivery/reviews", json={})
    await fell(app)
    assert min([len(await statements(person, PATH)) for _ in range(3)]) == before
    assert "more events have no room here" in (await person.get(PATH)).text
