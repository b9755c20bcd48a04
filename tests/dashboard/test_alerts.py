"""Alerts are looked at, taken, written about, made actions of and closed on pages."""

import re

from app.mail import subscribers
from app.models import now
from tests.conftest import client_of
from tests.dashboard.company import fell, journey_fell, press, signed_in


async def test_an_alert_is_taken_made_an_action_of_and_closed(app, client, make):
    await make("delivery", name="Delivery", owner="Anders")
    low = {"rating": 1, "comment": "Left in the rain"}
    await fell(app, sources=[{"source": "web", "before": 71, "after": 39, "answers": 20}])
    assert (await client.post("/v1/touchpoints/delivery/feedback", json=low)).status_code == 201
    person = await signed_in(app)
    listed = (await person.get("/alerts")).text
    assert "Delivery fell from 70 to 40" in listed and "One alert is open." in listed
    page = (await person.get("/alerts/1")).text
    assert "Known from 60 answers" in page and "Left in the rain" in page and "Where it happened" in page
    await press(person, "/alerts/1/state", "/alerts/1", state="acknowledged")
    await press(person, "/alerts/1/comments", "/alerts/1", text="The courier is new <b>")
    made = await press(
        person,
        "/actions",
        "/actions?touchpoint=delivery&alert=1",
        title="Old courier",
        touchpoint="delivery",
        alert="1",
    )
    assert made.headers["location"] == "/actions/1"
    page = (await person.get("/alerts/1")).text
    assert ">taken<" in page and "courier is new &lt;b&gt;" in page and "Old courier" in page
    await press(person, "/alerts/1/state", "/alerts/1", state="closed", because="fixed", text="Mended on Monday")
    found = (await client.get("/v1/alerts/1")).json()
    assert (found["state"], found["because"], found["comments"][-1]["text"]) == ("closed", "fixed", "Mended on Monday")
    assert "Mended on Monday" in (await person.get("/alerts")).text
    assert (await press(person, "/alerts/1/state", "/alerts/1", state="nonsense")).status_code == 422
    await person.aclose()


async def test_every_kind_of_alert_has_a_name_and_a_reader_has_no_buttons(app, client, make):
    await make("delivery", name="Delivery")
    told = {
        "drop": {"since": {"from": "2026-10-01", "to": "2026-10-04"}},
        "rise": {},
        "silence": {"hours": 50, "usual": 3.5},
        "device_silent": {"name": "Exit Nord"},
        "flood": {"set_aside": 312},
        "review_due": {"due": "2026-10-01"},
        "target": {"verdict": "missed", "since": "2026-10-01", "level_before": None},
        "action": {"title": "The old courier", "verdict": "better", "level_before": None},
    }
    for kind, evidence in told.items():
        await fell(app, kind=kind, **evidence)
    made = await client.post("/v1/keys", json={"name": "x", "scopes": ["scores:read", "alerts:read"]})
    reader = await signed_in(app, made.json()["key"])
    assert (await reader.get("/")).status_code == 200
    page = (await reader.get("/alerts?lang=en")).text
    assert page.count("<h3>") == len(told) and "I take it" not in page
    assert "Tablet “Exit Nord” is silent" in page and "The old courier: it helped" in page
    for number in range(1, len(told) + 1):
        answer = await reader.get(f"/alerts/{number}?lang={('en', 'de', 'da', 'pl')[number % 4]}")
        assert answer.status_code == 200 and "/state" not in answer.text
    assert (await reader.post("/alerts/1/state", data={"state": "closed"})).status_code == 403
    assert (await reader.get("/alerts/999999")).status_code == 404
    await reader.aclose()
    async with client_of(app) as nobody:
        assert (await nobody.get("/alerts")).status_code == 303


async def test_an_alert_says_who_was_told_and_whether_it_arrived(app, client, make):
    await make("delivery", name="Delivery")
    slack = {"url": "https://hooks.slack.com/services/T0/B0/secretpart", "format": "slack"}
    await client.post("/v1/webhooks", json=slack | {"events": ["alert.opened", "score.dropped"]})
    await client.post("/v1/subscribers", json={"email": "anna@lindhoej.example"})

    def confirmed(session):
        subscribers.by_id(session, 1).confirmed_at = now()

    await app.state.db.write(confirmed)
    await fell(app, kind="silence")
    await fell(app)
    (told, *_) = (await client.get("/v1/alerts/2")).json()["told"]
    assert {(one["by"], one["event"]) for one in (await client.get("/v1/alerts/2")).json()["told"]} == {
        ("slack", "alert.opened"),
        ("slack", "score.dropped"),
        ("mail", "alert.opened"),
    }
    assert told["state"] == "waiting" and told["at"] is None
    person = await signed_in(app)
    page = (await person.get("/alerts/2")).text
    assert page.count("https://hooks.slack.com/***") == 1 and "anna@lindhoej.example" in page
    assert "secretpart" not in page
    key = (await client.post("/v1/keys", json={"name": "K", "scopes": ["alerts:read", "scores:read"]})).json()["key"]
    clerk = client_of(app, headers={"Authorization": f"Bearer {key}"})
    assert {one["to"] for one in (await clerk.get("/v1/alerts/2")).json()["told"]} == {None}
    await clerk.aclose()
    await person.aclose()


async def test_an_alert_of_a_journey_says_where_it_fell_and_which_alerts_stand_beside_it(app, client, make):
    for key in ("delivery", "basket", "payment"):
        await make(key, name=key.capitalize(), owner="Anders" if key == "basket" else None)
    stages = [{"name": {"en": "Order"}, "touchpoints": ["basket", "payment", "delivery"]}]
    way = {"key": "buying", "name": {"en": "Buying <b>", "de": "Kaufen"}, "stages": stages}
    assert (await client.post("/v1/journeys", json=way)).status_code == 201
    await fell(app, journeys=["buying"])
    parts = [{"touchpoint": key, "before": 71, "after": 62, "answers": 20} for key in ("basket", "payment")]
    await journey_fell(app, touchpoints=parts, alerts=[1])
    person = await signed_in(app)
    assert "Buying &lt;b&gt; (journey) fell from 70 to 40" in (await person.get("/alerts")).text
    page = (await person.get("/alerts/2")).text
    assert "A journey where nothing changes" in page and "Basket" in page and "Delivery fell from 70 to 40</a>" in page
    assert "/actions?touchpoint=basket&amp;touchpoint=payment&amp;alert=2" in page
    assert (await person.get("/actions?touchpoint=basket&touchpoint=payment&alert=2")).text.count(" checked") == 2
    assert "level of a whole journey moved with it" in (await person.get("/alerts/1")).text
    assert "Kaufen (Kundenweg)" in (await person.get("/?lang=de")).text
    assert (
        "Kaufen" in (await person.get("/?owner=Anders")).text and "Kaufen" not in (await person.get("/?owner=x")).text
    )
    assert "Kaufen (Kundenweg)" in (await person.get("/search?q=buying")).text
    await press(person, "/alerts/2/state", "/alerts/2", state="closed", because="fixed")
    assert (await client.get("/v1/alerts/2")).json()["state"] == "closed"
    await person.aclose()


async def test_what_is_wrong_in_a_form_of_an_alert_is_said_there_and_what_was_written_stays(app, client, make):
    await make("delivery", name="Delivery")
    await fell(app)
    person = await signed_in(app)
    empty = await press(person, "/alerts/1/comments", "/alerts/1", text=" ")
    assert empty.status_code == 422 and 'id="wrong-text">This is needed.' in empty.text
    long = await press(
        person, "/alerts/1/state", "/alerts/1", state="closed", because="other", text="<long> " + "x" * 4000
    )
    assert long.status_code == 422 and 'id="wrong-text">At most 4,000 characters.' in long.text
    assert "&lt;long&gt; xxx" in long.text and 'value="other" checked' in long.text and 'name="menu" open' in long.text
    assert (await client.get("/v1/alerts/1")).json()["state"] == "open"
    await person.aclose()


async def test_taking_an_alert_that_somebody_closed_says_so_and_keeps_what_was_written(app, client, make):
    await make("delivery", name="Delivery")
    await fell(app)
    person = await signed_in(app)
    page = (await person.get("/alerts/1")).text
    assert (await client.patch("/v1/alerts/1", json={"state": "closed"})).status_code == 200
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    said = {"csrf": token[1], "state": "acknowledged", "text": "I call the courier"}
    answer = await person.post("/alerts/1/state", data=said)
    assert answer.status_code == 422 and "This alert has been closed in the meantime." in answer.text
    assert ">I call the courier</textarea>" in answer.text
    assert (await client.get("/v1/alerts/1")).json()["comments"] == []
    await person.aclose()
