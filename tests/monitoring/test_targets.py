"""Targets: their history, and that each is decided once, whoever looks and how often."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from app.models import TargetRecord
from app.monitoring import watch
from tests.monitoring.fleet import rows, subscribe, told
from tests.monitoring.test_drop import Cell

FIRST = date(2024, 10, 1)
DAY = FIRST.toordinal() - date(1970, 1, 1).toordinal()


async def targets(client, key="shop"):
    return (await client.get(f"/v1/touchpoints/{key}/targets")).json()["items"]


@pytest.fixture
async def shop(app, client, make):
    """A touchpoint whose index is about 75 (4 of 5 stars), from June to the middle of November."""
    await make("shop", scale="stars")
    cells = [Cell(day, 2, "web", (2, 2, 4, 8 + day % 3, 14)) for day in range(DAY - 120, DAY + 45)]
    await app.state.db.write(lambda session: session.add_all(rows(1, cells)))
    await subscribe(client)

    async def aim(value, by=None, metric="index"):
        answer = await client.patch(
            "/v1/touchpoints/shop", json={"target": {"metric": metric, "value": value, "by": by}}
        )
        assert answer.status_code == 200, answer.text
        early = update(TargetRecord).values(set_at=datetime(2024, 9, 30, 12, tzinfo=UTC))
        await app.state.db.write(lambda session: session.execute(early) and None)

    return aim


async def look(app, day, hour=1):
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour)
    await watch.once(app.state.db, at)


async def test_each_target_that_was_set_stays_in_the_history(client, make):
    await make("shop", scale="stars", target={"metric": "csat", "value": 80})
    for target in ({"metric": "csat", "value": 80}, {"metric": "index", "value": 70, "by": "2027-01-31"}, None):
        assert (await client.patch("/v1/touchpoints/shop", json={"target": target})).status_code == 200
    await client.patch("/v1/touchpoints/shop", json={"owner": "Anna"})
    newest, first = await targets(client)
    assert (newest["metric"], newest["value"], newest["by"]) == ("index", 70, "2027-01-31")
    assert (first["metric"], first["status"], first["decided_at"]) == ("csat", "undecided", None)
    assert newest["ended_at"] and first["ended_at"] and newest["set_at"] >= first["set_at"]
    assert (await client.get("/v1/touchpoints/nowhere/targets")).status_code == 404


async def test_a_target_on_a_metric_that_the_scale_lacks_is_refused_with_those_it_has(client, make):
    await make("shop", scale="stars")
    refused = await client.patch("/v1/touchpoints/shop", json={"target": {"metric": "nps", "value": 30}})
    assert refused.status_code == 422 and "csat" in refused.json()["errors"][0]["mend"]
    assert await targets(client) == []


async def test_a_target_far_below_the_level_is_met_early_and_told_once(app, client, shop):
    await shop(60)
    for day in range(2, 12):
        await look(app, FIRST + timedelta(days=day))
    (target,) = await targets(client)
    assert target["status"] == "met" and target["decided_at"].startswith("2024-10")
    assert await told(app.state.db) == ["alert.opened", "target.met"]
    await look(app, FIRST + timedelta(days=40))
    assert (await targets(client))[0]["decided_at"] == target["decided_at"]
    assert await told(app.state.db) == ["alert.closed", "alert.opened", "target.met"]  # news is over after two weeks


async def test_a_target_far_above_the_level_is_missed_when_its_month_is_over_and_not_before(app, client, shop):
    await shop(95)
    for day in (5, 20, 30):
        await look(app, FIRST + timedelta(days=day))
    assert (await targets(client))[0]["status"] == "undecided" and await told(app.state.db) == []
    await look(app, FIRST + timedelta(days=31))
    assert (await targets(client))[0]["status"] == "missed"
    (change,) = (await client.get("/v1/changes?since=2024-11-01")).json()["items"]
    assert (change["kind"], change["verdict"], change["metric"]) == ("target", "missed", "index")
    assert change["from"] is None and 60 < change["to"] < 80
    await client.patch("/v1/touchpoints/shop", json={"target": None})
    await look(app, FIRST + timedelta(days=31), hour=2)
    assert await told(app.state.db) == ["alert.closed", "alert.opened", "target.missed"]


async def test_a_target_with_a_date_is_judged_by_the_thirty_days_before_it(app, client, shop):
    await shop(95, by="2024-11-10")
    await look(app, date(2024, 11, 10), hour=23)
    assert (await targets(client))[0]["status"] == "undecided"
    await look(app, date(2024, 11, 11))
    assert (await targets(client))[0]["status"] == "missed"


async def test_few_answers_decide_nothing(app, client, make, shop):
    await make("quiet", scale="stars", target={"metric": "index", "value": 95, "by": "2024-10-31"})
    await shop(95, by="2024-10-31")
    await look(app, date(2024, 11, 1))
    (target,) = await targets(client, "quiet")
    assert target["status"] == "too_few" and target["decided_at"]
