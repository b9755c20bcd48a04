"""Every route with every kind of key: nobody reaches anything beyond his scope, and secrets stay secret."""

import io
import json
import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app import auth, logs
from app.models import Device, now
from app.settings import Settings
from tests.conftest import ADMIN_KEY, client_of, running
from tests.reliability.report import report

# Open to anybody by design: what says nothing about answers, and what has its own proof of who is calling (an Origin,
# a pairing code, a tablet's key, a signed link), which its own tests hold.
PUBLIC = {
    "GET /v1/catalogue",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /v1/touchpoints/{key}/aggregate-rating",  # only where the touchpoint is public
    "GET /v1/touchpoints/{key}/badge.svg",  # the same
    "GET /v1/touchpoints/{key}/widget",
    "GET /v1/touchpoints/{key}/qr.svg",
    "POST /v1/touchpoints/{key}/asked",
    "POST /v1/devices/pair",
    "POST /v1/devices/heartbeat",
}
VALUES = {"key": "place", "id": str(uuid.UUID(int=7)), "delivery_id": str(uuid.UUID(int=8)), "locale": "en"}


class Operation(NamedTuple):
    method: str
    path: str
    scopes: tuple[str, ...]  # each is needed
    body: bool

    @property
    def scope(self) -> str | None:
        return " ".join(self.scopes) or None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def operations(app: Any) -> Iterator[Operation]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            scopes = [scope for need in operation.get("security", []) for scope in need.get("key", [])]
            yield Operation(method.upper(), path, tuple(dict.fromkeys(scopes)), "requestBody" in operation)


async def call(client: Any, operation: Operation, key: str | None) -> tuple[int, str]:
    """The status and the problem's code."""
    path = operation.path
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace("{" + name + "}", VALUES.get(name, "999999"))
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"content": b"{}", "headers": headers | {"Content-Type": "application/json"}} if operation.body else {}
    answer = await client.request(operation.method, path, **({"headers": headers} | body))
    problem = answer.headers.get("content-type") == "application/problem+json"
    return answer.status_code, answer.json()["code"] if problem else ""


def keys(session: Any, together: set[str]) -> dict[str, str]:
    """A key of each kind in clear, and one of each of the scopes that some operation needs `together`."""
    said = {*auth.SCOPES, *together}
    found = {scopes: auth.create_key(session, scopes, tuple(scopes.split()))[0] for scopes in sorted(said)}
    found["expired"], _ = auth.create_key(session, "expired", (auth.ADMIN,), now() - timedelta(seconds=1))
    found["revoked"], row = auth.create_key(session, "revoked", (auth.ADMIN,))
    row.revoked_at = now()
    found["tablet"] = auth.DEVICE_PREFIX + "x" * 43
    session.add(Device(name="tablet", key_hash=auth.digest(found["tablet"])))
    return found | {"wrong": auth.KEY_PREFIX + "x" * 43, "nonsense": "' OR 1=1 --", "settings": ADMIN_KEY}


async def test_nobody_reaches_anything_beyond_his_scope(app, anybody, make):
    await make(VALUES["key"])
    every = sorted(operations(app), key=lambda operation: operation.method == "DELETE")
    open_ones = {operation.name for operation in every if operation.scope is None}
    assert open_ones <= PUBLIC, f"open to anybody: {open_ones - PUBLIC}"
    together = {operation.scope for operation in every if operation.scope}
    shown = await app.state.db.write(lambda session: keys(session, together))
    wrong, tried = [], 0
    for operation in every:
        if operation.scope is None:
            continue
        for kind, key in [("none", None), *shown.items()]:
            tried += 1
            status, code = await call(anybody, operation, key)
            let_in = code not in ("key_required", "key_invalid", "scope_missing")
            may = kind in (auth.ADMIN, "settings") or set(operation.scopes) <= set(kind.split())
            may = may or (kind == "tablet" and "batch" in operation.path)
            refused = {"none": 401, "expired": 401, "revoked": 401, "wrong": 401, "nonsense": 401}.get(kind, 403)
            if let_in != may or (not let_in and status != refused) or status >= 500:
                wrong.append(f"{operation.name} with {kind}: {status} {code}")
    figure = f"{len(wrong)} wrong of {tried} (route, key) pairs over {len(every)} routes"
    report(f"route x key matrix, {app.state.db.dialect}", "; ".join([figure, *wrong[:5]]), "0 wrong", holds=not wrong)


async def test_the_matrix_sees_an_open_route(app, anybody):
    """The control: a route that forgot its guard."""

    @app.get("/v1/forgotten")
    async def forgotten() -> int:
        return 1

    app.openapi_schema = None
    assert any(o.scope is None and o.name not in PUBLIC for o in operations(app))


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged, at the finest level, as it would leave the process."""
    text, before = io.StringIO(), logs.log.level
    handler = logging.StreamHandler(text)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    logs.log.setLevel(logging.DEBUG)
    yield text
    logging.getLogger().removeHandler(handler)
    logs.log.setLevel(before)


async def test_secrets_comments_and_addresses_leave_no_trace(sqlite_url, logged):
    secret, address, agent = "canary-secret-0123456789-abcdef", "198.51.100.77", "CanaryAgent/1.0"
    comment, person = "canary comment words", "canary-person-4711"
    chosen = {"admin_key": ADMIN_KEY, "secret_key": secret, "trusted_proxies": "127.0.0.0/8", "rate_limit": "2/hour"}
    settings = Settings(database_url=sqlite_url, webhook_allow_networks="127.0.0.0/8", **chosen)
    hook = {"url": "http://127.0.0.1:9/canary-token", "events": ["feedback.created"]}  # port 9: nobody takes it
    said = {"rating": 1, "comment": comment, "respondent": person}
    headers = {"Origin": "https://shop.example", "X-Forwarded-For": address, "User-Agent": agent}
    answers = []
    async with running(settings) as app, client_of(app) as client:
        as_admin = {"Authorization": f"Bearer {ADMIN_KEY}"}
        place = {"key": "shop", "origins": ["https://shop.example"]}
        await client.post("/v1/touchpoints", json=place, headers=as_admin)
        made = await client.post("/v1/keys", json={"name": "x", "scopes": ["feedback:write"]}, headers=as_admin)
        key = made.json()["key"]
        whsec = (await client.post("/v1/webhooks", json=hook, headers=as_admin)).json()["secret"]
        for with_key in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"Bearer {key}x"}, headers):
            for wrong in ({}, {}, {}, {"rating": 99}, {"unknown": comment}, {"respondent": f"{person}@x.y"}):
                body, batch = said | wrong, {"items": [said | wrong]}
                answers.append(await client.post("/v1/touchpoints/shop/feedback", json=body, headers=with_key))
                answers.append(await client.post(f"/v1/feedback/batch?q={person}", json=batch, headers=with_key))
        await app.state.deliverer.turn()
        await app.state.deliverer.idle()
        tried = (await client.get("/v1/webhooks/1/deliveries", headers=as_admin)).json()["items"]
        assert any(delivery["error"] == "connection" for delivery in tried)
        figures = (await client.get("/metrics")).text
    assert {answer.status_code for answer in answers} >= {201, 401, 422, 429}
    errors = " ".join(answer.text for answer in answers if answer.status_code >= 400)
    stored = b"".join(path.read_bytes() for path in Path(sqlite_url.partition("///")[2]).parent.glob("touchstone.db*"))
    out = logged.getvalue() + figures + errors
    never = {"secret": secret, "admin key": ADMIN_KEY, "key": key, "address": address, "agent": agent}
    found = [name for name, canary in never.items() if canary in out or canary.encode() in stored]
    unsaid = {"comment": comment, "person": person, "webhook's secret": whsec, "webhook's address": "canary-token"}
    found += [name for name, canary in unsaid.items() if canary in out]
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert len(lines) >= len(answers) and comment.encode() in stored, "the canaries did not fly"
    report("secrets, comments, addresses in logs, errors, figures, files", found or "0 found", "0", holds=not found)
