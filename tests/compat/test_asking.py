"""Whoever is created as a person is asked: by links, told of by webhook, and by mail where that is wanted."""

import asyncio
import json
import re
import threading
import time
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import httpx
import pytest

from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running
from tests.mail.conftest import FROM, Mailbox, MailServer, part
from tests.reliability.server import Server

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # the package says that the service was closed
    import delighted

NEEDED = ["feedback:read", "feedback:write", "scores:read", "links:write"]
ANN, BEN = "ann@example.com", "ben@example.com"


class Hook(BaseHTTPRequestHandler):
    """Takes webhooks, and keeps what they say in `server.told`."""

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hook() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    server.told = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(sqlite_url, tmp_path, hook) -> Iterator[SimpleNamespace]:
    """A service with a mail server and a webhook: `client(*scopes)` makes the official client with a key of its own."""
    mailbox = Mailbox()
    post = MailServer(mailbox)
    post.start()
    server = Server(
        sqlite_url,
        tmp_path / "log",
        SMTP_URL=f"smtp://127.0.0.1:{post.port}",
        MAIL_FROM=FROM,
        WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8",
    )
    server.start()
    asyncio.run(server.ready())
    address = f"http://127.0.0.1:{server.port}"
    with httpx.Client(base_url=address, headers=ADMIN) as admin:
        admin.post("/v1/touchpoints", json={"key": "shop", "scale": "nps"}).raise_for_status()
        url = f"http://127.0.0.1:{hook.server_port}/"
        admin.post(
            "/v1/webhooks", json={"url": url, "events": ["link.created"], "touchpoints": ["shop"]}
        ).raise_for_status()

        def client(*scopes: str) -> delighted.Client:
            body = {"name": "old client", "scopes": [*NEEDED, *scopes], "touchpoint": "shop"}
            key = admin.post("/v1/keys", json=body).raise_for_status().json()["key"]
            return delighted.Client(key, f"{address}/compat/delighted/v1/", delighted.http_adapter)

        yield SimpleNamespace(client=client, admin=admin, mailbox=mailbox, told=hook.told, server=server)
    server.stop()
    post.stop()


def until(condition, within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_official_client_asks_by_mail_once_with_a_key_for_it_and_webhooks_hear_of_each_link(world):
    plain, mailing = world.client(), world.client("mails:send")
    silent = delighted.Person.create(client=plain, email="carl@example.com", send=True)
    assert silent["links"]["urls"]["10"] and silent.survey_scheduled_at is None
    assert delighted.Person.create(client=mailing, email="dora@example.com", send=False)["links"] is None
    asked = delighted.Person.create(client=mailing, email="Ann@Example.com", name="Ann", properties={"plan": "pro"})
    assert asked.survey_scheduled_at >= asked.created_at
    again = delighted.Person.create(client=mailing, email=ANN)
    assert again["links"] is None and again.survey_scheduled_at is None, "asked already"
    delighted.Unsubscribe.create(client=mailing, person_email=BEN)
    assert delighted.Person.create(client=mailing, email=BEN)["links"] is None

    until(lambda: world.mailbox.seen and len(world.told) == 2)
    time.sleep(1.5)  # another look into the outbox
    (mail,) = world.mailbox.mails
    assert (mail["To"], mail["From"]) == (ANN, FROM) and "?" in mail["Subject"]
    assert {event["type"] for event in world.told} == {"link.created"} and len(world.told) == 2
    assert [event["data"] for event in world.told] == [
        {"id": each["id"], "touchpoint": "shop", "expires_at": each["expires_at"]}
        for each in (silent["links"], asked["links"])
    ]
    assert ANN not in json.dumps(world.told) and asked.id not in json.dumps(world.told)

    url = asked["links"]["urls"]["9"]
    assert url in part(mail, "plain") and f'href="{url}"' in part(mail, "html")
    page = httpx.get(url).text
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)[1]
    httpx.post(url, data={"rating": "9", "nonce": nonce}).raise_for_status()
    (answer,) = world.admin.get("/v1/feedback", params={"touchpoint": "shop"}).json()["items"]
    assert (answer["id"], answer["respondent"], answer["context"]) == (asked["links"]["id"], asked.id, {"plan": "pro"})


def test_who_presses_no_more_questions_in_the_mail_is_asked_no_more(world):
    client = world.client("mails:send")
    delighted.Person.create(client=client, email=ANN)
    until(lambda: world.mailbox.seen)
    (mail,) = world.mailbox.mails
    stop = re.fullmatch(r"<(http://\S+/r/[\w-]+/stop)>", mail["List-Unsubscribe"])[1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop in part(mail, "plain") and stop in part(mail, "html")
    person = delighted.Person.create(client=client, email=ANN, send=False).id
    asking = {"touchpoint": "shop", "recipients": [{"respondent": person}], "respect_cooldown": False}
    opened = httpx.get(stop)
    assert opened.status_code == 200 and "No more questions?" in opened.text
    assert world.admin.post("/v1/links", json=asking).json()["skipped"] == [], "opening a page writes nothing"
    for _ in range(2):
        assert "We will not ask you again" in httpx.post(stop, data={"List-Unsubscribe": "One-Click"}).text
    assert world.admin.post("/v1/links", json=asking).json()["skipped"][0]["because"] == "unsubscribed"
    nobodys = world.admin.post("/v1/links", json={"touchpoint": "shop", "recipients": [{}]}).json()["items"][0]["url"]
    assert httpx.post(f"{nobodys}/stop").status_code == httpx.post(f"{stop[:-9]}x/stop").status_code == 404


def test_whose_mailbox_is_not_there_is_not_asked_again_after_a_restart_either(world):
    world.mailbox.answers[ANN] = "550 5.1.1 No such user"
    client = world.client("mails:send")
    person = delighted.Person.create(client=client, email=ANN)
    of = {"respondent": person.id}
    until(lambda: world.admin.get("/v1/may-ask", params=of).json()["because"] == "bounced")
    world.server.stop()
    world.server.start()
    asyncio.run(world.server.ready())
    again = delighted.Person.create(client=client, email=ANN)
    assert (again["links"], again["skipped"]) == (None, "bounced") and delighted.Bounce.all(client=client) == []
    world.mailbox.answers.clear()
    world.admin.delete("/v1/bounces", params=of).raise_for_status()
    assert delighted.Person.create(client=client, email=ANN)["links"]
    until(lambda: world.mailbox.seen)


async def test_who_unsubscribed_is_found_and_left_in_peace_after_the_secret_has_changed_twice(sqlite_url):
    first, second, third = (f"the {name} secret of this service" for name in ("first", "second", "third"))
    api = "/compat/delighted/v1"

    def settings(active: str, previous: str | None = None) -> Settings:
        return Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, secret_key=active, secret_key_previous=previous)

    async with running(settings(first)) as app, client_of(app, headers=ADMIN) as admin:
        await admin.post("/v1/touchpoints", json={"key": "shop", "scale": "nps"})
        made = await admin.post("/v1/keys", json={"name": "old client", "scopes": NEEDED, "touchpoint": "shop"})
        key = (made.json()["key"], "")
        await admin.post(f"{api}/survey_responses.json", json={"person": BEN, "score": 9}, auth=key)
        await admin.post(f"{api}/unsubscribes.json", json={"person_email": ANN}, auth=key)
    async with running(settings(second, first)) as app, client_of(app, auth=key) as client:
        asked = await client.post(f"{api}/people.json", json={"email": ANN})
        assert asked.json()["skipped"] == "unsubscribed", asked.text
        theirs = await client.get(f"{api}/survey_responses.json", params={"person_email": BEN})
        assert [one["score"] for one in theirs.json()] == [9]
        assert (await client.delete(f"{api}/people/email:{BEN}")).status_code == 202
        assert (await client.get(f"{api}/survey_responses.json", params={"person_email": BEN})).json() == []
    async with running(settings(third, second)) as app, client_of(app, auth=key) as client:
        assert (await client.post(f"{api}/people.json", json={"email": ANN})).json()["skipped"] == "unsubscribed"
        assert (await client.post(f"{api}/people.json", json={"email": BEN})).json()["links"]
