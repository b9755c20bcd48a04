"""Signing in to the dashboard: the session, its end, and what other sites cannot do with it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.dashboard import session
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

SECRET = b"a secret of the tests"


async def _key(client: httpx.AsyncClient, *scopes: str) -> dict[str, Any]:
    answer = await client.post("/v1/keys", json={"name": "Mette Kjær", "scopes": list(scopes)})
    found: dict[str, Any] = answer.json()
    return found


@asynccontextmanager
async def _signed_in(app: FastAPI, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as browser:
        answer = await browser.post("/login", data={"key": key})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        yield browser


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_a_cookie_names_a_subject_until_it_expires() -> None:
    cookie = session.issue(SECRET, "7", now=1000)
    assert session.verify(SECRET, cookie, now=1000 + session.LASTS_S - 1) == "7"
    assert session.verify(SECRET, cookie, now=1000 + session.LASTS_S) is None


@pytest.mark.parametrize("forged", [None, "", "7", "7.99999999999.x.y", "8{}", "...."])
def test_a_forged_cookie_is_nobody(forged: str | None) -> None:
    cookie = session.issue(SECRET, "7")
    assert session.verify(SECRET, forged and forged.format(cookie[1:])) is None
    assert session.verify(b"another secret", cookie) is None


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://us.example"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "https://us.example"}, True),
        ({"origin": "https://them.example"}, False),
        ({"origin": "null"}, False),
        ({}, True),
    ],
)
def test_a_form_from_another_site_is_told(headers: dict[str, str], ours: bool) -> None:
    assert session.from_here(headers, "us.example") is ours


async def test_a_visitor_is_sent_to_the_sign_in_and_back(app: FastAPI, anybody: httpx.AsyncClient) -> None:
    first = await anybody.get("/", follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, "/login")
    deep = await anybody.get("/?period=7d&tag=a")
    assert deep.headers["location"] == "/login?next=%2F%3Fperiod%3D7d%26tag%3Da"
    answer = await anybody.post("/login", data={"key": ADMIN_KEY, "next": "/?period=7d&tag=a"})
    assert answer.headers["location"] == "/?period=7d&tag=a"


@pytest.mark.parametrize("elsewhere", ["https://them.example", "//them.example", "/\\them.example", "javascript:1"])
async def test_a_sign_in_sends_nobody_elsewhere(anybody: httpx.AsyncClient, elsewhere: str) -> None:
    answer = await anybody.post("/login", data={"key": ADMIN_KEY, "next": elsewhere})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_the_cookie_is_not_the_key_and_no_script_can_read_it(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.post("/login", data={"key": ADMIN_KEY})
    said = answer.headers["set-cookie"]
    assert ADMIN_KEY not in said
    assert {"HttpOnly", "SameSite=lax", f"Max-Age={session.LASTS_S}"} <= set(said.split("; "))


@pytest.mark.parametrize(("trusted", "secure"), [("127.0.0.1", True), ("10.0.0.1", False)])
async def test_behind_a_trusted_proxy_that_ends_tls_the_cookie_is_secure(
    sqlite_url: str, trusted: str, secure: bool
) -> None:
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, trusted_proxies=trusted)
    async with running(settings) as app, client_of(app, headers={"X-Forwarded-Proto": "https"}) as browser:
        answer = await browser.post("/login", data={"key": ADMIN_KEY})
        assert ("Secure" in answer.headers["set-cookie"].split("; ")) is secure


async def test_a_wrong_key_is_told_on_the_page(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.post("/login", data={"key": "tsk_wrong"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert 'role="alert"' in answer.text
    assert "tsk_wrong" not in answer.text


async def test_a_key_that_may_not_read_scores_does_not_come_in(
    client: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    key = await _key(client, "links:write")
    answer = await anybody.post("/login", data={"key": key["key"]})
    assert (answer.status_code, "scores:read" in answer.text) == (403, True)


async def test_the_api_does_not_take_the_cookie(app: FastAPI) -> None:
    async with _signed_in(app, ADMIN_KEY) as browser:
        assert (await browser.get("/")).status_code == 200
        for path in ("/v1/touchpoints", "/v1/feedback", "/v1/keys", "/v1/scores"):
            assert (await browser.get(path)).json()["code"] == "key_required"


async def test_a_revoked_key_ends_its_session(app: FastAPI, client: httpx.AsyncClient) -> None:
    key = await _key(client, "scores:read")
    async with _signed_in(app, key["key"]) as browser:
        assert (await browser.get("/")).status_code == 200
        await client.delete(f"/v1/keys/{key['id']}", headers=ADMIN)
        gone = await browser.get("/")
        assert (gone.status_code, gone.headers["location"]) == (303, "/login")


async def test_signing_out_needs_the_token_of_the_session(app: FastAPI) -> None:
    async with _signed_in(app, ADMIN_KEY) as browser, _signed_in(app, ADMIN_KEY) as other:
        foreign = _token((await other.get("/")).text)
        for data in ({}, {"csrf": "0" * 64}, {"csrf": foreign}):
            assert (await browser.post("/logout", data=data)).status_code == 403
        token = _token((await browser.get("/")).text)
        cross = await browser.post("/logout", data={"csrf": token}, headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403
        assert (await browser.get("/")).status_code == 200
        out = await browser.post("/logout", data={"csrf": token})
        assert (out.status_code, out.headers["location"]) == (303, "/login")
        assert (await browser.get("/")).status_code == 303


async def test_signing_out_ends_the_session_for_whoever_has_its_cookie(app: FastAPI) -> None:
    async with _signed_in(app, ADMIN_KEY) as browser, _signed_in(app, ADMIN_KEY) as other:
        copied = {"Cookie": f"{session.COOKIE}={browser.cookies[session.COOKIE]}"}
        async with client_of(app, headers=copied) as thief:
            assert (await thief.get("/keys")).status_code == 200
            await browser.post("/logout", data={"csrf": _token((await browser.get("/")).text)})
            assert (await thief.get("/keys")).headers["location"] == "/login?next=%2Fkeys"
            forged = await thief.post("/logout", data={"csrf": "x"})
            assert forged.status_code == 303
        assert (await other.get("/keys")).status_code == 200


async def test_without_the_scope_no_comment_is_shown(app: FastAPI, client: httpx.AsyncClient, make: Any) -> None:
    await make("checkout", scale="csat")
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 1, "comment": "A private remark."})
    key = await _key(client, "scores:read")
    async with _signed_in(app, ADMIN_KEY) as browser:
        assert "A private remark." in (await browser.get("/")).text
    async with _signed_in(app, key["key"]) as browser:
        page = (await browser.get("/")).text + (await browser.get("/map")).text
        assert "Checkout" in page
        assert "A private remark." not in page


async def test_every_page_forbids_what_is_inline(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/login?lang=de")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert '<html lang="de">' in answer.text
