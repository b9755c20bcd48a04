"""A real mail server on this machine, and a mailer whose clock the test sets."""

import asyncio
import email
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller

from app.mail.compose import Sender
from app.mail.mailer import Mailer
from app.mail.smtp import Server, server
from app.models import now
from tests.reliability.server import free_port
from tests.webhooks.conftest import Clock

FROM = "Lindhøj <feedback@lindhoej.example>"
SERVICE = "https://feedback.lindhoej.example/touch"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # where no database matters
Send = Callable[[], Awaitable[list[EmailMessage]]]


@dataclass
class Mailbox:
    """Takes mails, but for the recipients that it answers otherwise."""

    answers: dict[str, str] = field(default_factory=dict)
    at_data: list[str] = field(default_factory=list)
    slow_s: float = 0.0
    seen: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if (said := self.answers.get(address)) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.slow_s)
        if self.at_data:
            return self.at_data.pop(0)
        self.seen += [(to, envelope.content) for to in envelope.rcpt_tos]
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(content, policy=default) for _, content in self.seen]  # type: ignore[misc]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


class MailServer:
    """Hands in to a mailbox, on a port of its own; it can be stopped and started."""

    def __init__(self, mailbox: Mailbox, **more: Any) -> None:
        self.port, self._mailbox, self._more = free_port(), mailbox, more
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self._mailbox, hostname="127.0.0.1", port=self.port, **self._more)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
        self._controller = None


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[MailServer]:
    found = MailServer(mailbox)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def there(smtp: MailServer) -> Server:
    return server(f"smtp://127.0.0.1:{smtp.port}")


@pytest.fixture
async def mailer(app: Any, there: Server, clock: Clock) -> AsyncIterator[Mailer]:
    found = Mailer(app.state.db, there, Sender(FROM, SERVICE, app.state.mail_secrets), clock)
    yield found
    await found.close()


@pytest.fixture
def send(mailer: Mailer, mailbox: Mailbox, clock: Clock) -> Send:
    """Sends what is due by the test's clock: the mails that arrived."""

    async def turn() -> list[EmailMessage]:
        before, clock.at = len(mailbox.seen), max(clock.at, now())
        await mailer.turn()
        return mailbox.mails[before:]

    return turn


def part(mail: EmailMessage, kind: str) -> str:
    """The text of a mail, `plain` or `html`."""
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def link(mail: EmailMessage, purpose: str) -> str:
    """The path of the link that confirms or stops, as a browser asks the service for it."""
    (found,) = set(re.findall(rf"https://\S+/mail/{purpose}/[\w.-]+", part(mail, "plain")))
    return urlsplit(found).path.removeprefix("/touch")


@pytest.fixture
def subscribe(client: Any, anybody: Any, send: Send) -> Callable[..., Any]:
    """Somebody who has confirmed: await subscribe("anna@lindhoej.example", digest="none")."""

    async def post(address: str, **more: Any) -> dict[str, Any]:
        answer = await client.post("/v1/subscribers", json={"email": address, **more})
        assert answer.status_code == 201, answer.text
        mail = next(mail for mail in await send() if mail["To"] == address)
        assert (await anybody.post(link(mail, "confirm"))).status_code == 200
        found: dict[str, Any] = (await client.get(f"/v1/subscribers/{answer.json()['id']}")).json()
        assert found["state"] == "confirmed"
        return found

    return post
