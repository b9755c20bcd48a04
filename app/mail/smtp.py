"""The conversation with the mail server: one letter after another over one connection."""

import contextlib
import re
import ssl
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib

STEP_S = 30.0  # a step that takes longer is given up: the connection, a command
TAKE_S = 300.0  # for the server to say that it has the letter: after a shorter wait it would get it twice
LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost")
_NO_MAILBOX = (550, 551, 553)  # RFC 5321, 4.2.3
# It is us that the server does not want: a policy, or our sender (RFC 3463). Exim says so without a status.
_OF_US = re.compile(r"5\.7\.|5\.1\.[78]\b|(?!5\.\d).*\b(relay|sender|authenticat)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed in."""

    host: str
    port: int
    tls: Literal["none", "starttls", "always"]
    user: str | None = None
    password: str | None = None


def server(url: str) -> Server:
    """What `smtp://user:password@host:port` or `smtps://...` says; a usable one, as the settings check it."""
    parts = urlsplit(url)
    host, plain = parts.hostname or "", parts.scheme == "smtp"
    user, password = (unquote(said) if said else None for said in (parts.username, parts.password))
    tls: Literal["none", "starttls", "always"] = "always" if not plain else "none" if is_local(host) else "starttls"
    return Server(host, parts.port or (587 if plain else 465), tls, user, password)


def is_local(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOCAL_NAMES


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a letter: sent, `bounced` (no such mailbox), `refused` as it is, not now (`later`), `unreachable`.

    `dropped` is said of one that was not tried, for there is nothing to tell any more.

    `said` is the server's own line, or what kept us from reaching it.
    """

    state: Literal["sent", "bounced", "refused", "later", "unreachable", "dropped"]
    said: str = ""


class Connection:
    """Connects with the first letter. It is to be used in one event loop, and closed."""

    def __init__(self, to: Server) -> None:
        self._to = to
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand in one letter; never raises for anything the server or the network does."""
        try:
            client = await self._open()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Outcome("unreachable", _line(error))
        try:
            return await _handed_in(client, sender, recipient, message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            self._drop()
            return Outcome("later", _line(error))

    async def check(self) -> None:
        """Connect and sign in as if there were a letter; raises SMTPException or OSError."""
        await (await self._open()).noop()

    async def close(self) -> None:
        if client := self._client:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=1)
            self._drop()

    async def _open(self) -> aiosmtplib.SMTP:
        if self._client is None:
            client = aiosmtplib.SMTP(
                hostname=self._to.host,
                port=self._to.port,
                username=self._to.user,
                password=self._to.password,
                use_tls=self._to.tls == "always",
                start_tls=self._to.tls == "starttls",  # without it the server is not spoken to
                tls_context=None if self._to.tls == "none" else _tls(),
                timeout=STEP_S,
            )
            await client.connect()
            self._client = client
        return self._client

    def _drop(self) -> None:
        if self._client:
            self._client.close()
        self._client = None


async def _handed_in(client: aiosmtplib.SMTP, sender: str, recipient: str, message: bytes) -> Outcome:
    try:
        await client.mail(sender)
        await client.rcpt(recipient)
        await client.data(message, timeout=TAKE_S)
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
        await client.rset()
        return Outcome(_meant(error), _line(error))
    return Outcome("sent")


def _meant(error: aiosmtplib.SMTPResponseException) -> Literal["bounced", "refused", "later"]:
    """What a refusal means. Who may not send at all will be let in when the operator has seen to it."""
    if isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500:
        return "refused"
    no_mailbox = isinstance(error, aiosmtplib.SMTPRecipientRefused) and error.code in _NO_MAILBOX
    return "bounced" if no_mailbox and not _OF_US.match(error.message) else "later"


@cache
def _tls() -> ssl.SSLContext:
    """Verifies certificate and name. SSL_CERT_FILE names an operator's own authorities."""
    return ssl.create_default_context()


def _line(error: BaseException) -> str:
    """One line of what went wrong, of at most 200 characters."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"{error.code} {error.message}"
    else:
        said = str(error) or type(error).__name__
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())[:200]
