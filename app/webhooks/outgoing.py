"""The one place that sends a request to an address somebody else chose; it must never lead into our own network.

The name is looked up once, every address it has is judged, and the connection goes to one of those that were judged:
a second look-up could answer differently (DNS rebinding). There is no proxy, redirect, cookie or password on the way.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from app.webhooks.address import Networks, Refused, check, host_of, judge, literal, port_of

Resolver = Callable[[str, int], Awaitable[list[str]]]

TIMEOUT_S = 15.0  # for all of it: look-up, connection, request and reply
REPLY_BYTES = 64 * 1024
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Without a status no HTTP answer came, and `error` says why, shortly and without secrets."""

    status: int | None
    error: str = ""
    retry_after: int | None = None  # seconds, of a 429 or 503


async def system(host: str, port: int) -> list[str]:
    """The addresses the system's resolver knows; raises socket.gaierror for an unknown name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]


async def post(
    url: str, body: bytes, headers: Mapping[str, str], allowed: Networks, resolve: Resolver = system
) -> Reply:
    """Send `body`; never raises for anything the receiver or the network does."""
    reply = Reply(None)
    try:
        async with asyncio.timeout(TIMEOUT_S), _answered(url, body, headers, allowed, resolve) as response:
            reply = Reply(response.status_code, "", _retry_after(response))
            await _read_some(response)
    except Refused as refused:
        return Reply(None, f"refused: {refused}")
    except Exception as error:  # httpx lets some through: ssl.SSLError, anyio.EndOfStream
        # What has a status has been answered, however the rest of the reply ends.
        return reply if reply.status else Reply(None, _why(error))
    return reply


@asynccontextmanager
async def _answered(
    url: str, body: bytes, headers: Mapping[str, str], allowed: Networks, resolve: Resolver
) -> AsyncIterator[httpx.Response]:
    """The response, of which only the head has been read. A bare transport knows no proxies, redirects or cookies."""
    check(url, allowed)
    target = httpx.URL(url)
    pinned = target.copy_with(host=await _judged(target, allowed, resolve))
    sent = {**httpx.Headers(headers), "host": target.netloc.decode()}
    async with AsyncExitStack() as opened, httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False) as transport:

        async def close_at_last(event: str, info: Mapping[str, Any]) -> None:
            # httpcore forgets the socket when the time runs out within the TLS handshake.
            if event == "connection.connect_tcp.complete":
                opened.push_async_callback(info["return_value"].aclose)

        extensions = {"sni_hostname": host_of(target), "trace": close_at_last}
        request = httpx.Request("POST", pinned, content=body, headers=sent, extensions=extensions)
        response = await transport.handle_async_request(request)
        yield response
        await response.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Verifies certificate and name. SSL_CERT_FILE names an operator's own authorities. Made once: it takes 70 ms."""
    return httpx.create_ssl_context()


async def _read_some(response: httpx.Response) -> None:
    """So much that an ordinary receiver can finish what it says; not unpacked, for that may be a thousandfold."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read >= REPLY_BYTES:
            return


def _why(error: BaseException | None) -> str:
    """One word for an error of httpx, which was caused by one of httpcore, which was caused by one of the socket."""
    words = {ssl.SSLCertVerificationError: "certificate", socket.gaierror: "name not found", TimeoutError: "timeout"}
    if error is None:
        return "connection"
    return next((word for kind, word in words.items() if isinstance(error, kind)), None) or _why(error.__context__)


def _retry_after(response: httpx.Response) -> int | None:
    asked = response.headers.get("retry-after", "") if response.status_code in (429, 503) else ""
    return retry_after(asked, datetime.now(UTC))


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


async def _judged(target: httpx.URL, allowed: Networks, resolve: Resolver) -> str:
    """An address to connect to. Asks once, and all that is answered must pass; raises Refused."""
    host, port = host_of(target), port_of(target)
    answers = [host] if literal(host) else await resolve(host, port)
    addresses = [literal(answer) for answer in answers]
    for address in addresses:
        judge(target, address, allowed)
    if not addresses:
        raise Refused("The name has no address.")
    return str(addresses[0])
