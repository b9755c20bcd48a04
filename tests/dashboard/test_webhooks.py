"""Chats and webhooks on their page: added, tried, changed, sent again, without a script and with the key's rights."""

import re
from collections.abc import AsyncIterator

import pytest

from app.webhooks.deliver import Deliverer
from tests.dashboard.company import press, signed_in
from tests.mail.conftest import ON_SQLITE
from tests.webhooks.conftest import LOOPBACK, Receiver, receiver  # noqa: F401 - a fixture

SLACK = "https://hooks.slack.com/services/T00/B00/secretpart"


@pytest.fixture
async def delivering(app) -> AsyncIterator[None]:
    """The service calls receivers on this machine."""
    await app.state.deliverer.close()
    app.state.settings = app.state.settings.model_copy(update={"webhook_allow_networks": LOOPBACK})
    deliverer = Deliverer(app.state.db, LOOPBACK)
    deliverer.start()
    yield
    await deliverer.close()


async def test_a_place_is_added_tried_and_sent_again_what_it_refused(app, client, make, person, delivering, receiver):  # noqa: F811
    await make("delivery", name="Delivery")
    receiver.statuses = [500, 204]
    said = {"format": "standard", "url": receiver.url, "language": "en", "event": ["score.dropped"]}
    made = await press(person, "/webhooks", "/webhooks", **said, touchpoint=["delivery"])
    assert made.status_code == 201 and re.search(r"whsec_[\w+/=]+", made.text), "the secret is shown, once"
    assert "the receiver answered 500" in made.text and receiver.types == ["webhook.test"]
    page = (await person.get("/webhooks/1")).text
    assert "whsec_" not in page and "Send all that failed again" in page
    number = re.search(r'name="delivery" value="([^"]+)"', page)
    assert number
    await press(person, "/webhooks/1/replay", "/webhooks/1", delivery=number[1])
    (row,) = (await client.get("/v1/webhooks/1/deliveries")).json()["items"]
    assert row["state"] == "waiting" and row["tries"] == 1, "it is due at once, and known as tried"
    assert (await press(person, "/webhooks/1/replay", "/webhooks/1", delivery="x")).status_code == 404


@ON_SQLITE
async def test_a_test_says_at_once_what_came_of_it(app, person, delivering, receiver):  # noqa: F811
    said = {"format": "slack", "url": receiver.url, "language": "de", "event": ["feedback.low_rating"]}
    made = await press(person, "/webhooks", "/webhooks", **said)
    assert made.status_code == 303 and made.headers["location"] == "/webhooks/1"
    assert len(receiver.seen) == 1 and "arrived" in (await person.get("/webhooks/1")).text
    await press(person, "/webhooks/1/test", "/webhooks/1")
    assert len(receiver.seen) == 2


@ON_SQLITE
async def test_a_chat_is_changed_switched_off_and_deleted(app, client, make, person):
    await make("delivery", name="Delivery")
    body = {"url": SLACK, "format": "slack", "events": ["score.dropped"], "touchpoints": ["delivery"]}
    await client.post("/v1/webhooks", json=body)
    page = (await person.get("/webhooks/1")).text
    assert "secretpart" not in page + (await person.get("/webhooks")).text and "https://hooks.slack.com/***" in page
    change = {"url": "https://hooks.slack.com/***", "language": "pl", "event": ["score.risen"], "include": ["comment"]}
    assert (await press(person, "/webhooks/1", "/webhooks/1", **change)).status_code == 303
    now = (await client.get("/v1/webhooks/1")).json()
    assert (now["events"], now["touchpoints"], now["language"], now["include"]) == (
        ["score.risen"],
        [],
        "pl",
        ["comment"],
    )
    await press(person, "/webhooks/1/switch", "/webhooks/1", to="off")
    assert "Somebody switched it off." in (await person.get("/webhooks/1")).text
    await press(person, "/webhooks/1/switch", "/webhooks/1", to="on")
    assert (await client.get("/v1/webhooks/1")).json()["enabled"]
    await press(person, "/webhooks/1/delete", "/webhooks/1")
    assert (await client.get("/v1/webhooks/1")).status_code == 404


@ON_SQLITE
@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"url": "http://10.0.0.1/"}, "It has to be a public one"), ({"event": []}, "Choose at least one.")],
)
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(app, person, wrong, says):
    said = {"format": "teams", "url": "https://example.com/kept", "language": "da", "event": ["score.risen"]}
    answer = await press(person, "/webhooks", "/webhooks", **said | wrong)
    assert answer.status_code == 422 and says in answer.text
    assert '<option value="teams" selected>' in answer.text and '<option value="da" selected>' in answer.text


@ON_SQLITE
async def test_who_may_only_look_gets_no_forms_and_comments_take_the_right_to_read_them(app, client):
    await client.post("/v1/webhooks", json={"url": SLACK, "format": "slack", "events": ["score.dropped"]})
    await client.patch("/v1/webhooks/1", json={"include": ["comment"]})
    keys = [
        (await client.post("/v1/keys", json={"name": "K", "scopes": scopes})).json()["key"]
        for scopes in (["scores:read", "webhooks:read"], ["scores:read", "webhooks:read", "webhooks:write"])
    ]
    looker, changer = [await signed_in(app, key) for key in keys]
    page = (await looker.get("/webhooks/1")).text
    assert "/webhooks/1/" not in page and 'name="url"' not in page
    page = (await changer.get("/webhooks/1")).text
    assert "needs the right feedback:read" in page and 'name="include"' not in page
    sent = {"url": "https://example.com/mine", "language": "en", "event": ["score.risen"]}
    assert (await press(changer, "/webhooks/1", "/webhooks/1", **sent)).status_code == 403
    assert (await press(looker, "/webhooks/1/delete", "/webhooks")).status_code == 403
    await looker.aclose()
    await changer.aclose()


@ON_SQLITE
async def test_segments_of_a_place_are_shown_by_their_names_changed_and_kept(app, client, make, person):
    await make("delivery", name="Delivery", segments=["store"])
    named = {"name": {"en": "Store"}, "values": [{"value": "nord", "name": {"en": "Aarhus <North>"}}]}
    assert (await client.patch("/v1/segments/store", json=named)).status_code == 200
    body = {"url": SLACK, "format": "slack", "events": ["score.dropped"], "segments": ["store:nord", "store:x y"]}
    await client.post("/v1/webhooks", json=body | {"touchpoints": ["delivery"]})
    for path in ("/webhooks", "/webhooks/1"):
        page = (await person.get(path)).text
        assert "Only Delivery." in page and "Only answers of Store: Aarhus &lt;North&gt;, Store: x y." in page
    where = {"url": "https://hooks.slack.com/***", "event": ["score.dropped"], "touchpoint": ["delivery"]}
    kept = await press(person, "/webhooks/1", "/webhooks/1", language="en", **where)
    assert kept.status_code == 303
    assert (await client.get("/v1/webhooks/1")).json()["segments"] == body["segments"]
    wrong = await press(person, "/webhooks/1", "/webhooks/1", language="en", **where, segments="store:nord\nodense")
    assert wrong.status_code == 422 and 'id="wrong-segments">One a line: a name, a colon and a value' in wrong.text
    assert "store:nord\nodense</textarea>" in wrong.text
    await press(person, "/webhooks/1", "/webhooks/1", language="en", **where, segments=" store:syd \n\n")
    assert (await client.get("/v1/webhooks/1")).json()["segments"] == ["store:syd"]
