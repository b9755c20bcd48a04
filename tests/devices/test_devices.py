"""Tablets are registered, paired, watched and revoked."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import select

from app.devices.pairing import ALPHABET
from app.models import Device, now

ALIVE = {"queue_depth": 0, "version": "1", "persisted": True}


async def test_a_code_is_eight_unambiguous_characters_and_gives_a_key_once(client, anybody, make):
    await make("exit", scale="smiley", question={"en": "How was your visit?"})
    made = (await client.post("/v1/devices", json={"name": "Exit 1", "touchpoints": ["exit"]})).json()
    code = made["pairing_code"]
    assert len(code) == 8 and not set(code) - set(ALPHABET) and not set("01OIL") & set(ALPHABET)
    assert made["state"] == "unpaired"
    typed = f"{code[:4]}-{code[4:]} ".lower()
    paired = (await anybody.post("/v1/devices/pair", json={"code": typed})).json()
    assert paired["key"].startswith("tsd_") and paired["name"] == "Exit 1"
    assert [(t["key"], t["scale"], t["question"]["en"]) for t in paired["touchpoints"]] == [
        ("exit", "smiley", "How was your visit?")
    ]
    again = await anybody.post("/v1/devices/pair", json={"code": code})
    assert again.status_code == 404 and again.json()["code"] == "pairing_invalid"
    assert (await client.get(f"/v1/devices/{made['id']}")).json()["state"] == "active"


async def test_of_many_that_type_one_code_at_once_one_is_paired(client, anybody, make):
    await make("exit")
    code = (await client.post("/v1/devices", json={"name": "A", "touchpoints": ["exit"]})).json()["pairing_code"]
    answers = await asyncio.gather(*(anybody.post("/v1/devices/pair", json={"code": code}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7


async def test_a_code_ends_after_ten_minutes(app, client, anybody, make):
    await make("exit")
    made = (await client.post("/v1/devices", json={"name": "A", "touchpoints": ["exit"]})).json()

    def age(session):
        row = session.exec(select(Device)).one()
        assert timedelta(minutes=9) < row.pairing_expires_at - now() <= timedelta(minutes=10)
        row.pairing_expires_at = now()
        session.add(row)

    await app.state.db.write(age)
    assert (await anybody.post("/v1/devices/pair", json={"code": made["pairing_code"]})).status_code == 404


async def test_neither_key_nor_code_is_stored_in_clear(app, client, make, pair):
    await make("exit")
    made, headers = await pair("exit")
    again = (await client.post(f"/v1/devices/{made['id']}/pairing")).json()
    row = await app.state.db.read(lambda session: session.exec(select(Device)).one().model_dump_json())
    assert again["pairing_code"] not in row and headers["Authorization"].split()[1] not in row


async def test_a_tablets_key_opens_nothing_but_batch_and_heartbeat(app, anybody, make, pair):
    await make("exit")
    _, headers = await pair("exit")
    assert (await anybody.post("/v1/devices/heartbeat", json=ALIVE, headers=headers)).status_code == 200
    for path, methods in (await anybody.get("/openapi.json")).json()["paths"].items():
        for method in methods:
            if path in ("/v1/feedback/batch", "/v1/devices/heartbeat"):
                continue
            url = path.replace("{key}", "exit").replace("{device_id}", "1")
            answer = await anybody.request(method, url, headers=headers)
            open_to_all = await anybody.request(method, url)
            assert answer.status_code >= 400 or open_to_all.status_code < 400, (method, path, answer.text)


async def test_a_heartbeat_is_shown_and_a_silent_tablet_shows(app, client, anybody, make, pair):
    await make("exit")
    made, headers = await pair("exit")
    body = {"queue_depth": 37, "oldest_age_s": 7200, "version": "1.0.0", "persisted": False}
    assert (await anybody.post("/v1/devices/heartbeat", json=body, headers=headers)).status_code == 200
    (shown,) = (await client.get("/v1/devices")).json()["items"]
    assert (shown["queue_depth"], shown["version"], shown["persisted"]) == (37, "1.0.0", False)
    assert shown["oldest_age_s"] == 7200 and shown["state"] == "active" and not shown["silent"]

    def age(session):
        row = session.exec(select(Device)).one()
        row.last_seen_at = now() - timedelta(minutes=16)
        session.add(row)

    await app.state.db.write(age)
    shown = (await client.get(f"/v1/devices/{made['id']}")).json()
    assert shown["state"] == "silent" and shown["silent"]


async def test_a_revoked_tablet_is_told_so_and_goes_on_after_pairing_anew(client, anybody, make, pair):
    await make("exit")
    made, headers = await pair("exit")
    assert (await client.delete(f"/v1/devices/{made['id']}")).json()["state"] == "revoked"
    for url in ("/v1/devices/heartbeat", "/v1/feedback/batch"):
        refused = await anybody.post(url, json=ALIVE, headers=headers)
        assert refused.status_code == 401 and refused.json()["code"] == "device_revoked"
    code = (await client.post(f"/v1/devices/{made['id']}/pairing")).json()["pairing_code"]
    key = (await anybody.post("/v1/devices/pair", json={"code": code})).json()["key"]
    fresh = {"Authorization": f"Bearer {key}"}
    assert (await anybody.post("/v1/devices/heartbeat", json=ALIVE, headers=fresh)).status_code == 200
    replaced = await anybody.post("/v1/devices/heartbeat", json=ALIVE, headers=headers)
    assert replaced.status_code == 401 and replaced.json()["code"] == "key_invalid"


async def test_a_code_made_before_the_revocation_ends_with_it(client, anybody, make):
    await make("exit")
    made = (await client.post("/v1/devices", json={"name": "A", "touchpoints": ["exit"]})).json()
    await client.delete(f"/v1/devices/{made['id']}")
    assert (await anybody.post("/v1/devices/pair", json={"code": made["pairing_code"]})).status_code == 404


async def test_a_tablet_follows_a_re_assignment(client, anybody, make, pair):
    await make("exit")
    await make("cafe")
    made, headers = await pair("exit")
    changed = await client.patch(f"/v1/devices/{made['id']}", json={"name": "Café", "touchpoints": ["cafe", "exit"]})
    assert changed.json()["touchpoints"] == ["cafe", "exit"]
    shown = (await anybody.post("/v1/devices/heartbeat", json=ALIVE, headers=headers)).json()
    assert shown["name"] == "Café" and [t["key"] for t in shown["touchpoints"]] == ["cafe", "exit"]


async def test_an_unknown_touchpoint_is_refused_with_its_place(client, make):
    await make("exit")
    answer = await client.post("/v1/devices", json={"name": "A", "touchpoints": ["exit", "nowhere"]})
    assert answer.status_code == 422 and answer.json()["errors"][0]["place"] == "body.touchpoints.1"


async def test_the_list_has_pages(client, make):
    await make("exit")
    for name in "ABC":
        await client.post("/v1/devices", json={"name": name, "touchpoints": ["exit"]})
    first = (await client.get("/v1/devices?limit=2")).json()
    rest = (await client.get("/v1/devices", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [d["name"] for d in first["items"] + rest["items"]] == ["A", "B", "C"] and rest["next_cursor"] is None


@pytest.mark.parametrize("path", ["/v1/devices/7", "/v1/devices/2147483647"])
async def test_a_tablet_that_is_not_there_is_not_found(client, path):
    assert (await client.get(path)).json()["code"] == "not_found"


async def test_guessing_codes_is_limited(sqlite_url):
    from app.settings import Settings
    from tests.conftest import client_of, running

    async with running(Settings(database_url=sqlite_url, rate_limit="3/minute")) as app, client_of(app) as client:
        statuses = [
            (await client.post("/v1/devices/pair", json={"code": f"AAAAAAA{n}"})).status_code for n in range(2, 7)
        ]
    assert statuses == [404, 404, 404, 429, 429]
