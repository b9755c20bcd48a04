"""Requests that never end, are too large or say nothing: honest customers beside them are answered at once."""

import asyncio
import json
import re
import resource
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests.conftest import ADMIN_KEY
from tests.reliability.load import Connection
from tests.reliability.report import report, report_all
from tests.reliability.server import Server
from tests.reliability.test_access import VALUES, operations

Serve = Callable[..., Server]
ENDLESS = b"GET /healthz HTTP/1.1\r\nHost: t\r\nX: "


async def send(port: int, *pieces: bytes, every_s: float = 0.0, within_s: float = 20) -> bytes:
    """All that comes back until the server closes; the pieces are sent one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def write() -> None:
        with suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)

    writing = asyncio.create_task(write())
    try:
        async with asyncio.timeout(within_s):
            with suppress(ConnectionResetError):
                return await reader.read()
            return b""
    finally:
        writing.cancel()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


ADMIN_HEADER = (b"authorization", f"Bearer {ADMIN_KEY}".encode())


async def asgi(
    app: Any, method: str, path: str, piece: bytes, *headers: tuple[bytes, bytes], times: int = 1
) -> tuple[int, int]:
    """How many bytes of the body, `times` pieces, the application read, and the status it gave."""
    read, statuses = 0, list[int]()

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": read < times * len(piece)}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    said = [(b"content-type", b"application/json"), (b"host", b"t"), *headers]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": said, "client": ("127.0.0.1", 1), "server": ("t", 80), "scheme": "http", "root_path": ""}
    await app(scope | {"http_version": "1.1", "asgi": {"version": "3.0"}}, receive, send)
    return read, statuses[0]


def problem_in(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head and b"connection: close" in head.lower(), answer[:300]
    found: dict[str, Any] = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {found['status']} ".encode())
    return found


@asynccontextmanager
async def honest(port: int) -> AsyncIterator[list[float]]:
    """Asks /healthz again and again meanwhile; yields how long each answer took."""
    waits: list[float] = []

    async def ask() -> None:
        while True:
            connection, started = Connection(port), time.monotonic()
            with suppress(OSError, TimeoutError):
                await connection.ask("GET", "/healthz", timeout_s=60)
            waits.append(time.monotonic() - started)
            connection.close()
            await asyncio.sleep(0.01)

    asking = asyncio.create_task(ask())
    started = time.monotonic()
    try:
        yield waits
    finally:
        await asyncio.sleep(0.05)
        asking.cancel()
        waits.append(time.monotonic() - started - sum(waits) if not waits else 0.0)


@pytest.mark.parametrize("broken", ["", "boundless"])
async def test_a_header_that_never_ends_is_refused_at_64_kb_and_holds_nobody_up(serve: Serve, sqlite_url, broken):
    server = serve(sqlite_url, broken=broken)
    server.start()
    await server.ready()
    before = server.forget_peak_mb()
    async with honest(server.port) as waits:
        flood = (ENDLESS, *[b"a" * 1_000_000] * 60)  # three times at once
        answers = await asyncio.gather(
            *(send(server.port, *flood, within_s=4) for _ in range(3)), return_exceptions=True
        )
    grown, slowest = server.peak_mb() - before, max(waits)
    figure = f"longest wait of an honest customer {slowest:.2f} s, {grown:.0f} MB more"
    holds = {"the others are answered": slowest < 0.5, "memory stays": grown < 10}
    report_all(
        "three headers without an end", figure, "0.5 s, 10 MB", holds=holds, broken=broken, breaks="memory stays"
    )
    if not broken:  # the reply may be lost when the client goes on sending
        codes = {problem_in(answer)["code"] for answer in answers if isinstance(answer, bytes) and answer}
        assert codes <= {"head_too_large"}


async def test_a_head_has_64_kb_in_one_header_in_many_and_in_the_address(serve: Serve, sqlite_url):
    server = serve(sqlite_url)
    server.start()
    await server.ready()
    many = b"".join(b"X-%d: %s\r\n" % (number, b"v" * 20) for number in range(4000))
    for head in (b"X: " + b"a" * 70_000 + b"\r\n", many):
        whole = b"GET /healthz HTTP/1.1\r\nHost: t\r\n" + head + b"\r\n"
        assert problem_in(await send(server.port, whole))["status"] == 431
        halves = whole[:60_000], whole[60_000:]
        assert problem_in(await send(server.port, *halves, every_s=0.05))["code"] == "head_too_large"
    long = b"GET /healthz?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n"
    assert problem_in(await send(server.port, long))["status"] == 431
    fits = b"GET /healthz HTTP/1.1\r\nHost: t\r\nConnection: close\r\nX: " + b"a" * 60_000 + b"\r\n\r\n"
    assert (await send(server.port, fits)).startswith(b"HTTP/1.1 200 ")
    assert problem_in(await send(server.port, b"what is this\r\n\r\n"))["code"] == "malformed_request"


async def test_many_requests_at_once_on_one_connection_are_no_large_head(serve: Serve, sqlite_url):
    server = serve(sqlite_url)
    server.start()
    await server.ready()
    one = b"GET /healthz HTTP/1.1\r\nHost: t\r\nX: " + b"a" * 1000 + b"\r\n\r\n"
    last = one.replace(b"Host", b"Connection: close\r\nHost")
    answer = await send(server.port, one * 149 + last)
    assert answer.count(b"HTTP/1.1 200 ") == 150


async def test_a_request_that_drips_and_a_connection_that_says_nothing_are_closed(serve: Serve, sqlite_url):
    server = serve(sqlite_url, broken="hurried")
    server.start()
    await server.ready()
    post = b"POST /v1/touchpoints/x/feedback HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
    post += b"Authorization: Bearer " + b"test-admin-key-0123456789\r\nContent-Length: 5000\r\n\r\n"
    drips = [b"a"] * 200

    async def timed(*pieces: bytes) -> tuple[float, bytes]:
        started = time.monotonic()
        answer = await send(server.port, *pieces, every_s=0.05)
        return time.monotonic() - started, answer

    silent, head, chatty, body = await asyncio.gather(
        timed(), timed(ENDLESS, *drips), timed(*[b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"] * 60), timed(post, *drips)
    )
    assert 0.9 < silent[0] < 3 and silent[1] == b""
    assert 0.9 < head[0] < 3 and problem_in(head[1])["code"] == "request_timeout"
    assert 1.8 < body[0] < 5
    assert chatty[1].count(b"HTTP/1.1 200 ") == 60  # who asks again and again is not cut off


@pytest.mark.parametrize("broken", ["", "boundless"])
async def test_idle_connections_do_not_shut_out_customers(serve: Serve, sqlite_url, broken):
    """1,100 connections that say nothing, where the shell gives 1,024 descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the machine allows too few descriptors")
    server = serve(sqlite_url, broken=broken, as_command=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    await server.ready()
    idle = []
    with suppress(OSError):
        for _ in range(1100):
            idle.append(await asyncio.open_connection("127.0.0.1", server.port))  # noqa: PERF401 - until one fails
    await asyncio.sleep(0.2)
    answered = None
    connection = Connection(server.port)
    with suppress(OSError, TimeoutError):
        answered = (await connection.ask("GET", "/healthz", timeout_s=3))[0]
    connection.close()
    for _, writer in idle:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert answered == (None if broken else 200)


async def test_a_body_is_not_read_before_the_key_that_its_route_asks_for(app, make):
    """Every operation with a body and a scope, called with no key and a body that nobody should look at."""
    await make(VALUES["key"])
    found = [operation for operation in operations(app) if operation.scope and operation.body]
    assert len(found) >= 15
    for operation in found:
        path = re.sub(r"\{([^}]*)\}", lambda name: VALUES.get(name[1], "1"), operation.path)
        read, said = await asgi(app, operation.method, path, b"{" * 1000)
        assert (read, said) == (0, 401), operation.name


@pytest.mark.parametrize("path", ["/v1/keys", "/v1/devices/pair", "/t/x", "/login", "/v1/feedback/batch", "/nowhere"])
async def test_a_body_that_is_too_large_is_refused_before_or_while_it_is_read(app, path):
    announced = await asgi(app, "POST", path, b"x", (b"content-length", b"100000000"), ADMIN_HEADER, times=2)
    assert announced[0] <= 1 and announced[1] in (404, 413)
    read, status = await asgi(app, "POST", path, b"x" * 100_000, ADMIN_HEADER, times=1000)
    assert read <= 17_000_000 and status in (404, 413)


async def test_bad_bodies_leave_nothing_in_memory(serve: Serve, sqlite_url):
    server = serve(sqlite_url)
    server.start()
    await server.ready()
    bad = b"{" + b"x" * 3_900_000
    connection = Connection(server.port)
    for _ in range(3):
        await connection.ask("POST", "/v1/keys", bad)
    before = server.memory_mb()
    for _ in range(60):
        status, _, _ = await connection.ask("POST", "/v1/keys", bad)
        assert status == 400
    grown = server.memory_mb() - before
    connection.close()
    report("60 bodies of 3.9 MB that are no JSON", f"{grown:.0f} MB more", "30 MB", holds=grown < 30)
