"""The HTTP client for addresses that somebody else chose; it must never reach into our own network.

The name is looked up once, every address it has is judged, and the connection goes to one of those that were judged:
a second look-up could answer differently (DNS rebinding). There is no proxy, redirect, cookie or password on the way.

Of the reply only the status matters, so little of it is read: few bytes, and few parts, for a part of one byte takes
the processor as long as a large one.
"""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import h11
import httpx

from app.webhooks.address import Networks, Refused, check, host_of, judge, literal, port_of
from app.webhooks.resolver import Names

Resolver = Callable[[str, int], Awaitable[list[str]]]
Message = tuple[bytes, Mapping[str, str]]  # body and headers

TIMEOUT_S = 15.0  # for look-up, connection, request and status
REST_S = 1.0  # for what comes after the status
REPLY_BYTES = 64 * 1024
READ_BYTES = 16 * 1024
STATUS_PARTS, REST_PARTS = 200, 20  # reads and events; an ordinary reply has five
DAY_S = 86_400

system = Names()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Without a status no HTTP answer came, and `error` says why, shortly and without secrets."""

    status: int | None
    error: str = ""
    retry_after: int | None = None  # seconds, of a 429 or 503
    refused: bool = False  # nothing was sent, and nothing would be the next time


async def post(url: str, messages: Sequence[Message], allowed: Networks, resolve: Resolver = system) -> list[Reply]:
    """Send the messages at once, after one look-up; never raises for anything the receiver or the network does."""
    until = asyncio.get_running_loop().time() + TIMEOUT_S
    try:
        check(url, allowed)
        target = httpx.URL(url)
        async with asyncio.timeout_at(until):
            address = await _judged(target, allowed, resolve)
    except Refused as refused:
        return [Reply(None, f"refused: {refused}", refused=True)] * len(messages)
    except Exception as error:
        return [Reply(None, _why(error))] * len(messages)
    return await asyncio.gather(*(_post(target, address, message, until) for message in messages))


async def _judged(target: httpx.URL, allowed: Networks, resolve: Resolver) -> str:
    """An address to connect to. Asks once, and all that is answered must pass; raises Refused."""
    host, port = host_of(target), port_of(target)
    answers = [host] if literal(host) else await resolve(host, port)
    addresses = [literal(answer) for answer in answers]
    for address in addresses:
        judge(target, address, allowed)
    if not addresses:
        raise socket.gaierror("the name has no address")
    return str(addresses[0])


async def _post(target: httpx.URL, address: str, message: Message, until: float) -> Reply:
    """One message on a connection of its own, which is cut when the status is there and the rest is not."""
    try:
        async with asyncio.timeout_at(until):
            tls = _tls() if target.scheme == "https" else None
            name = host_of(target) if tls else None
            where = address, port_of(target)
            reader, writer = await asyncio.open_connection(*where, ssl=tls, server_hostname=name, limit=READ_BYTES)
    except Exception as error:
        return Reply(None, _why(error))
    try:
        return await _conversed(_Conversation(reader, writer), target, message, until)
    finally:
        writer.transport.abort()


async def _conversed(heard: "_Conversation", target: httpx.URL, message: Message, until: float) -> Reply:
    try:
        async with asyncio.timeout_at(until):
            heard.say(target, *message)
            response = await heard.response()
    except Exception as error:
        return Reply(None, _why(error))
    # An ordinary receiver can finish what it says. However that ends, it has answered.
    with contextlib.suppress(Exception):
        async with asyncio.timeout(REST_S):
            await heard.rest()
    return Reply(response.status_code, "", _retry_after(response))


class _Conversation:
    """One request and its reply, of which no more than REPLY_BYTES are read, nor more parts than an honest one has."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)
        self._bytes, self._parts = REPLY_BYTES, STATUS_PARTS

    def say(self, target: httpx.URL, body: bytes, said: Mapping[str, str]) -> None:
        ours = {"host": target.netloc.decode(), "content-length": str(len(body)), "connection": "close"}
        request = h11.Request(method="POST", target=target.raw_path, headers=list({**said, **ours}.items()))
        for part in (request, h11.Data(body), h11.EndOfMessage()):
            self._writer.write(self._http.send(part) or b"")

    async def response(self) -> h11.Response:
        """The response, not one of those that announce it (100 to 199)."""
        while not isinstance(part := await self._next(), h11.Response):
            pass
        self._parts = REST_PARTS
        return part

    async def rest(self) -> None:
        while not isinstance(await self._next(), h11.EndOfMessage):
            pass

    async def _next(self) -> Any:
        while self._parts and self._bytes:
            self._parts -= 1
            part = self._http.next_event()
            if part is not h11.NEED_DATA:
                return part
            data = await self._reader.read(min(READ_BYTES, self._bytes))
            self._bytes -= len(data)
            self._http.receive_data(data)
        raise ConnectionError("it says more than is read")


@cache
def _tls() -> ssl.SSLContext:
    """Verifies certificate and name. SSL_CERT_FILE names an operator's own authorities. Made once: it takes 70 ms."""
    return httpx.create_ssl_context()


def _why(error: BaseException) -> str:
    """One word for what went wrong before there was a status."""
    words = {ssl.SSLCertVerificationError: "certificate", socket.gaierror: "name not found", TimeoutError: "timeout"}
    return next((word for kind, word in words.items() if isinstance(error, kind)), "connection")


def _retry_after(response: h11.Response) -> int | None:
    headers: dict[bytes, bytes] = dict(response.headers)
    asked = headers.get(b"retry-after", b"") if response.status_code in (429, 503) else b""
    return retry_after(asked.decode("latin-1"), datetime.now(UTC))


def retry_after(asked: str, now: datetime) -> int | None:
    """Seconds from `now`, 0 to one day, of a Retry-After (RFC 9110, 10.2.3: seconds or a date); None for nonsense."""
    try:
        if re.fullmatch(r"[0-9]{1,20}", asked):
            seconds = int(asked)
        else:
            when = parsedate_to_datetime(asked)
            seconds = int((when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None
    return max(0, min(seconds, DAY_S))
