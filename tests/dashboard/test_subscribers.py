"""People told on their page: added, asked again, changed, removed; what is wrong with their mails is said."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.mail import subscribers
from app.models import Letter, now
from tests.dashboard.company import press, signed_in, statements
from tests.mail.conftest import (  # noqa: F401 - fixtures
    ON_SQLITE,
    clock,
    link,
    mailbox,
    mailer,
    send,
    smtp,
    there,
)

ANNA = {"email": "Anna@lindhoej.example", "language": "da", "alerts": "yes", "digest": "monthly"}


async def test_somebody_is_added_asked_again_changed_and_removed(app, client, make, person, anybody, send):  # noqa: F811
    await make("delivery", name="Delivery", owner="Bo")
    await make("hotline", name="Hotline")
    assert "TOUCHSTONE_SMTP_URL" in (await person.get("/subscribers")).text, "it says how mails are set up"
    made = await press(person, "/subscribers", "/subscribers", **ANNA, owner="Bo", tags="north, south")
    assert made.status_code == 303
    assert "waits for confirmation" in (await person.get("/subscribers")).text
    (first,) = await send()
    await press(person, "/subscribers/1/invitation", "/subscribers/1")
    assert await send() == [], "nobody is asked twice within ten minutes"

    def long_ago(session):
        for letter in session.exec(select(Letter)):
            letter.created_at -= subscribers.AGAIN_AFTER + timedelta(seconds=1)

    await app.state.db.write(long_ago)
    await press(person, "/subscribers/1/invitation", "/subscribers/1")
    (second,) = await send()
    assert link(first, "confirm") == link(second, "confirm")
    await anybody.post(link(second, "confirm"))
    page = (await person.get("/subscribers")).text
    assert "confirmed" in page and "those of Bo, tagged north, south" in page
    assert "Nobody is told at once of these" in page and "<p>Hotline</p>" in page
    assert "Ask for confirmation again" not in (await person.get("/subscribers/1")).text
    change = {"language": "pl", "digest": "none", "timezone": "Europe/Warsaw", "touchpoint": ["hotline"]}
    await press(person, "/subscribers/1", "/subscribers/1", **change)
    now_ = (await client.get("/v1/subscribers/1")).json()
    assert (now_["language"], now_["digest"], now_["alerts"], now_["owner"]) == ("pl", "none", False, None)
    assert (now_["touchpoints"], now_["tags"], now_["timezone"]) == (["hotline"], [], "Europe/Warsaw")
    await press(person, "/subscribers/1/remove", "/subscribers/1")
    assert (await client.get("/v1/subscribers")).json()["items"] == []


@ON_SQLITE
async def test_segments_are_chosen_among_those_that_answers_have_and_the_rest_is_not_told(client, make, person):
    await make("shop", name="Shop", segments=["store"])
    for store in ("nord", "<b>øst</b>"):
        body = {"rating": 4, "context": {"store": store}}
        assert (await client.post("/v1/touchpoints/shop/feedback", json=body)).status_code == 201
    page = (await person.get("/subscribers")).text
    assert 'value="store:nord"' in page and "<b>øst" not in page
    await press(person, "/subscribers", "/subscribers", **ANNA, segment=["store:nord", "store:<b>øst</b>"])
    assert (await client.get("/v1/subscribers/1")).json()["segments"] == ["store:nord", "store:<b>øst</b>"]
    page = (await person.get("/subscribers/1")).text
    assert "only in <bdi>" in page and page.count('name="segment"') == page.count("checked><bdi>") == 2
    assert "Shop" in (await person.get("/subscribers")).text.partition("Nobody is told at once of these")[2]
    await press(person, "/subscribers/1", "/subscribers/1", **ANNA, timezone="Europe/Copenhagen")
    assert (await client.get("/v1/subscribers/1")).json()["segments"] == []


@ON_SQLITE
async def test_mails_that_come_back_are_shown_with_what_the_server_said(app, client, person):
    await client.post("/v1/subscribers", json={"email": "gone@lindhoej.example"})

    def bounced(session):
        row = subscribers.by_id(session, 1)
        row.confirmed_at, row.bounced_at, row.bounce = now(), now(), "550 <no> such mailbox"

    await app.state.db.write(bounced)
    for path in ("/subscribers", "/subscribers/1"):
        page = (await person.get(path)).text
        assert "mails come back since" in page and "550 &lt;no&gt; such mailbox" in page
    await press(person, "/subscribers/1/invitation", "/subscribers/1")


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"email": "anna@"}, "No mail can be sent to this."), ({"tags": "a/b"}, "A tag has"), ({}, "in the list already")],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(client, person, wrong, says):
    await client.post("/v1/subscribers", json={"email": "anna@lindhoej.example"})
    answer = await press(person, "/subscribers", "/subscribers", **ANNA | wrong)
    assert answer.status_code == 422 and says in answer.text
    assert '<option value="monthly" selected>' in answer.text


@ON_SQLITE
async def test_who_may_only_look_gets_no_forms(app, client):
    await client.post("/v1/subscribers", json={"email": "anna@lindhoej.example"})
    key = (await client.post("/v1/keys", json={"name": "K", "scopes": ["scores:read", "subscribers:read"]})).json()
    looker = await signed_in(app, key["key"])
    page = (await looker.get("/subscribers/1")).text
    assert "anna@lindhoej.example" in page and "/subscribers/1/" not in page and 'name="digest"' not in page
    assert (await press(looker, "/subscribers/1/remove", "/subscribers")).status_code == 403
    await looker.aclose()


@ON_SQLITE
async def test_the_pages_read_the_touchpoints_once(client, make, person):
    await make("delivery", owner="Bo")
    await client.post("/v1/subscribers", json={"email": "anna@lindhoej.example"})
    for path in ("/subscribers", "/subscribers/1"):
        page = (await person.get(path)).text
        assert 'value="delivery"' in page and "<option>Bo</option>" in page
        assert len([one for one in await statements(person, path) if "FROM touchpoint" in one]) == 1, path
