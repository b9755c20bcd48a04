"""Somebody writes an action down, starts and ends it, and sees whether it helped."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from app.models import Touchpoint
from tests.dashboard.company import statements
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


async def test_pages_with_a_choice_of_touchpoints_read_them_once(person, make):
    await make("shop")
    for path in ("/actions", "/devices", "/subscribers", "/webhooks"):
        read = [one for one in await statements(person, path) if "FROM touchpoint" in one and "touchpoint.name" in one]
        assert len(read) == 1, path


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


FORM: dict[str, str] = {
    "title": "New courier",
    "owner": "Ann",
    "note": "From <May> on",
    "started_at": "",
    "finished_at": "",
}
WRONG = [
    ({"title": ""}, "title", "This is needed."),
    ({"title": "x" * 201}, "title", "At most 200 characters."),
    ({"title": "a\x1bb"}, "title", "A character in it cannot be shown. Type it anew."),
    ({"touchpoint": []}, "touchpoints", "Choose at least one."),
    ({"touchpoint": ["nowhere"]}, "touchpoints", "There is no such touchpoint."),
    ({"finished_at": "2026-05-01"}, "started_at", "Say when it started, since it has finished."),
    (
        {"started_at": "2026-05-02", "finished_at": "2026-05-01"},
        "finished_at",
        "It cannot finish before it has started.",
    ),
    ({"started_at": "soon"}, "started_at", "A date is needed here, such as 2026-12-31."),
    ({"note": "x" * 4001}, "note", "At most 4,000 characters."),
]


@pytest.mark.parametrize(("typed", "place", "says"), WRONG)
async def test_what_is_wrong_with_an_action_stands_by_its_field_and_nothing_typed_is_lost(
    person, client, make, typed, place, says
):
    await make("shop", name={"en": "The shop"})
    fields = FORM | {"touchpoint": ["shop"], "alert": "7", "step": "save"} | typed
    answer = await send(person, "/actions", "/actions", **fields)
    assert answer.status_code == 422 and (await client.get("/v1/actions")).json()["items"] == []
    page = answer.text
    assert f'id="wrong-{place}">{says}' in page and f'href="#at-{place}"' in page and f'id="at-{place}"' in page
    for name in ("title", "owner", "started_at", "finished_at", "alert"):
        assert f'value="{fields[name]}"' in page or not fields[name]
    assert fields["note"].replace("<", "&lt;").replace(">", "&gt;") in page
    assert ('value="shop" checked' in page) == ("shop" in fields["touchpoint"])


async def many(app, number=1000):
    """So many touchpoints, of which each tenth is Anders's."""

    def work(session):
        for place in range(number):
            owner = "Anders" if place % 10 == 0 else None
            row = {"contact": "direct", "channel": "post", "scale": "stars", "owner": owner, "phase": "purchase"}
            session.add(Touchpoint(key=f"p-{place}", name={"en": f"Parcels, place {place}"}, **row))

    await app.state.db.write(work)


async def test_of_a_thousand_touchpoints_some_are_found_and_those_chosen_stay_in_front(app, person, client):
    await many(app)
    page = (await person.get("/actions?touchpoint=p-7")).text
    assert len(page.encode()) < 30_000 and page.count('name="touchpoint"') == 1
    assert 'value="p-7" checked' in page and "There are 1,000 touchpoints" in page
    fields = FORM | {"touchpoint": ["p-7", "p-8"], "find": "ANDERS parc", "found": ""}
    answer = await send(person, "/actions", "/actions", step="find", **fields)
    page = answer.text
    assert answer.status_code == 200 and (await client.get("/v1/actions")).json()["items"] == []
    assert page.count('name="touchpoint"') == 62 and "40 more match." in page
    assert page.index('value="p-8" checked') < page.index('name="find"') < page.index('value="p-10"')
    assert 'value="New courier"' in page and "From &lt;May&gt; on" in page
    entered = await send(person, "/actions", "/actions", step="enter", **fields)
    assert entered.text.count('name="touchpoint"') == 62, "Enter in the search must not write the action down"
    nothing = await send(person, "/actions", "/actions", step="find", **(fields | {"find": "nobody"}))
    assert "No touchpoint matches this." in nothing.text and 'value="p-8" checked' in nothing.text
    saved = await send(person, "/actions", "/actions", step="enter", **(fields | {"found": "ANDERS parc"}))
    assert saved.status_code == 303
    assert (await client.get("/v1/actions/1")).json()["touchpoints"] == ["p-7", "p-8"]


async def test_few_touchpoints_stand_in_groups_that_are_folded(app, person, make):
    for place in range(30):
        await make(f"s-{place}", phase="purchase" if place % 3 else "post_purchase", name={"en": f"Place {place}"})
    page = (await person.get("/actions?touchpoint=s-3")).text
    assert page.count('name="touchpoint"') == 30
    groups = re.findall(r"<details class=\"more\"><summary>([^<]*) <small>(\d+)</small>", page)
    assert [(title, int(n)) for title, n in groups] == [("During purchase", 20), ("After purchase", 9)]


async def test_a_state_that_cannot_be_is_said_on_the_page_of_the_action(person, make):
    await make("shop")
    where = (await send(person, "/actions", "/actions", title="More staff", touchpoint="shop")).headers["location"]
    answer = await send(person, where, f"{where}/state", state="lost")
    assert answer.status_code == 422 and "More staff" in answer.text and "This cannot be used." in answer.text


async def test_the_form_says_what_can_be_told_when_and_with_what_to_compare(app, client, make, person):
    for key in ("shop", "hotline", "quiet"):
        await make(key, scale="csat", name={"en": key.title()})
    at, rows, random = datetime.now(UTC), [], Random(3)
    for key in ("shop", "hotline"):
        known = await app.state.registry.get(key)
        for back in range(1, 90):
            when = at - timedelta(days=back)
            for rating in random.choices((1, 2, 3, 4, 5), k=6):
                rest = None, "", "web", "", None, None, None, when, when
                rows.append(Answer(known.id, uuid7(), rating, *rest, zone=known.zone))
    await app.state.db.write(lambda session: store(session, rows))
    assert "What can be told" not in (await person.get("/actions?lang=en")).text
    page = (await person.get("/actions?touchpoint=shop")).text
    assert re.search(r"Shop gets about [56]\.\d answers a day\.", page)
    assert "28 days" in page and "84 days" in page
    sizes = [int(one) for one in re.findall(r'<th scope="row">(\d+) points?</th>', page)]
    assert len(sizes) == 3 and sizes == sorted({*sizes}, reverse=True)
    assert re.findall(r'name="compare_with" value="([^"]+)"', page) == ["hotline"]
    wrong = await send(person, "/actions", "/actions", title="", touchpoint="shop", compare_with=["hotline", "shop"])
    assert 'value="hotline" checked' in wrong.text
    same = await send(person, "/actions", "/actions", title="Staff", touchpoint="shop", compare_with="shop")
    assert same.status_code == 422 and 'id="wrong-compare_with"' in same.text and 'href="#at-compare_with"' in same.text
    assert (
        await send(person, "/actions", "/actions", title="Staff", touchpoint="shop", compare_with="hotline")
    ).has_redirect_location
    assert (await client.get("/v1/actions/1")).json()["compare_with"] == ["hotline"]
    assert "gets too few answers to say" in (await person.get("/actions?touchpoint=quiet")).text
