"""A journey whose touchpoints fall together has one alert, told once, and they have none of their own beside it."""

import json
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from app.models import Delivery, Letter, Subscriber, Webhook
from app.monitoring import fleet, levels, watch
from app.monitoring.drop import Cell, past
from app.monitoring.memory import Memory
from app.webhooks import texts
from tests.conftest import ADMIN_KEY, client_of
from tests.monitoring.fleet import AT, fill, listed, rows, subscribe, told
from tests.monitoring.test_drop import TODAY, answers

KEYS = ("shop", "basket", "payment", "parcel")
SEEDS = (7, 2, 5, 1, 12)  # of which none is told of by itself when it falls by 0.48 deviations
HOOK = {"url": "https://hooks.example/", "events": ["score.dropped", "alert.closed"]}


@pytest.fixture
async def way(app, client, make):
    """A journey of four touchpoints and one beside it; hooks and people who are told of `parcel` or of that one."""
    for key in (*KEYS, "hotline"):
        await make(key, scale="stars")
    stages = [{"name": {"en": key}, "touchpoints": [key]} for key in KEYS]
    body = {"key": "buying", "name": {"en": "Buying online", "de": "Online kaufen"}, "stages": stages}
    assert (await client.post("/v1/journeys", json=body)).status_code == 201
    await subscribe(client)
    for keys in (["parcel"], ["hotline"]):
        assert (await client.post("/v1/webhooks", json=HOOK | {"touchpoints": keys})).status_code == 201
    for number, keys in enumerate(("parcel", "hotline"), 1):
        row = Subscriber(email=f"{number}@example.com", language="en", touchpoints=keys, alerts=True, digest="none")
        row.confirmed_at, row.timezone, row.base, row.created_by = AT, "UTC", "", "test"
        await app.state.db.write(lambda session, row=row: session.add(row))
    return app.state.db


async def given(db, *falls, rate=15, fell_on=TODAY - 12):
    """Answers of the touchpoints, whose levels fell by so many deviations."""
    for number, (seed, fall) in enumerate(zip(SEEDS, falls, strict=True), 1):
        cells = answers(seed, days=196, rate=rate, fall=fall, fell_on=fell_on)
        await db.write(lambda session, n=number, c=cells: session.add_all(rows(n, c, grains=("hour", "day", "total"))))


async def test_touchpoints_that_fall_together_are_one_alert_of_the_journey_told_once(way, client):
    await given(way, *[0.48] * 4, 0)
    memory = Memory()
    report = await watch.once(way, AT, memory)
    await watch.once(way, AT + timedelta(hours=1), memory)
    (alert,) = await listed(client)
    assert (alert["kind"], alert["touchpoint"], alert["journey"]) == ("drop", None, "buying")
    evidence = alert["evidence"]
    assert {one["touchpoint"] for one in evidence["touchpoints"]} == set(KEYS) and evidence["alerts"] == []
    assert evidence["level_after"] < evidence["level_before"] - 5
    assert [(one["journey"], one["kind"]) for one in report.changes] == [("buying", "drop")]
    assert await listed(client, journey="buying") == [alert] and await listed(client, journey="other") == []
    assert await listed(client, touchpoint="shop") == []
    assert (await told(way)).count("alert.opened") == 1
    hooks, said = await heard(way)
    assert hooks == [1, 2] and (said["journey"], said["touchpoint"], said["id"]) == ("buying", None, alert["id"])
    assert "called" not in said and "Online kaufen" in await in_a_chat(way)
    read = (await client.get(f"/v1/alerts/{alert['id']}")).json()
    assert {one["by"] for one in read["told"]} == {"standard", "mail"}
    (change,) = (await client.get("/v1/changes?since=2024-01-01")).json()["items"]
    assert (change["journey"], change["touchpoint"], change["verdict"]) == ("buying", None, "down")


async def heard(db):
    """Which webhooks were told that a score dropped, and the body of the last."""
    found = select(Delivery).where(Delivery.type == "score.dropped")
    deliveries = await db.read(lambda session: list(session.exec(found)))
    return sorted(row.webhook_id for row in deliveries), json.loads(deliveries[-1].body)["data"]


async def in_a_chat(db):
    """The last event as a German chat shows it."""
    hook = Webhook(url="https://hooks.example/", events="", secret="", format="slack", language="de")
    rows = select(Delivery).order_by(Delivery.id.desc()).limit(1)
    said = await db.read(lambda session: texts.bodies(session, hook, list(session.exec(rows)), "https://x.example"))
    (body,) = said.values()
    return json.loads(body)["text"]


async def test_a_change_of_a_journey_stands_beside_its_score_and_beside_the_scores_of_those_that_moved(way, client):
    await given(way, *[0.48] * 4, 0)
    await watch.once(way, AT)
    (change,) = (await client.get("/v1/changes?since=2024-01-01")).json()["items"]
    stands = {"direction": "down"} | {name: change[name] for name in ("since", "from", "to", "alert")}
    assert (await client.get("/v1/journeys/buying/score")).json()["change"] == stands
    await client.patch("/v1/touchpoints/shop", json={"segments": ["store"]})
    of_a_store = await client.get("/v1/journeys/buying/score?segment=store:nord")
    assert of_a_store.json()["change"] is None
    scores = {one["touchpoint"]: one for one in (await client.get("/v1/scores")).json()["items"]}
    assert {one["change"] for one in scores.values()} == {None}
    beside = {key: one["journey_changes"] for key, one in scores.items()}
    assert beside == {key: [{"journey": "buying"} | stands] for key in KEYS} | {"hotline": []}


async def test_the_map_and_the_journeys_page_say_that_a_journey_fell_and_since_which_local_day(way, client, app):
    for key in KEYS:
        await client.patch(f"/v1/touchpoints/{key}", json={"timezone": "Pacific/Auckland"})
    await given(way, *[0.48] * 4, 0)
    await watch.once(way, AT)
    (alert,) = await listed(client)
    since = datetime.fromisoformat(alert["since"])
    day = f"{since.astimezone(ZoneInfo('Pacific/Auckland')):%-d}"
    assert day != f"{since:%-d}"
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        map_, journeys, one = [
            (await browser.get(path)).text for path in ("/map", "/journeys", f"/alerts/{alert['id']}")
        ]
    assert '/journeys#j-buying">Buying online (journey)</a> has fallen.' in map_
    assert map_.count("The level of a whole journey moved with it: Buying online.") == len(KEYS)
    assert f'href="/alerts/{alert["id"]}"' in journeys and f" about {day} " in journeys
    assert f"Since about {day} " in one


async def test_who_is_told_of_a_touchpoint_is_told_of_its_journey_and_nobody_else(way):
    await given(way, *[0.48] * 4, 0)
    await watch.once(way, AT)
    letters = await way.read(lambda session: [(row.subscriber_id, row.kind) for row in session.exec(select(Letter))])
    assert letters == [(1, "alert")]


async def test_a_touchpoint_that_falls_with_its_journey_is_not_told_again(way, client):
    await given(way, *[0.48] * 4, 0)
    await watch.once(way, AT)
    later = [Cell(c.day + 8, c.part, c.source, c.counts) for c in answers(90, days=8, fall=0.6, fell_on=0)]
    await way.write(lambda session: session.add_all(rows(1, later, grains=("hour",))))  # low enough to be told alone
    at = AT + timedelta(days=8)
    await watch.once(way, at)
    assert [one["journey"] for one in await listed(client, kind="drop")] == ["buying"]
    (shop,) = await way.read(partial(fleet.known, ids=[1]))
    found = await way.read(lambda session: levels.read(session, [shop], at))
    assert past(found[1].cells, TODAY + 8).fell(4 * 6).fell, "it would be told"


async def test_a_touchpoint_that_falls_alone_is_no_fall_of_its_journey(way, client):
    await given(way, 1.2, 0, 0, 0, 0)
    await watch.once(way, AT)
    await watch.once(way, AT + timedelta(hours=1))
    assert [(one["kind"], one["touchpoint"]) for one in await listed(client)] == [("drop", "shop")]


async def test_a_journey_that_fell_with_a_touchpoint_is_named_in_the_alert_of_that(way, client):
    await given(way, 1.5, 0.3, 0.3, 0.3, 0)
    await watch.once(way, AT)
    await watch.once(way, AT + timedelta(hours=1))
    (alert,) = await listed(client)
    assert alert["touchpoint"] == "shop" and alert["evidence"]["journeys"] == ["buying"]
    assert (await told(way)).count("alert.opened") == 1


async def test_what_a_person_closed_comes_again_neither_for_the_journey_nor_for_its_touchpoints(way, client):
    await given(way, *[0.48] * 4, 0)
    memory = Memory()
    await watch.once(way, AT, memory)
    (alert,) = await listed(client)
    closed = await client.patch(f"/v1/alerts/{alert['id']}", json={"state": "closed", "because": "not_a_problem"})
    assert closed.status_code == 200 and closed.json()["journey"] == "buying"
    await watch.once(way, AT + timedelta(hours=1), memory)
    assert await listed(client, state="open") == []
    assert (await told(way)).count("alert.closed") == 2


async def test_a_journey_that_is_deleted_takes_its_alerts_along(way, client):
    await given(way, *[0.48] * 4, 0)
    await watch.once(way, AT)
    (alert,) = await listed(client)
    assert (await client.delete("/v1/journeys/buying")).status_code == 204
    assert await listed(client) == []
    assert (await client.get(f"/v1/alerts/{alert['id']}")).status_code == 404
    await watch.once(way, AT + timedelta(hours=1))


async def test_a_journey_whose_touchpoints_fell_each_for_themselves_has_their_alerts_only(way, client):
    for number in range(1, 5):
        await fill(way, number, fell=TODAY - 12)
    await watch.once(way, AT)
    assert sorted(one["touchpoint"] or "" for one in await listed(client)) == sorted(KEYS)
