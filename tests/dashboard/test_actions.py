"""Somebody writes an action down, starts and ends it, and sees whether it helped."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from tests.dashboard.forms import send


async def test_an_action_is_written_down_started_and_ended_on_its_page(person, make):
    await make("shop", scale="csat", name={"en": "The shop"})
    done = await send(person, "/actions", "/actions", title="More <b>staff</b>", touchpoint="shop", owner="Ann")
    where = done.headers["location"]
    page = (await person.get(where)).text
    assert "More &lt;b&gt;staff&lt;/b&gt;" in page and "planned" in page and "The shop" in page
    assert (await send(person, where, f"{where}/state", state="finished")).status_code == 303
    assert "too early" in (await person.get(where)).text
    assert "More &lt;b&gt;staff" in (await person.get("/actions")).text
    assert (await send(person, "/actions", "/actions", title="Nowhere")).status_code == 422
    assert (await send(person, where, f"{where}/state", state="lost")).status_code == 422


@pytest.mark.parametrize(("language", "says"), [("en", "It helped."), ("de", "Sie hat geholfen."), ("pl", "Pomogło.")])
async def test_the_effect_is_drawn_and_said_in_the_visitors_language(app, person, client, make, language, says):
    await make("shop", scale="csat")
    known = await app.state.registry.get("shop")
    today, random = datetime.now(UTC).replace(hour=9), Random(5)
    rows = []
    for back in range(224, 0, -1):
        at = today - timedelta(days=back)
        for rating in random.choices((1, 2, 3, 4, 5), (1, 1, 2, 9, 12) if back <= 40 else (1, 1, 1, 1, 1), k=5):
            rows += [Answer(known.id, uuid7(), rating, None, "", "web", "", None, None, None, at, at, zone=known.zone)]
    await app.state.db.write(lambda session: store(session, rows))
    day = (today - timedelta(days=40)).date().isoformat()
    for metric in ("mean", "index"):
        body = {"title": "Staff", "touchpoints": ["shop"], "started_at": day, "finished_at": day, "metric": metric}
        number = (await client.post("/v1/actions", json=body)).json()["id"]
        page = (await person.get(f"/actions/{number}?lang={language}")).text
        assert says in page and page.count('class="whisker"') == 3
