"""Each digest and alert leads to a page where the person changes what he gets, with the link alone."""

from datetime import timedelta

import pytest

from tests.mail.conftest import ON_SQLITE, link, part
from tests.mail.test_alerts import fell

ANNA, BO = "anna@lindhoej.example", "bo@lindhoej.example"
FORM = {"language": "de", "alerts": "no", "digest": "daily"}


@pytest.fixture
async def choose(app, client, make, subscribe, send):
    """Anna's link, out of the mail about a fall."""
    await make("returns", name={"en": "Product return"})
    await subscribe(ANNA, timezone="Europe/Berlin")
    await app.state.db.write(fell)
    (mail,) = await send()
    assert "Change what you get" in part(mail, "html") and link(mail, "choose") in part(mail, "html")
    return link(mail, "choose")


async def test_who_has_the_link_sees_and_changes_what_he_gets_and_looking_changes_nothing(choose, client, anybody):
    before = (await client.get("/v1/subscribers/1")).json()
    for _ in range(2):  # a scanner opens it too
        page = (await anybody.get(choose)).text
        assert ANNA in page and 'value="weekly" checked' in page and 'value="en" checked' in page
    assert (await anybody.head(choose)).status_code == 200
    assert (await client.get("/v1/subscribers/1")).json() == before
    for _ in range(2):
        saved = await anybody.post(choose, data=FORM)
        assert saved.status_code == 200 and "Gespeichert." in saved.text and 'lang="de"' in saved.text
        assert 'value="daily" checked' in saved.text and "set-cookie" not in saved.headers
    after = (await client.get("/v1/subscribers/1")).json()
    assert (after["language"], after["alerts"], after["digest"]) == ("de", False, "daily")
    assert after["digest_at"] < before["digest_at"] or before["digest_at"][:10] == after["digest_at"][:10]
    changed = {"language", "alerts", "digest", "digest_at"}
    assert {name for name in after if after[name] != before[name]} <= changed


@ON_SQLITE
async def test_who_turns_all_off_is_told_that_nothing_comes_and_can_turn_it_on_again(choose, client, anybody):
    none = await anybody.post(choose, data=FORM | {"digest": "none", "language": "en"})
    assert "You get no mails with it." in none.text
    assert (await client.get("/v1/subscribers/1")).json()["digest_at"] is None
    assert "You get no mails" not in (await anybody.post(choose, data=FORM | {"language": "en"})).text
    assert (await client.get("/v1/subscribers/1")).json()["digest_at"]


@ON_SQLITE
@pytest.mark.parametrize(
    "form", [{}, {"language": "de"}, FORM | {"digest": "hourly"}, FORM | {"language": "xx"}, FORM | {"alerts": "?"}]
)
async def test_a_form_that_is_none_of_ours_changes_nothing(choose, client, anybody, form):
    before = (await client.get("/v1/subscribers/1")).json()
    answer = await anybody.post(choose, data=form)
    assert answer.status_code == 422 and "Nothing was changed." in answer.text
    assert (await anybody.post(choose, content=b"\xff\xfe=%")).status_code == 422
    assert (await client.get("/v1/subscribers/1")).json() == before


async def test_the_link_ends_with_the_subscription_and_stays_dead_in_the_next_one(choose, client, anybody, send):
    stop = (await anybody.get(choose)).text.partition('href="/mail/stop/')[2].partition('"')[0]
    assert (await anybody.post(f"/mail/stop/{stop}")).status_code == 200
    assert "The mails have stopped" in (await anybody.get(choose)).text
    pressed = await anybody.post(choose, data=FORM)
    found = (await client.get("/v1/subscribers/1")).json()
    assert "The mails have stopped" in pressed.text
    assert (found["state"], found["language"], found["digest"]) == ("unsubscribed", "en", "weekly")
    await client.post("/v1/subscribers", json={"email": ANNA})
    (mail,) = await send()
    await anybody.post(link(mail, "confirm"))
    for answer in (await anybody.get(choose), await anybody.post(choose, data=FORM)):
        assert answer.status_code == 404 and ANNA not in answer.text
    assert (await client.get("/v1/subscribers/1")).json()["language"] == "en"


async def test_the_link_of_one_is_none_of_another_and_the_link_to_stop_is_none_to_choose(
    choose, client, anybody, subscribe
):
    await subscribe(BO)
    number, _, signed = choose.rpartition("/")[2].partition(".")
    stop = (await anybody.get(choose)).text.partition('href="/mail/stop/')[2].partition('"')[0]
    assert number == "1"
    for forged in (f"2.{signed}", stop, "1.", f"1.{signed[:-1]}", "é.x"):
        for answer in (
            await anybody.get(f"/mail/choose/{forged}"),
            await anybody.post(f"/mail/choose/{forged}", data=FORM),
        ):
            assert answer.status_code == 404 and "@" not in answer.text.partition("<main")[2], forged
    assert (await client.get("/v1/subscribers/2")).json()["language"] == "en"


@ON_SQLITE
async def test_the_digest_has_the_link_and_the_first_mail_has_none(client, make, subscribe, send, clock):
    await client.post("/v1/subscribers", json={"email": BO})
    (first,) = await send()
    assert "/mail/choose/" not in part(first, "plain") + part(first, "html")
    await subscribe(ANNA)
    clock.at += timedelta(days=8)
    (digest,) = await send()
    assert link(digest, "choose") in part(digest, "html")
