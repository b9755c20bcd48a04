"""A key may no more than the one it was made with, and ends with it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import client_of


async def key_of(client: AsyncClient, *scopes: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/keys", json={"name": "made", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def with_key(app: Any, key: dict[str, Any]) -> AsyncClient:
    return client_of(app, headers={"Authorization": f"Bearer {key['key']}"})


async def test_a_key_ends_when_its_maker_ends_at_the_latest(app, client):
    soon, later = (datetime.now(UTC) + timedelta(days=days) for days in (1, 2))
    parent = await key_of(client, "admin", expires_at=soon.isoformat())
    async with with_key(app, parent) as maker:
        child = await key_of(maker, "admin")
        assert (child["made_by"], child["expires_at"]) == (parent["id"], parent["expires_at"])
        long = {"name": "long", "scopes": ["admin"], "expires_at": later.isoformat()}
        refused = await maker.post("/v1/keys", json=long)
        assert refused.status_code == 422 and refused.json()["errors"][0]["place"] == "body.expires_at"
        short = await key_of(maker, "admin", expires_at=(soon - timedelta(hours=1)).isoformat())
        assert short["expires_at"] < parent["expires_at"]


async def test_revoking_a_key_takes_along_all_that_were_made_with_it(app, client):
    parent, bystander = await key_of(client, "admin"), await key_of(client, "admin")
    async with with_key(app, parent) as maker:
        child = await key_of(maker, "keys:write", "keys:read", "scores:read")
    async with with_key(app, child) as maker:
        grandchild = await key_of(maker, "scores:read")
        await client.delete(f"/v1/keys/{parent['id']}")
        again = await maker.post("/v1/keys", json={"name": "late", "scopes": ["scores:read"]})
        assert again.json()["code"] == "key_invalid"
    shown = {row["id"]: row for row in (await client.get("/v1/keys")).json()["items"]}
    assert all(shown[key["id"]]["revoked_at"] for key in (parent, child, grandchild))
    assert shown[bystander["id"]]["revoked_at"] is None
    async with with_key(app, grandchild) as gone:
        assert (await gone.get("/v1/scores")).status_code == 401


async def test_revoking_takes_the_rights_of_what_is_revoked(app, client):
    admin, clerk = await key_of(client, "admin"), await key_of(client, "keys:write")
    async with with_key(app, clerk) as person:
        refused = await person.delete(f"/v1/keys/{admin['id']}")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        assert (await person.delete(f"/v1/keys/{clerk['id']}")).status_code == 200
    async with with_key(app, admin) as still:
        assert (await still.get("/v1/keys")).status_code == 200


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\x9b31m", "a\x00b", "\ud800"])
async def test_a_name_that_a_terminal_would_obey_is_refused(client, name):
    body = json.dumps({"name": name, "scopes": ["admin"]})
    answer = await client.post("/v1/keys", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422) and answer.headers["content-type"] == "application/problem+json"
