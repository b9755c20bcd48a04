"""HEAD, compression, Vary, absolute problem types, and the addresses that programs ask every site for."""

import asyncio
import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, NO_TLS, client_of, running
from tests.reliability.server import Server

PROXY = "127.0.0.1/32"  # httpx.ASGITransport calls from there


def gets(app: Any) -> Iterator[str]:
    """The path of each route that takes GET, pages included, with something in its parameters."""
    seen = set()
    for route in _routes(app.routes):
        if "GET" in (getattr(route, "methods", None) or ()) and route.path not in seen:
            seen.add(route.path)
            path = route.path
            for name, value in (("{key}", "shop"), ("{name:path}", "x"), ("{version}", "v1")):
                path = path.replace(name, value)
            yield "/".join("7" if part.startswith("{") else part for part in path.split("/"))


def _routes(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        yield from _routes(inner.routes) if inner is not None else [route]


async def test_head_is_answered_as_get_is_on_every_route(app, client, make):
    await make("shop", public=True)
    await client.post("/login", data={"key": ADMIN_KEY})
    paths = [path for path in gets(app) if path != "/live"]
    wrong = []
    for path in paths:
        got, asked = await client.get(path), await client.head(path)
        alike = all(got.headers.get(name) == asked.headers.get(name) for name in ("content-type", "location"))
        alike = alike and ("content-length" in got.headers) == ("content-length" in asked.headers)
        if got.status_code != asked.status_code or asked.content or not alike:
            wrong.append((path, got.status_code, asked.status_code, dict(asked.headers)))
    assert len(paths) > 50 and not wrong, wrong
    assert (await client.head("/v1/feedback/batch")).status_code == 405
    assert (await client.post("/healthz")).headers["allow"] == "GET, HEAD"


async def test_head_of_a_stream_ends_at_once_over_a_real_connection(sqlite_url, tmp_path):
    """The export streams, and the dashboard's /live does so for eight seconds."""
    server = Server(sqlite_url, tmp_path / "log")
    try:
        server.start()
        await server.ready()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", verify=NO_TLS) as browser:
            await browser.post("/login", data={"key": ADMIN_KEY})
            cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        for path in ("/live", "/v1/feedback/export", "/v1/scores", "/healthz"):
            assert (await _head(server.port, path, cookie)).startswith("HTTP/1.1 200"), path
        assert "Traceback" not in server.log.read_text() and "completing" not in server.log.read_text()
    finally:
        server.stop()


async def _head(port: int, path: str, cookie: str) -> str:
    """What follows one HEAD until the connection closes, which must be a head and nothing else."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    line = f"HEAD {path} HTTP/1.1\r\nHost: t\r\nCookie: {cookie}\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
    writer.write(f"{line}Connection: close\r\n\r\n".encode())
    said = (await asyncio.wait_for(reader.read(), 4)).decode()
    writer.close()
    assert said.endswith("\r\n\r\n") and said.count("\r\n\r\n") == 1, path
    return said


async def test_what_is_long_is_compressed_for_who_takes_it_and_an_answer_is_not(client, make):
    for number in range(12):
        await make(f"shop-{number}")
    raw = {"Accept-Encoding": "identity"}
    for path in ("/v1/scores", "/openapi.json", "/docs", "/v1/catalogue"):
        async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            body = b"".join([part async for part in answer.aiter_raw()])
        plain = await client.get(path, headers=raw)
        assert answer.headers["content-encoding"] == "gzip" and len(body) < len(plain.content) / 2, path
        assert len(gzip.decompress(body)) == len(plain.content)
        assert "content-encoding" not in plain.headers
        for each in (answer, plain):
            assert "Accept-Encoding" in each.headers["vary"]
    stored = await client.post("/v1/touchpoints/shop-1/feedback", json={"rating": 4, "comment": "x" * 2000})
    assert stored.status_code == 201 and "content-encoding" not in stored.headers
    assert "content-encoding" not in (await client.get("/healthz")).headers


async def test_a_page_says_that_it_depends_on_the_readers_language(client, make):
    await make("shop")
    assert "Accept-Language" in (await client.get("/t/shop")).headers["vary"]


@pytest.mark.parametrize("home", ["https://shop.example/feedback", "https://feedback.example/"])
async def test_the_type_of_a_problem_is_a_whole_address_with_a_public_url(sqlite_url, home):
    chosen = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, public_url=home)
    async with running(chosen) as app, client_of(app, headers=ADMIN) as client:
        for path in ("/v1/touchpoints/none/score", "/v1/touchpoints/none", "/v1/nowhere"):
            said = (await client.get(path)).json()
            assert said["type"] == f"{home.rstrip('/')}/docs#{said['code']}"


async def test_what_programs_ask_every_site_for_is_there(sqlite_url, anybody):
    robots = await anybody.get("/robots.txt")
    assert robots.status_code == 200 and "Disallow: /\n" in robots.text and "Allow: /t/\n" in robots.text
    icon = await anybody.get("/favicon.ico")
    assert icon.headers["content-type"] == "image/svg+xml" and icon.content.startswith(b"<svg")
    again = await anybody.get("/favicon.ico", headers={"If-None-Match": icon.headers["etag"]})
    assert again.status_code == 304
    assert (await anybody.get("/.well-known/security.txt")).status_code == 404
    chosen = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, security_contact="mailto:security@shop.example")
    async with running(chosen) as app, client_of(app) as client:
        said = dict(line.split(": ") for line in (await client.get("/.well-known/security.txt")).text.splitlines())
    assert said["Contact"] == "mailto:security@shop.example"
    assert 0 < (datetime.fromisoformat(said["Expires"]) - datetime.now(UTC)).days < 365


async def test_the_request_id_of_a_trusted_proxy_is_kept_and_no_other(sqlite_url):
    for trusted, given, kept in (
        (PROXY, "abc-1/2=", True),
        (PROXY, "x y", False),
        (PROXY, "x" * 129, False),
        ("10.0.0.0/8", "abc", False),
        ("", "abc", False),
    ):
        chosen = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, trusted_proxies=trusted)  # type: ignore[arg-type]
        async with running(chosen) as app, client_of(app) as client:
            answer = await client.get("/v1/touchpoints", headers={"X-Request-Id": given})
        assert (answer.headers["x-request-id"] == given) == kept == (answer.json()["request_id"] == given)
