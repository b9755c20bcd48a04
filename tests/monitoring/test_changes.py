"""What the API says of changes and of the monitoring itself."""

from datetime import datetime, timedelta

import pytest

from app.models import now
from app.monitoring import watch
from tests.monitoring.fleet import AT, FELL, fill, listed

ALL = "/v1/changes?since=2024-01-01T00:00:00Z"


@pytest.fixture
async def two(app, client, make):
    """`delivery` fell and `shop` did not; `new` learns and `quiet` has five answers a month."""
    for key in ("delivery", "shop", "new", "quiet"):
        await make(key, scale="stars")
    await fill(app.state.db, 1, fell=FELL)
    await fill(app.state.db, 2)
    await fill(app.state.db, 3, days=20)
    await fill(app.state.db, 4, days=5, rate=3)
    await watch.by_hand(app.state.db, AT)


async def test_a_change_is_listed_once_and_stands_beside_the_score(two, client):
    (change,) = (await client.get(ALL)).json()["items"]
    (alert,) = await listed(client)
    assert (change["kind"], change["touchpoint"], change["verdict"]) == ("drop", "delivery", "down")
    assert change["to"] < change["from"] - 5 and change["alert"] == alert["id"] and change["over_at"] is None
    scores = {item["touchpoint"]: item["change"] for item in (await client.get("/v1/scores")).json()["items"]}
    assert scores.pop("delivery") == {"direction": "down"} | {k: change[k] for k in ("since", "from", "to", "alert")}
    assert set(scores.values()) == {None}
    later = (AT + timedelta(minutes=1)).isoformat()
    assert (await client.get("/v1/changes", params={"since": later})).json()["items"] == []
    assert len((await client.get("/v1/changes?since=2024-10-04")).json()["items"]) == 1
    assert (await client.get("/v1/changes")).json()["items"] == []


async def test_a_false_alarm_is_no_change_and_the_level_is_learned_anew(two, client, app):
    (alert,) = await listed(client)
    await client.patch(f"/v1/alerts/{alert['id']}", json={"state": "closed", "because": "false_alarm"})
    assert (await client.get(ALL)).json()["items"] == []
    assert {item["change"] for item in (await client.get("/v1/scores")).json()["items"]} == {None}
    await watch.by_hand(app.state.db, AT)
    assert (await client.get("/v1/monitoring")).json()["learning"] == 2
    assert await listed(client, state="open") == []


async def test_an_alert_says_since_when_in_which_sources_and_what_was_made_of_it(two, client):
    (alert,) = await listed(client)
    evidence, day = alert["evidence"], (AT - timedelta(days=12)).date().isoformat()
    assert evidence["since"]["from"] <= day <= evidence["since"]["to"]
    assert [part["source"] for part in evidence["sources"]] == ["email", "web"]
    assert alert["action"] is None
    body = {"title": "Another carrier", "touchpoints": ["delivery"], "alert": str(alert["id"])}
    made = (await client.post("/v1/actions", json=body)).json()
    assert (await listed(client))[0]["action"] == made["id"]
    assert (await client.get(f"/v1/alerts/{alert['id']}")).json()["action"] == made["id"]


async def test_the_monitoring_says_when_it_looks_and_how_much_it_sees(app, client, two):
    found = (await client.get("/v1/monitoring")).json()
    assert datetime.fromisoformat(found["looked_at"]) == AT
    assert datetime.fromisoformat(found["looks_next"]) <= now()
    assert {name: found[name] for name in ("touchpoints", "watched", "learning", "too_thin")} == {
        "touchpoints": 4,
        "watched": 2,
        "learning": 1,
        "too_thin": 1,
    }
    await watch.by_hand(app.state.db, at := now())
    found = (await client.get("/v1/monitoring")).json()
    assert datetime.fromisoformat(found["looks_next"]) > at


async def test_before_the_first_look_it_says_so(client):
    found = (await client.get("/v1/monitoring")).json()
    assert found["looked_at"] is None and found["watched"] == 0
