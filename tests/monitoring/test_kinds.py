"""Each kind of trouble on both databases: it opens once, is told under its name, and ends by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.models import Action, Device, Rollup, Touchpoint
from app.monitoring import flood, watch
from app.pages.i18n import messages
from app.touchpoints.catalogue import LANGUAGES
from app.webhooks import chats
from app.webhooks.events import CLOSED, OPENED
from tests.monitoring.fleet import AT, FELL, fill, listed, more, rows, subscribe, told
from tests.monitoring.test_drop import TODAY, Cell, answers


@pytest.fixture
async def shop(app, client, make):
    await make("shop", scale="stars")
    await subscribe(client)
    return app.state.db


async def look(db, later=timedelta()):
    await watch.once(db, AT + later)


async def change(db, table, **values):
    await db.write(lambda session: session.execute(update(table).values(**values)) and None)


async def test_silence_opens_once_and_ends_with_the_next_answer(shop, client):
    await more(shop, 1, [Cell(day, 2, "web", (0, 0, 0, 9, 9)) for day in range(TODAY - 60, TODAY - 4)])
    await look(shop)
    await look(shop, timedelta(hours=1))
    (alert,) = await listed(client, kind="silence")
    assert alert["evidence"]["usual"] == 18 and alert["evidence"]["hours"] > 96
    assert alert["since"].startswith("2024-09-29T13") and alert["state"] == "open"
    await more(shop, 1, [Cell(TODAY, 0, "kiosk", (0, 0, 0, 0, 1))])
    await look(shop, timedelta(hours=1))
    assert await told(shop) == ["alert.closed", "alert.opened", "touchpoint.silent"]
    assert await listed(client, state="open") == []


async def test_a_tablet_that_no_longer_reports_is_told_when_customers_would_come(shop, client):
    device = (await client.post("/v1/devices", json={"name": "Till 1", "touchpoints": ["shop"]})).json()
    heard = AT - timedelta(hours=30)
    await change(shop, Device, key_hash="x", last_seen_at=heard)
    open_on = [Cell(d, 2, "kiosk", (0, 0, 0, 1, 2)) for d in range(TODAY - 57, TODAY - 1) if (TODAY - 1 - d) % 7]
    await shop.write(lambda session: session.add_all(rows(1, open_on)))
    await look(shop)  # yesterday's weekday is one on which nobody comes
    assert await listed(client, kind="device_silent") == []
    await look(shop, timedelta(days=1))
    (alert,) = await listed(client, kind="device_silent")
    assert alert["evidence"]["device"] == device["id"] and alert["evidence"]["name"] == "Till 1"
    assert "device.silent" in await told(shop)
    await change(shop, Device, last_seen_at=AT + timedelta(days=1))
    await look(shop, timedelta(days=1, hours=1))
    assert await listed(client, kind="device_silent", state="open") == []


async def test_more_set_aside_than_usual_says_how_much_and_what_the_index_is_with_and_without(shop, client):
    await shop.write(lambda session: session.add_all(rows(1, answers(1))))
    burst = [Cell(TODAY - 1, 2, "web", (60, 0, 0, 0, 0))]
    found = [Rollup(**row.model_dump() | {"slice": "flag:burst"}) for row in rows(1, burst)]
    await shop.write(lambda session: session.add_all(found))
    await look(shop)
    (alert,) = await listed(client, kind="flood")
    evidence = alert["evidence"]
    assert evidence["flags"] == {"burst": 60} and evidence["set_aside"] == 60 and evidence["usual"] == 0
    assert evidence["index_with"] < evidence["index_without"] - 2
    await look(shop, timedelta(days=1))
    assert await listed(client, kind="flood", state="open") == []
    assert (await told(shop)).count("alert.closed") == 1


def test_the_limit_for_what_is_set_aside_follows_what_is_usual_and_no_earlier_flood():
    assert flood.limit([0] * 28) == flood.LEAST
    assert flood.limit([0] * 27 + [500]) == flood.LEAST
    assert flood.limit([30] * 28) == 63


async def test_a_review_that_is_due_is_told_and_ends_when_somebody_has_looked(shop, client):
    await client.patch("/v1/touchpoints/shop", json={"review_interval_days": 30})
    await change(shop, Touchpoint, created_at=AT - timedelta(days=31))
    await look(shop)
    (alert,) = await listed(client, kind="review_due")
    assert alert["evidence"] == {"due": "2024-10-03", "reviewed_at": None}
    assert (await client.post("/v1/touchpoints/shop/reviews", json={})).status_code == 201
    await look(shop, timedelta(hours=1))
    assert await told(shop) == ["alert.closed", "alert.opened", "review.due"]


async def test_a_decided_action_is_told_once_and_stands_among_the_changes(shop, client, make):
    body = {"title": "New till", "touchpoints": ["shop"], "started_at": "2024-08-20T08:00:00Z"}
    made = (await client.post("/v1/actions", json=body | {"finished_at": "2024-08-20T09:00:00Z"})).json()
    day = TODAY - 45
    await fill_action(shop, day)
    for number, key in enumerate(["a", "b", "c", "d", "e", "f"], 2):
        await make(key, scale="stars")
        await shop.write(lambda session, n=number: session.add_all(rows(n, answers(n, days=230))))
    await look(shop, timedelta(days=3))
    await look(shop, timedelta(days=3, hours=1))
    (alert,) = await listed(client, kind="action")
    assert alert["evidence"]["action"] == made["id"] and alert["evidence"]["verdict"] == "better"
    names = await told(shop)
    assert names.count("action.decided") == 1
    found = (await client.get("/v1/changes?since=2024-01-01")).json()["items"]
    assert [(one["verdict"], one["action"]) for one in found if one["kind"] == "action"] == [("better", made["id"])]
    await change(shop, Action, dropped_at=AT)
    await look(shop, timedelta(days=3, hours=2))
    assert await listed(client, kind="action", state="open") == []


async def fill_action(db, day):
    cells = [cell for cell in answers(1, days=230) if cell.day < day]
    cells += [cell for cell in answers(2, days=230, fall=-0.8, fell_on=0) if cell.day >= day]
    await db.write(lambda session: session.add_all(rows(1, cells)))


async def test_archiving_a_touchpoint_closes_its_alerts(shop, client):
    await fill(shop, 1, fell=FELL)
    await look(shop)
    assert [one["kind"] for one in await listed(client, state="open")] == ["drop"]
    await client.delete("/v1/touchpoints/shop")
    await look(shop, timedelta(hours=1))
    (alert,) = await listed(client)
    assert alert["state"] == "closed" and alert["closed_by"] is None


async def test_a_drop_that_recovered_ends_by_itself_and_is_told_once(shop, client):
    low = answers(1, days=140, fall=0.6, fell_on=TODAY - 14)
    await shop.write(lambda session: session.add_all(rows(1, low)))
    await look(shop)
    assert [one["kind"] for one in await listed(client, state="open")] == ["drop"]
    again = [Cell(c.day + 10, c.part, c.source, c.counts) for c in answers(5, days=10)]
    await more(shop, 1, again)
    await look(shop, timedelta(days=10))
    assert await listed(client, kind="drop", state="open") == []
    assert (await told(shop)).count("alert.closed") == 1


EVIDENCE = {
    "drop": {"level_before": 80.2, "level_after": 61.4},
    "rise": {"level_before": 60.2, "level_after": 71.4},
    "silence": {"hours": 55},
    "device_silent": {"name": "Till 1"},
    "flood": {"set_aside": 312},
    "review_due": {},
    "target": {"verdict": "met"},
    "action": {"verdict": "no_evidence", "title": "New till", "action": 4},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chat_says_each_kind_in_a_sentence(language):
    say = messages("chat", language)
    for kind, evidence in EVIDENCE.items():
        for name in (OPENED, CLOSED):
            event = {"type": name, "data": {"id": 7, "kind": kind, "touchpoint": "shop", "evidence": evidence}}
            (line,) = chats.lines(event, "The shop", 5, say)
            assert "The shop" in line and line.endswith(".") and "{" not in line
