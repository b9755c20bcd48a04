"""A customer whose mailbox is not there is asked at no touchpoint, until somebody says that it is there again."""

import asyncio
import threading

import pytest
from sqlmodel import select

from app.cooldown import asked
from app.models import AskedLately, RatingMail
from tests.mail.conftest import ON_SQLITE

ANN, GONE, ASKED = "ann@example.com", "550 5.1.1 No such user", "asked_recently"
DOOR = "/compat/delighted/v1"


class Held(dict[str, str]):
    """Answers that the mail server gives once it may."""

    def __init__(self, said: dict[str, str]) -> None:
        super().__init__(said)
        self.asked, self.may = threading.Event(), threading.Event()

    def get(self, address, default=None):
        self.asked.set()
        assert self.may.wait(20)
        return super().get(address, default)


@pytest.fixture
async def asks(client, make, app, clock):
    """Asks somebody by mail at `shop` or `delivery`: await asks(ANN, "delivery")."""
    app.state.settings = app.state.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1"})
    app.state.clock = clock
    keys = {}
    for place in ("shop", "delivery"):
        await make(place)
        body = {"name": place, "scopes": ["links:write", "mails:send"], "touchpoint": place}
        keys[place] = (await client.post("/v1/keys", json=body)).json()["key"]

    async def post(address, place="shop"):
        headers = {"Authorization": f"Bearer {keys[place]}"}
        answer = await client.post(f"{DOOR}/people", json={"email": address}, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


async def because(client, person):
    """Why a person may not be asked; None if he may."""
    said = (await client.get("/v1/may-ask", params={"respondent": person["id"]})).json()
    assert said["may"] == (said["because"] is None) and (said["again_at"] is None) == (said["because"] != ASKED)
    return said["because"]


async def lift(client, person):
    answer = await client.delete("/v1/bounces", params={"respondent": person["id"]})
    assert answer.status_code == 204, answer.text


async def rows(app, table):
    return await app.state.db.read(lambda session: session.exec(select(table)).all())


async def test_who_has_no_mailbox_is_asked_at_no_touchpoint_until_that_is_lifted(
    app, client, asks, send, mailbox, clock
):
    mailbox.answers[ANN] = GONE
    person = await asks(ANN)
    assert person["links"] and not await send() and await because(client, person) == "bounced"
    clock.goes(days=4000)
    await app.state.db.write(lambda session: asked.forget(session, clock.at))

    for place in ("delivery", "shop"):
        again = await asks("Ann@Example.com", place)
        assert (again["links"], again["skipped"], again.get("survey_scheduled_at")) == (None, "bounced", None)
    body = {"touchpoint": "delivery", "recipients": [{"respondent": person["id"]}, {"respondent": "other"}]}
    for respect in (True, False):
        made = (await client.post("/v1/links", json=body | {"respect_cooldown": respect})).json()
        assert {"respondent": person["id"], "because": "bounced"} in made["skipped"]
    assert not await rows(app, RatingMail) and (await client.get(f"{DOOR}/bounces")).json() == []
    assert not any(person["id"] in row.hash or "@" in row.hash for row in await rows(app, AskedLately))

    mailbox.answers.clear()
    await lift(client, person)
    assert (await asks(ANN, "delivery"))["links"]
    assert [mail["To"] for mail in await send()] == [ANN] and await because(client, person) == ASKED


@ON_SQLITE
@pytest.mark.parametrize(
    "said", [GONE, "550 no such mailbox", "551 User not local", "553 5.1.3 Bad address", "550 5.4.1 Access denied"]
)
async def test_each_way_to_say_that_there_is_no_mailbox_is_remembered(client, asks, send, mailbox, said):
    mailbox.answers[ANN] = said
    person = await asks(ANN)
    await send()
    assert await because(client, person) == "bounced"


@ON_SQLITE
@pytest.mark.parametrize(
    "said",
    [
        "450 4.2.0 Greylisted",
        "451 4.1.1 No such user, for now",
        "550 5.7.1 Blocked by policy",
        "553 5.7.1 Sender address rejected: not owned by user",
        "550 5.1.8 <feedback@lindhoej.example>: domain not found",
        "550 relay not permitted",
        "552 5.2.2 Mailbox full",
        "554 5.7.1 Relay access denied",
    ],
)
async def test_who_is_not_let_in_or_not_now_is_asked_again(client, asks, send, mailbox, clock, said):
    mailbox.answers[ANN] = said
    person = await asks(ANN)
    assert not await send() and await because(client, person) == ASKED
    mailbox.answers.clear()
    clock.goes(minutes=10)
    assert [mail["To"] for mail in await send()] == [ANN]


@ON_SQLITE
async def test_a_text_that_is_refused_says_nothing_of_the_mailbox(client, asks, send, mailbox):
    mailbox.at_data.append("550 5.1.1 not this")
    person = await asks(ANN)
    await send()
    assert await because(client, person) == ASKED


@pytest.mark.parametrize("first", ["bounced", "unsubscribed"])
async def test_lifting_it_asks_nobody_who_wants_no_more_questions(client, asks, send, mailbox, first):
    held = mailbox.answers = Held({ANN: GONE})
    person = await asks(ANN)
    sending = asyncio.create_task(send())
    assert await asyncio.to_thread(held.asked.wait, 20)
    if first == "bounced":
        held.may.set()
        await sending
    await client.post(f"{DOOR}/unsubscribes", json={"person_email": ANN})
    held.may.set()
    await sending
    await lift(client, person)
    assert await because(client, person) == "unsubscribed"
    assert (await asks(ANN, "delivery"))["skipped"] == "unsubscribed"


@ON_SQLITE
async def test_once_lifted_no_cool_down_of_the_mail_that_came_back_holds(client, asks, send, mailbox):
    await client.patch("/v1/touchpoints/shop", json={"ask_every_days": 90})
    mailbox.answers[ANN] = GONE
    person = await asks(ANN)
    await send()
    await lift(client, person)
    assert (await asks(ANN))["links"]


@ON_SQLITE
async def test_lifting_what_never_came_back_leaves_the_cool_down_alone(client, asks, send):
    person = await asks(ANN)
    await lift(client, person)
    assert (await asks(ANN))["skipped"] == ASKED
    assert (await client.delete("/v1/bounces", params={"respondent": ANN})).status_code == 422
    assert (await client.delete("/v1/bounces")).status_code == 422


@ON_SQLITE
async def test_of_two_mails_that_wait_for_the_same_person_the_second_is_not_tried(app, asks, send, mailbox, caplog):
    app.state.settings = app.state.settings.model_copy(update={"ask_every_days": 0})
    mailbox.answers[ANN] = GONE
    assert (await asks(ANN))["links"] and (await asks(ANN, "delivery"))["links"]
    await send()
    assert [record.message for record in caplog.records].count("mail_given_up") == 1 and not await rows(app, RatingMail)


@ON_SQLITE
async def test_a_bounce_is_known_and_lifted_after_the_secret_was_rotated(app, client, asks, send, mailbox):
    mailbox.answers[ANN] = GONE
    person = await asks(ANN)
    await send()
    app.state.ask_secrets = [b"the next secret, 24+ bytes", *app.state.ask_secrets]
    assert await because(client, person) == "bounced"
    await lift(client, person)
    assert await because(client, person) is None


@pytest.mark.parametrize("named", ["id", "email"])
async def test_it_is_forgotten_with_the_person(app, client, asks, send, mailbox, named):
    mailbox.answers[ANN] = GONE
    person = await asks(ANN)
    await send()
    assert await because(client, person) == "bounced"
    await client.delete("/v1/touchpoints/delivery")  # an admin's key asks for none where there is one
    whom = person["id"] if named == "id" else f"email:{ANN}"
    assert (await client.delete(f"{DOOR}/people/{whom}")).status_code == 202
    assert await because(client, person) is None and not await rows(app, AskedLately)


async def test_of_somebody_erased_while_his_mail_comes_back_nothing_is_kept(app, client, asks, send, mailbox):
    await client.delete("/v1/touchpoints/delivery")
    held = mailbox.answers = Held({ANN: GONE})
    person = await asks(ANN)
    sending = asyncio.create_task(send())
    assert await asyncio.to_thread(held.asked.wait, 20)
    assert (await client.delete(f"{DOOR}/people/{person['id']}")).status_code == 202
    held.may.set()
    assert not await sending and await because(client, person) == ASKED
