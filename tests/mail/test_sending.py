"""A mail server that is down, slow, refuses one address or speaks no TLS; and nobody gets a mail twice."""

import asyncio
import ssl
import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from app.mail import smtp as client_side
from app.mail.delivery import GIVEN_UP_AFTER, LEASE, claim
from app.mail.draw import html, text
from app.mail.figures import figures
from app.mail.smtp import Connection, is_local, server
from app.mail.writing import Item, Mail, Part, Quote
from app.models import Letter
from app.webhooks.chats import inert
from tests.mail.conftest import FROM, ON_SQLITE, MailServer
from tests.reliability.test_hostile_text import PAYLOADS
from tests.test_operating import RIGHT, doctor

ANNA, BO = "anna@lindhoej.example", "bo@lindhoej.example"


async def subscriber(client, number):
    return (await client.get(f"/v1/subscribers/{number}")).json()


async def test_a_server_that_is_down_for_an_hour_gets_every_letter_once_when_it_is_back(
    client, send, smtp, mailbox, clock
):
    smtp.stop()
    for name in ("anna", "bo", "cleo"):
        await client.post("/v1/subscribers", json={"email": f"{name}@lindhoej.example"})
    for _ in range(70):
        await send()
        clock.goes(minutes=1)
    assert not mailbox.seen and "Connect call failed" in (await subscriber(client, 1))["problem"]
    smtp.start()
    clock.goes(minutes=5)
    await send()
    await send()
    assert sorted(to for to, _ in mailbox.seen) == [ANNA, BO, "cleo@lindhoej.example"]
    assert (await subscriber(client, 1))["problem"] is None


@ON_SQLITE
async def test_what_waits_for_too_long_is_given_up_and_shown(app, client, send, smtp, mailbox, clock):
    smtp.stop()
    await client.post("/v1/subscribers", json={"email": ANNA})
    await send()
    told = {one.name: one.samples[0].value for one in await app.state.db.read(lambda session: list(figures(session)))}
    assert told["touchstone_mail_waiting"] == 1 and 0 <= told["touchstone_mail_oldest_seconds"] < 600
    clock.goes(seconds=GIVEN_UP_AFTER.total_seconds() + 60)
    await send()
    smtp.start()
    clock.goes(hours=1)
    assert await send() == []
    assert "Connect call failed" in (await subscriber(client, 1))["problem"]


async def test_one_refused_address_bounces_and_holds_up_no_other(client, send, mailbox, clock):
    mailbox.answers[ANNA] = "550 5.1.1 No such user"
    for address in (ANNA, BO):
        await client.post("/v1/subscribers", json={"email": address})
    assert [mail["To"] for mail in await send()] == [BO]
    bounced = await subscriber(client, 1)
    assert bounced["state"] == "bounced" and bounced["bounced_at"] and "550" in bounced["problem"]
    clock.goes(days=1)
    assert await send() == []


@ON_SQLITE
@pytest.mark.parametrize("said", ["451 4.7.1 Greylisted", "554 5.7.1 Relay access denied", "550 5.7.1 Not you"])
async def test_who_is_not_let_in_now_tries_again_and_bounces_nobody(client, send, mailbox, clock, said):
    mailbox.answers[ANNA] = said
    await client.post("/v1/subscribers", json={"email": ANNA})
    assert await send() == []
    assert (await subscriber(client, 1))["state"] == "pending" and said[4:9] in (await subscriber(client, 1))["problem"]
    mailbox.answers.clear()
    assert await send() == []
    clock.goes(minutes=10)
    assert len(await send()) == 1


@ON_SQLITE
async def test_a_mail_that_is_refused_as_it_is_is_given_up(client, send, mailbox, clock):
    mailbox.at_data.append("554 5.6.0 No")
    await client.post("/v1/subscribers", json={"email": ANNA})
    await send()
    clock.goes(days=1)
    assert await send() == [] and (await subscriber(client, 1))["problem"] == "554 5.6.0 No"


@ON_SQLITE
async def test_a_slow_server_gets_each_letter_once_and_answers_are_taken_meanwhile(client, send, mailbox, make):
    await make("checkout")
    mailbox.slow_s = 2
    await client.post("/v1/subscribers", json={"email": ANNA})
    sending = asyncio.create_task(send())
    taken = 0
    while not sending.done():
        async with asyncio.timeout(1.5):
            assert (await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 4})).status_code == 201
        taken += 1
        await asyncio.sleep(0.01)
    assert taken > 3 and len(await sending) == 1 and await send() == []


async def test_whoever_dies_over_a_letter_is_followed_by_another_with_the_same_message_id(
    app, client, send, mailbox, clock
):
    await client.post("/v1/subscribers", json={"email": ANNA})
    number = await app.state.db.read(lambda session: session.exec(select(Letter.id)).one())
    await app.state.db.write(lambda session: claim(session, clock.at + timedelta(minutes=1)))  # and dies here
    assert await send() == []
    clock.goes(seconds=LEASE.total_seconds() + 61)
    (mail,) = await send()
    assert mail["Message-ID"] == f"<{number}@lindhoej.example>" and await send() == []


async def test_two_who_look_at_once_send_each_letter_once(client, send, mailer, mailbox):
    for number in range(30):
        await client.post("/v1/subscribers", json={"email": f"p{number}@lindhoej.example"})
    await asyncio.gather(send(), mailer.turn(), mailer.turn())
    await send()
    assert sorted(to for to, _ in mailbox.seen) == sorted(f"p{number}@lindhoej.example" for number in range(30))


async def test_without_tls_only_a_server_on_this_machine_is_spoken_to(there, mailbox):
    apart = Connection(replace(there, tls="starttls", user="u", password="hunter2"))
    outcome = await apart.send("a@b.example", ANNA, b"Subject: x\r\n\r\nx")
    assert outcome.state == "unreachable" and "STARTTLS" in outcome.said and not mailbox.seen
    assert is_local("localhost") and is_local("127.0.0.1") and is_local("::1")
    assert not is_local("10.0.0.1") and not is_local("localhost.shop.example")
    assert server("smtp://mail.shop.example").tls == "starttls" and server("smtps://localhost").tls == "always"
    assert server("smtp://u%40x:p%2Fw@mail.example:2525") == client_side.Server(
        "mail.example", 2525, "starttls", "u@x", "p/w"
    )


async def test_tls_is_spoken_and_the_certificate_is_looked_at(mailbox, tmp_path, monkeypatch):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    await asyncio.to_thread(subprocess.run, made, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    controller = MailServer(mailbox, tls_context=context, require_starttls=True)
    controller.start()
    to = replace(server(f"smtp://localhost:{controller.port}"), tls="starttls")
    message = b"Subject: x\r\n\r\nx"
    refused = await Connection(to).send("a@b.example", ANNA, message)
    assert refused.state == "unreachable" and "certificate" in refused.said.lower() and not mailbox.seen
    monkeypatch.setattr(client_side, "_tls", lambda: ssl.create_default_context(cafile=str(cert)))
    connection = Connection(to)
    assert (await connection.send("a@b.example", ANNA, message)).state == "sent"
    await connection.close()
    controller.stop()
    assert [to for to, _ in mailbox.seen] == [ANNA]


HOSTILE = [*PAYLOADS, "x" * 4000, "\u202egnp.exe http://evil.example @all", "a\r\n.\r\nRCPT TO:<x>"]


def test_what_customers_write_is_only_text():
    for said in HOSTILE:
        quote, item = (
            Quote(inert(said, 280), "1 of 5", "https://x.example", low=True, language="en"),
            Item(said, "https://x.example", said),
        )
        mail = Mail("s", "o", "t", parts=[Part("p", [item], [quote])], stop=("stop", "https://x.example/stop"))
        drawn, plain = html(mail, "en"), text(mail)
        assert "<script" not in drawn.lower() and "<img" not in drawn.lower() and drawn.count("<html") == 1
        assert "http://evil" not in drawn.partition('dir="auto"')[2] and "\n.\n" not in plain
        assert len(quote.text) < 900


@ON_SQLITE
async def test_a_name_or_sender_never_makes_a_header(app, client, send, mailbox, make):
    await client.post("/v1/subscribers", json={"email": ANNA})
    (mail,) = await send()
    assert mail["From"].addresses[0].display_name == "Lindhøj" and FROM.encode() not in mailbox.seen[0][1]
    lines = mailbox.seen[0][1].split(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(len(line) < 998 for line in lines) and mail.defects == []


def test_doctor_says_whether_the_mail_server_can_be_reached(smtp, sqlite_url):
    given = {"DATABASE_URL": sqlite_url, "MAIL_FROM": FROM, "SMTP_URL": f"smtp://127.0.0.1:{smtp.port}", **RIGHT}
    assert f"mail: 127.0.0.1:{smtp.port} takes mails." in doctor(**given)[1]["ok"]
    smtp.stop()
    code, found = doctor(**given)
    (said,) = [said for said in found["serious"] if said.startswith("mail: ")]
    assert code == 1 and "TOUCHSTONE_SMTP_URL" in said
