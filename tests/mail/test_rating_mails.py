"""A mail that asks a customer waits like any other; what it waited for may have changed until it goes."""

import pytest
from sqlmodel import select

from app.mail.figures import figures
from app.models import Letter, RatingMail
from tests.mail.conftest import part

ANN = "ann@example.com"
PEOPLE = "/compat/delighted/v1/people"


@pytest.fixture
def asks(client, make, app):
    """Asks somebody by mail: await asks(ANN, delay=60)."""
    app.state.settings = app.state.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1"})

    async def post(address, **more):
        answer = await client.post(PEOPLE, json={"email": address, "send": True} | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


async def waiting(app):
    return await app.state.db.read(lambda session: session.exec(select(RatingMail)).all())


async def test_a_mail_goes_when_its_delay_is_over_and_nothing_of_the_address_stays(
    app, client, make, asks, send, mailbox, clock
):
    await make("shop", scale="stars", question={"en": "How was it?", "de": "Wie war es?"})
    asked = await asks(ANN, delay=3600, properties={"locale": "de"})
    assert asked["survey_scheduled_at"] == asked["created_at"] + 3600
    assert not await send() and len(await waiting(app)) == 1
    told = {one.name: one.samples[0].value for one in await app.state.db.read(lambda session: list(figures(session)))}
    assert told["touchstone_mail_waiting"] == 1
    clock.goes(seconds=3601)
    (mail,) = await send()
    assert (mail["Subject"], mail["Content-Language"], mail["To"]) == ("Wie war es?", "de", ANN)
    assert asked["links"]["urls"]["5"] in part(mail, "plain") and "Nicht mehr fragen" in part(mail, "html")
    assert not await waiting(app) and not await send()


@pytest.mark.parametrize("gone", ["unsubscribed", "taken back", "erased", "archived", "closed"])
async def test_what_nobody_wants_any_more_is_not_sent(app, client, make, asks, send, mailbox, gone):
    await make("shop")
    number = (await asks(ANN))["id"]
    if gone == "unsubscribed":
        await client.post("/compat/delighted/v1/unsubscribes", json={"person_email": ANN})
    elif gone == "taken back":
        await client.delete(f"{PEOPLE}/{ANN}/survey_requests/pending")
    elif gone == "erased":
        await client.delete(f"{PEOPLE}/{number}")
    elif gone == "archived":
        await client.delete("/v1/touchpoints/shop")
    else:
        assert (await client.patch("/v1/touchpoints/shop", json={"open": ["widget"]})).status_code == 200
    assert not await send() and not await waiting(app)


async def test_without_a_mail_server_or_an_address_only_links_are_made(app, client, make, asks):
    await make("shop")
    assert (await asks("", phone_number="+4512345678"))["survey_scheduled_at"] is None
    assert (await asks("bo@example.com", channel="sms"))["links"]
    wrong = await client.post(PEOPLE, json={"email": "no address", "send": True})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["place"] == "body.email"
    app.state.settings = app.state.settings.model_copy(update={"smtp_url": None})
    assert (await asks(ANN))["links"]
    assert not await waiting(app)


async def test_a_client_that_does_not_say_send_asks_by_mail_only_with_a_key_made_for_it(app, client, make, asks):
    await make("shop")
    assert (await client.post(PEOPLE, json={"email": ANN})).json()["links"] and not await waiting(app), "an admin's key"
    body = {"name": "old client", "scopes": ["links:write", "mails:send"], "touchpoint": "shop"}
    key = (await client.post("/v1/keys", json=body)).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await client.post(PEOPLE, json={"email": "bo@example.com"}, headers=headers)).json()["links"]
    assert [one.email for one in await waiting(app)] == ["bo@example.com"]


async def test_a_server_that_refuses_an_address_ends_it_and_one_that_is_down_does_not(
    app, make, asks, send, smtp, mailbox, clock, caplog
):
    await make("shop")
    mailbox.answers |= {ANN: "550 no such mailbox", "bo@example.com": "451 later"}
    await asks(ANN)
    await asks("bo@example.com")
    assert not await send()
    assert [one.email for one in await waiting(app)] == ["bo@example.com"]
    assert any("mail_given_up" in record.message for record in caplog.records) and ANN not in caplog.text
    mailbox.answers.clear()
    smtp.stop()
    clock.goes(hours=1)
    await send()
    smtp.start()
    clock.goes(hours=1)
    assert [mail["To"] for mail in await send()] == ["bo@example.com"]
    assert not await waiting(app)


async def test_letters_go_before_a_mailing(app, client, make, asks, send, mailbox):
    await make("shop")
    for number in range(25):
        await asks(f"c{number}@example.com")
    await client.post("/v1/subscribers", json={"email": "anna@lindhoej.example"})
    assert (await send())[0]["To"] == "anna@lindhoej.example"
    await send()
    assert len(mailbox.seen) == 26
    assert len(await app.state.db.read(lambda session: session.exec(select(Letter)).all())) == 1
