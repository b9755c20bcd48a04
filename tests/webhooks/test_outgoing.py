"""Nothing leads into our own network: hostile addresses and names against real sockets on this machine."""

import asyncio
import gzip
import shutil
import ssl
import subprocess
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.webhooks import address, outgoing
from app.webhooks.address import Networks, Refused, check
from app.webhooks.outgoing import Reply, Resolver, retry_after

LOOPBACK = [ip_network("127.0.0.0/8")]
PUBLIC = "93.184.215.14"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"
JSON = {"Content-Type": "application/json", "webhook-id": "msg_1"}
Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """Counts connections, keeps the heads of requests, says what it was told to, and hears when it is hung up on."""

    def __init__(self, say: bytes | Say) -> None:
        self._say = say
        self.accepted, self.port = 0, 0
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.hung_up = asyncio.Event()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._take(reader)
            await self._answer(writer)
            while await reader.read(65536):
                pass
        self.hung_up.set()
        writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader) -> None:
        if await reader.readexactly(4) != b"POST":
            raise asyncio.IncompleteReadError(b"", None)  # a TLS handshake: this receiver speaks plain HTTP
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        length = int(head.lower().partition("content-length: ")[2].split()[0])
        self.bodies.append(await reader.readexactly(length))

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._say, bytes):
            writer.write(self._say)
            await writer.drain()
        else:
            await self._say(writer)


@asynccontextmanager
async def receiving(say: bytes | Say = OK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(say)
    server = await asyncio.start_server(receiver.connected, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def post(
    url: str, body: bytes, headers: dict[str, str], allowed: Networks, resolve: Resolver = outgoing.system
) -> Reply:
    """One message."""
    (reply,) = await outgoing.post(url, [(body, headers)], allowed, resolve)
    return reply


class Names:
    """A resolver that gives the same answer, or one after the other, and counts how often it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers, self.asked = answers, 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self._answers[min(self.asked, len(self._answers)) - 1]


# Why each is refused, in the words of the refusal. {port} is that of a listener on 127.0.0.1, which is also what every
# name resolves to and counts as 443 here: nothing but the rule in question stands between the address and the listener.
SPELLING, NETWORK, NAME = "usual spelling", "neither public nor", "never public"
HIDDEN, BACKSLASH, BEGIN, USER = "hidden character", "backslash", "begin with https", "user name"
HOSTILE = [
    # this machine
    ("https://127.0.0.1:{port}/", NETWORK),
    ("https://127.0.0.2:{port}/", NETWORK),
    ("https://127.255.255.254:{port}/", NETWORK),
    ("https://0.0.0.0:{port}/", NETWORK),
    ("https://0.1.2.3:{port}/", NETWORK),
    ("https://[::1]:{port}/", NETWORK),
    ("https://[::]:{port}/", NETWORK),
    ("https://[0:0:0:0:0:0:0:1]:{port}/", NETWORK),
    ("https://localhost:{port}/", NAME),
    ("https://LocalHost:{port}/", NAME),
    ("https://localhost.:{port}/", SPELLING),
    ("https://app.localhost:{port}/", NAME),
    ("https://receiver:{port}/", NAME),
    # ... in spellings that some resolvers understand
    ("https://2130706433:{port}/", SPELLING),
    ("https://017700000001:{port}/", SPELLING),
    ("https://0x7f000001:{port}/", SPELLING),
    ("https://0x7f.1:{port}/", SPELLING),
    ("https://0x7f.0x0.0x0.0x1:{port}/", SPELLING),
    ("https://0177.0.0.1:{port}/", SPELLING),
    ("https://0177.0.0.01:{port}/", SPELLING),
    ("https://127.1:{port}/", SPELLING),
    ("https://127.0.1:{port}/", SPELLING),
    ("https://127.0.0.1.:{port}/", SPELLING),
    ("https://127.0.0.0x1:{port}/", SPELLING),
    ("https://127.0.0.001:{port}/", SPELLING),
    ("https://383.0.0.1:{port}/", SPELLING),
    ("https://0:{port}/", SPELLING),
    ("https://%31%32%37.0.0.1:{port}/", SPELLING),
    ("https://127%2e0%2e0%2e1:{port}/", SPELLING),
    ("https://１２７.0.0.1:{port}/", SPELLING),
    ("https://127。0。0。1:{port}/", SPELLING),
    ("https://①②⑦.0.0.1:{port}/", SPELLING),
    ("https://ⓛocalhost:{port}/", SPELLING),
    ("https://[127.0.0.1]:{port}/", SPELLING),
    ("https://[::1%25lo]:{port}/", SPELLING),
    ("https://::1:{port}/", SPELLING),
    # ... wrapped into IPv6
    ("https://[::ffff:127.0.0.1]:{port}/", NETWORK),
    ("https://[::ffff:7f00:1]:{port}/", NETWORK),
    ("https://[::ffff:0:127.0.0.1]:{port}/", NETWORK),
    ("https://[::127.0.0.1]:{port}/", NETWORK),
    ("https://[64:ff9b::127.0.0.1]:{port}/", NETWORK),
    ("https://[64:ff9b::a9fe:a9fe]/", NETWORK),
    ("https://[64:ff9b:1::10.0.0.1]/", NETWORK),
    ("https://[2002:7f00:1::]:{port}/", NETWORK),
    ("https://[2002:a9fe:a9fe::1]/", NETWORK),
    ("https://[2002:c0a8:101::1]/", NETWORK),
    ("https://[2001:0:7f00:1::]:{port}/", NETWORK),
    ("https://[2001::f5ff:fffe]/", NETWORK),
    # networks that are not public
    ("https://10.0.0.1/", NETWORK),
    ("https://172.16.0.1/", NETWORK),
    ("https://172.31.255.255/", NETWORK),
    ("https://192.168.1.1/", NETWORK),
    ("https://169.254.169.254/latest/meta-data/", NETWORK),
    ("https://169.254.170.2/v2/credentials", NETWORK),
    ("https://100.64.0.1/", NETWORK),
    ("https://100.100.100.200/latest/meta-data/", NETWORK),
    ("https://192.0.0.8/", NETWORK),
    ("https://192.0.0.192/opc/v2/", NETWORK),
    ("https://192.0.2.1/", NETWORK),
    ("https://192.88.99.1/", NETWORK),
    ("https://198.18.0.1/", NETWORK),
    ("https://198.51.100.1/", NETWORK),
    ("https://203.0.113.1/", NETWORK),
    ("https://168.63.129.16/", NETWORK),
    ("https://224.0.0.1/", NETWORK),
    ("https://239.255.255.250/", NETWORK),
    ("https://240.0.0.1/", NETWORK),
    ("https://255.255.255.255/", NETWORK),
    ("https://[fc00::1]/", NETWORK),
    ("https://[fd00:ec2::254]/", NETWORK),
    ("https://[fe80::1]/", NETWORK),
    ("https://[fec0::1]/", NETWORK),
    ("https://[ff02::1]/", NETWORK),
    ("https://[100::1]/", NETWORK),
    ("https://[2001:db8::1]/", NETWORK),
    ("https://[3fff::1]/", NETWORK),
    ("https://[5f00::1]/", NETWORK),
    ("https://metadata/computeMetadata/v1/", NAME),
    ("https://metadata.google.internal/", NAME),
    ("https://printer.local/", NAME),
    # one host for the eye, another for the parser
    ("https://good.example@127.0.0.1:{port}/", USER),
    ("https://good.example:443@127.0.0.1:{port}/", USER),
    ("https://user:password@good.example:{port}/", USER),
    ("https://@127.0.0.1:{port}/", USER),
    ("https://127.0.0.1:{port}#@good.example/", "fragment"),
    ("https://good.example:{port}/#there", "fragment"),
    ("https://good.example:{port}/#", "fragment"),
    ("https://127.0.0.1:{port}\\@good.example/", BACKSLASH),
    ("https:\\\\127.0.0.1:{port}/", BACKSLASH),
    ("https://good.example\\.127.0.0.1:{port}/", BACKSLASH),
    ("https://good.example:{port}/\\..\\", BACKSLASH),
    ("https://127.0.0.1:{port} .good.example/", HIDDEN),
    ("https://127.0.0.1\t:{port}/", HIDDEN),
    ("https://127.0.0\n.1:{port}/", HIDDEN),
    ("https://good.example:{port}/\r\nHost: inner", HIDDEN),
    ("https://good.example:{port}/\x00", HIDDEN),
    ("https://good.example:{port}/\x7f", HIDDEN),
    ("https://good\u200b.example:{port}/", HIDDEN),
    ("https://good.example:{port}/\u202egnp", HIDDEN),
    (" https://good.example:{port}/", HIDDEN),
    ("https://good.example:{port}/\n", HIDDEN),
    # not a whole address
    ("", BEGIN),
    ("good.example:{port}/", BEGIN),
    ("//127.0.0.1:{port}/", BEGIN),
    ("https:/127.0.0.1:{port}/", BEGIN),
    ("https:127.0.0.1:{port}/", BEGIN),
    ("https://", SPELLING),
    ("https:///", SPELLING),
    ("https://:{port}/", SPELLING),
    ("https://?127.0.0.1", SPELLING),
    ("https://good..example:{port}/", SPELLING),
    ("https://.good.example:{port}/", SPELLING),
    ("https://-good.example.-:{port}/", SPELLING),
    ("https://good*.example:{port}/", SPELLING),
    ("https://" + "g" * 64 + ".example:{port}/", SPELLING),
    ("https://" + "good." * 50 + "example:{port}/", SPELLING),
    ("https://[::1:{port}/", SPELLING),
    ("https://good.example]:{port}/", SPELLING),
    ("https://good.example:{port}/" + "x" * 2000, "longer than 2000"),
    # other schemes
    ("http://good.example:{port}/", "Plain http"),
    ("http://" + PUBLIC + ":{port}/", "Plain http"),
    ("ftp://127.0.0.1:{port}/", BEGIN),
    ("file:///etc/passwd", BEGIN),
    ("gopher://127.0.0.1:{port}/_POST", BEGIN),
    ("dict://127.0.0.1:{port}/", BEGIN),
    ("data:text/plain,hello", BEGIN),
    ("ws://127.0.0.1:{port}/", BEGIN),
    ("unix:///run/docker.sock", BEGIN),
    ("javascript:alert(1)", BEGIN),
    # other ports
    ("https://good.example:22/", "port must be"),
    ("https://good.example:25/", "port must be"),
    ("https://good.example:80/", "port must be"),
    ("https://" + PUBLIC + ":6379/", "port must be"),
    ("https://[2606:4700::1111]:5432/", "port must be"),
    ("https://good.example:0/", SPELLING),
    ("https://good.example:00443/", SPELLING),
    ("https://good.example:65979/", SPELLING),
    ("https://good.example:+443/", SPELLING),
    ("https://good.example:4_43/", SPELLING),
    ("https://good.example:٤٤٣/", SPELLING),
    ("https://good.example:/", SPELLING),
    ("https://good.example:{port}:443/", SPELLING),
]


@pytest.mark.parametrize(("url", "why"), HOSTILE)
async def test_a_hostile_address_is_refused_before_anybody_is_asked_or_called(
    url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as inner:
        monkeypatch.setattr(address, "PORTS", (443, 8443, inner.port))
        url, names = url.replace("{port}", str(inner.port)), Names(["127.0.0.1"])
        with pytest.raises(Refused, match=why):
            check(url, ())
        reply = await post(url, b"{}", JSON, (), names)
        assert reply.status is None and reply.error.startswith("refused: ") and why in reply.error
        assert (inner.accepted, names.asked) == (0, 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://receiver:{port}/",
        "https://good.example:{port}/",
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_the_same_listener_is_called_once_when_its_network_is_allowed(url: str, scheme: str) -> None:
    async with receiving() as inner:
        url = url.replace("{port}", str(inner.port)).replace("https", scheme)
        reply = await post(url, b"{}", JSON, LOOPBACK, Names(["127.0.0.1"]))
        assert reply == (Reply(204) if scheme == "http" else Reply(None, "connection"))
        assert inner.accepted == 1


NOT_PUBLIC = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "nonsense",
]


@pytest.mark.parametrize("answer", NOT_PUBLIC)
@pytest.mark.parametrize("others", [[], [PUBLIC]])
async def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(
    answer: str, others: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as inner:
        monkeypatch.setattr(address, "PORTS", (inner.port,))
        names = Names([*others, answer])
        reply = await post(f"https://good.example:{inner.port}/", b"{}", JSON, (), names)
        assert reply.error.startswith("refused: ") and NETWORK in reply.error
        assert answer not in reply.error
        assert (inner.accepted, names.asked) == (0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://good.example",
        "https://good.example:8443/hook?for=us&token=a%20b",
        "HTTPS://Good.Example:443/",
        "https://good.example/@us//hook;v=1?a=@b:c/d?e",
        "https://bücher.example/käse/日本",
        "https://xn--bcher-kva.example/",
        "https://1a.my_team.good.example/",
        f"https://{PUBLIC}/",
        "https://8.8.8.8:8443/",
        "https://[2606:4700::1111]/",
        "https://[2002:808:808::1]/",
        "https://good.example/" + "x" * 1979,
    ],
)
def test_an_ordinary_address_is_accepted(url: str) -> None:
    check(url, ())


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost/", "https://receiver:1/", "http://good.example/"],
)
def test_an_allowed_network_may_be_called_by_any_port_and_name_and_by_plain_http(url: str) -> None:
    check(url, [*LOOPBACK, ip_network("::1/128"), ip_network("10.0.0.0/8")])


@pytest.mark.parametrize("url", [f"http://{PUBLIC}/", f"https://{PUBLIC}:9000/", "https://10.0.0.1/", "https://[::1]/"])
def test_an_allowed_network_opens_no_other(url: str) -> None:
    with pytest.raises(Refused):
        check(url, LOOPBACK)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_plain_http_and_other_ports_need_every_address_of_a_name_in_an_allowed_network(scheme: str) -> None:
    async with receiving() as inner:
        url = f"{scheme}://good.example:{inner.port}/"
        reply = await post(url, b"{}", JSON, LOOPBACK, Names(["127.0.0.1", PUBLIC]))
        assert reply.error.startswith("refused: ") and inner.accepted == 0


@pytest.mark.parametrize("wrapper", ["::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"])
def test_a_wrapper_of_an_allowed_address_is_not_allowed_itself(wrapper: str) -> None:
    with pytest.raises(Refused, match=NETWORK):
        check(f"https://[{wrapper}]/", LOOPBACK)


@pytest.mark.parametrize(
    ("network", "wrapper"),
    [
        ("::/96", "::{}"),
        ("::ffff:0:0/96", "::ffff:{}"),
        ("64:ff9b::/96", "64:ff9b::{}"),
        ("64:ff9b:1::/48", "64:ff9b:1::{}"),
        ("2002::/16", "2002:{}::"),
    ],
)
def test_an_allowed_translator_leads_to_public_and_allowed_addresses_only(network: str, wrapper: str) -> None:
    allowed = [ip_network(network), *LOOPBACK]
    check(f"https://[{wrapper.format('808:808')}]/", allowed)
    check(f"https://[{wrapper.format('7f00:1')}]/", allowed)
    with pytest.raises(Refused, match=NETWORK):
        check(f"https://[{wrapper.format('a9fe:a9fe')}]/", allowed)


async def test_a_name_is_looked_up_once_so_that_rebinding_changes_nothing() -> None:
    async with receiving() as inner:
        names = Names(["127.0.0.1"], ["127.0.0.9"])
        assert await post(f"http://hook.invalid:{inner.port}/", b"{}", JSON, LOOPBACK, names) == Reply(204)
        assert (inner.accepted, names.asked) == (1, 1)


async def test_a_public_name_is_called_at_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    called = connections(monkeypatch)
    names = Names([PUBLIC], ["127.0.0.1"])
    assert await post("https://rebind.invalid/", b"{}", JSON, (), names) == Reply(None, "connection")
    assert called == [(PUBLIC, 443)] and names.asked == 1


def connections(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where this machine would have connected to: no packet leaves it."""
    called: list[tuple[str, int]] = []

    async def nowhere(self: object, protocol: object, host: str, port: int, **more: object) -> None:
        called.append((host, port))
        raise ConnectionRefusedError

    monkeypatch.setattr(type(asyncio.get_running_loop()), "create_connection", nowhere)
    return called


async def test_the_name_is_in_the_host_header_and_need_not_exist_anywhere_else() -> None:
    async with receiving() as inner:
        url = f"http://hook.invalid:{inner.port}/hook?a=b%20c"
        assert await post(url, b'{"x":1}', {**JSON, "host": "other"}, LOOPBACK, Names(["127.0.0.1"])) == Reply(204)
        lines = inner.heads[0].lower().splitlines()
        assert "/hook?a=b%20c http/1.1" in lines[0]
        assert [line for line in lines if line.startswith("host:")] == [f"host: hook.invalid:{inner.port}"]
        assert "webhook-id: msg_1" in lines and inner.bodies == [b'{"x":1}']


async def test_an_international_name_is_asked_for_in_ascii() -> None:
    async with receiving() as inner:
        await post(f"http://bücher.invalid:{inner.port}/", b"{}", JSON, LOOPBACK, Names(["127.0.0.1"]))
        assert f"host: xn--bcher-kva.invalid:{inner.port}" in inner.heads[0].lower()


async def test_a_name_nobody_knows_or_without_an_address_is_an_answer() -> None:
    assert await post("https://hook.invalid/", b"{}", JSON, (), outgoing.system) == Reply(None, "name not found")
    nothing = await post("https://hook.invalid/", b"{}", JSON, (), Names([]))
    assert nothing == Reply(None, "name not found")


async def test_the_systems_resolver_answers_in_text() -> None:
    assert await outgoing.system("127.0.0.1", 443) == ["127.0.0.1"]


async def test_nobody_listening_is_an_answer() -> None:
    async with receiving() as gone:
        pass
    assert await post(f"http://127.0.0.1:{gone.port}/", b"{}", JSON, LOOPBACK) == Reply(None, "connection")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with receiving() as inner:
        say = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n"
        async with receiving(say.encode()) as outer:
            assert await post(f"http://127.0.0.1:{outer.port}/", b"{}", JSON, LOOPBACK) == Reply(status)
        assert (outer.accepted, inner.accepted) == (1, 0)


async def test_no_proxy_of_the_environment_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as inner:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == Reply(204)
        assert (proxy.accepted, inner.accepted) == (0, 1)


async def test_no_cookie_is_kept() -> None:
    async with receiving(b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b; Path=/\r\n\r\n") as inner:
        for _ in range(2):
            await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK)
        assert len(inner.heads) == 2 and "cookie" not in "".join(inner.heads).lower()


def slowly(first: bytes) -> Say:
    """Says `first`, and then a letter now and then, for ever."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return say


@pytest.mark.parametrize(
    ("first", "reply"),
    [
        (b"", Reply(None, "timeout")),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", Reply(None, "timeout")),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", Reply(200)),
    ],
)
async def test_a_receiver_that_drips_is_hung_up_on(first: bytes, reply: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.3)
    async with receiving(slowly(first)) as inner:
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == reply
        await asyncio.wait_for(inner.hung_up.wait(), 10)


async def test_a_receiver_that_never_shakes_hands_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.3)
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        gone.set()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert await post(url, b"{}", JSON, LOOPBACK) == Reply(None, "timeout")
        await asyncio.wait_for(gone.wait(), 10)


async def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.1)

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert await post("https://good.example/", b"{}", JSON, (), never) == Reply(None, "timeout")


ALL = 10_000_000


def endlessly(first: bytes, part: bytes, sent: list[int]) -> Say:
    """Says `first`, then `part` until ten million bytes are out or nobody listens any more."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while sum(sent) < ALL:
            writer.write(part)
            await writer.drain()
            sent.append(len(part))

    return say


ENDLESS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % ALL, b"x" * 10_000, Reply(200)),
    (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b"x" * 1000 + b"\r\n", Reply(500)),
    (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n", Reply(None, "connection")),
    (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 10_000, Reply(None, "connection")),
    (b"", b"x" * 10_000, Reply(None, "connection")),
]


@pytest.mark.parametrize(("first", "part", "reply"), ENDLESS)
async def test_an_endless_reply_is_not_read_to_its_end(first: bytes, part: bytes, reply: Reply) -> None:
    sent: list[int] = []
    async with receiving(endlessly(first, part, sent)) as inner:
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == reply
        await asyncio.wait_for(inner.hung_up.wait(), 10)
        assert sum(sent) < ALL


async def test_a_reply_is_not_unpacked() -> None:
    packed = gzip.compress(bytes(ALL))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    async with receiving(head.encode() + packed) as inner:
        tracemalloc.start()
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == Reply(200)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < ALL / 2


@pytest.mark.parametrize(
    "say",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 999999 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        b"\x16\x03\x01\xff\xff\x00",
    ],
)
async def test_a_reply_that_is_not_http_is_a_lost_connection(say: bytes) -> None:
    async def said_and_gone(writer: asyncio.StreamWriter) -> None:
        writer.write(say)
        await writer.drain()
        writer.close()

    async with receiving(said_and_gone) as inner:
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == Reply(None, "connection")


async def test_a_status_counts_although_the_rest_of_the_reply_is_broken() -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n") as inner:
        assert await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK) == Reply(200)


class Tls:
    """A server's certificate for `name`, signed by itself, and the names its server was asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self.certificate, key = folder / "certificate.pem", folder / "key.pem"
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        said = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
        use = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
        files = ["-keyout", str(key), "-out", str(self.certificate)]
        subprocess.run(["openssl", "req", "-x509", *made, *said, *use, *files], check=True, capture_output=True)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(self.certificate, key)
        self.server.sni_callback = self._asked
        self.asked: list[str | None] = []

    def _asked(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        self.asked.append(name)


@pytest.fixture
def trusting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Tls]]:
    """Makes a certificate that SSL_CERT_FILE tells this process to trust."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")

    def trusted(name: str) -> Tls:
        tls = Tls(tmp_path, name)
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.certificate))
        outgoing._tls.cache_clear()
        return tls

    yield trusted
    outgoing._tls.cache_clear()


async def test_a_certificate_nobody_vouches_for_is_refused_and_the_name_was_asked_for(
    trusting: Callable[[str], Tls], monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = trusting("DNS:hook.invalid")
    monkeypatch.delenv("SSL_CERT_FILE")
    async with receiving(OK, tls.server) as inner:
        url = f"https://hook.invalid:{inner.port}/"
        assert await post(url, b"{}", JSON, LOOPBACK, Names(["127.0.0.1"])) == Reply(None, "certificate")
    assert tls.asked == ["hook.invalid"] and inner.heads == []


@pytest.mark.parametrize(
    ("certified", "host", "reply"),
    [
        ("DNS:hook.invalid", "hook.invalid", Reply(204)),
        ("DNS:hook.invalid", "HOOK.invalid", Reply(204)),
        ("DNS:xn--bcher-kva.invalid", "bücher.invalid", Reply(204)),
        ("IP:127.0.0.1", "127.0.0.1", Reply(204)),
        ("DNS:hook.invalid", "other.invalid", Reply(None, "certificate")),
        ("IP:127.0.0.1", "hook.invalid", Reply(None, "certificate")),
        ("DNS:hook.invalid", "127.0.0.1", Reply(None, "certificate")),
    ],
)
async def test_a_certificate_must_be_for_the_name_and_not_for_the_address_behind_it(
    certified: str, host: str, reply: Reply, trusting: Callable[[str], Tls]
) -> None:
    tls = trusting(certified)
    async with receiving(OK, tls.server) as inner:
        url = f"https://{host}:{inner.port}/"
        assert await post(url, b"{}", JSON, LOOPBACK, Names(["127.0.0.1"])) == reply
    assert len(inner.heads) == (1 if reply.status else 0)


async def test_a_server_that_wants_a_certificate_of_ours_is_a_lost_connection(trusting: Callable[[str], Tls]) -> None:
    tls = trusting("DNS:hook.invalid")
    tls.server.verify_mode = (
        ssl.CERT_REQUIRED
    )  # TLS 1.3 says so only after our request: httpx lets the SSLError through
    async with receiving(OK, tls.server) as inner:
        url = f"https://hook.invalid:{inner.port}/"
        assert await post(url, b"{}", JSON, LOOPBACK, Names(["127.0.0.1"])) == Reply(None, "connection")


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("86400", 86_400),
        ("86401", 86_400),
        ("99999999999999999999", 86_400),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sunday, 01-Mar-26 12:01:30 GMT", 90),
        ("Sun Mar  1 12:01:30 2026", 90),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 01 Mar 2999 12:00:00 GMT", 86_400),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("9" * 5000, None),
        ("120, 120", None),
        ("Sun, 99 Foo 2026 12:00:00 GMT", None),
        ("Sun, 01 Mar 99999999999999999999 12:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(asked: str, seconds: int | None) -> None:
    assert retry_after(asked, NOON) == seconds


@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (503, 7), (200, None), (500, None)])
async def test_only_who_is_busy_says_when_to_come_again(status: int, seconds: int | None) -> None:
    say = f"HTTP/1.1 {status} Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
    async with receiving(say.encode()) as inner:
        reply = await post(f"http://127.0.0.1:{inner.port}/", b"{}", JSON, LOOPBACK)
        assert reply == Reply(status, "", seconds)
