"""An action over HTTP: what it changed, against what was to be expected, and what could be told of one beforehand."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = 224


def ago(days):
    return (TODAY - timedelta(days=days)).isoformat()


def _answer(known, rating, at):
    return Answer(known.id, uuid7(), rating, None, "", "web", "", None, None, None, at, at, zone=known.zone)


@pytest.fixture
async def history(app, make):
    """await history("shop", better_for=40): half a year with six answers a day; unhappy ones until 40 days ago."""

    async def _history(key, better_for=0, days=DAYS, seed=7):
        random = Random(f"{key} {seed}")
        await make(key, scale="csat")
        known = await app.state.registry.get(key)
        rows = []
        for back in range(days, 0, -1):
            at = TODAY - timedelta(days=back) + timedelta(hours=9)
            chances = (20, 20, 20, 20, 20) if back > better_for else (2, 2, 6, 30, 60)
            rows += [_answer(known, rating, at) for rating in random.choices((1, 2, 3, 4, 5), chances, k=6)]
        await app.state.db.write(lambda session: store(session, rows))

    return _history


async def made(client, **fields):
    answer = await client.post("/v1/actions", json={"title": "More staff", "touchpoints": ["shop"], **fields})
    assert answer.status_code == 201, answer.text
    return f"/v1/actions/{answer.json()['id']}/effect"


async def test_an_action_that_helped_is_said_to_have_helped_and_one_that_did_nothing_is_not(client, history):
    await history("shop", better_for=40)
    await history("till")
    dates = {"started_at": ago(40), "finished_at": ago(40), "compare_with": ["till"]}
    found = (await client.get(await made(client, **dates))).json()
    (shop,) = found["touchpoints"]
    assert shop["verdict"] == found["overall"]["verdict"] == "better"
    assert shop["before"]["count"] == shop["after"]["count"] == 28 * 6
    assert shop["before"]["until"] == ago(41)[:10] and shop["after"]["since"] == ago(40)[:10]
    assert shop["difference"]["low"] > 0 and shop["after"]["value"] > shop["expected"]["high"]
    assert shop["comparison"]["touchpoints"] == ["till"] and "season_taken_off" in shop["caveats"]
    at_till = {"touchpoints": ["till"], "compare_with": [], "started_at": ago(40), "finished_at": ago(40)}
    idle = (await client.get(await made(client, **at_till))).json()["touchpoints"][0]
    assert idle["verdict"] == "no_evidence" and idle["needed"]["days"] >= 28


async def test_what_goes_on_or_was_over_a_week_ago_is_too_early_and_what_has_no_history_too_few(client, history, make):
    await history("shop", days=70)
    await make("invoice", scale="nps")
    for dates in ({}, {"started_at": ago(30)}, {"started_at": ago(9), "finished_at": ago(7)}, {"started_at": ago(-9)}):
        found = (await client.get(await made(client, **dates))).json()
        assert found["overall"]["verdict"] == "too_early" == found["touchpoints"][0]["verdict"]
    both = {"touchpoints": ["shop", "invoice"], "started_at": ago(35), "finished_at": ago(34)}
    other = await made(client, **both)
    found = (await client.get(other)).json()["touchpoints"]
    assert [one["verdict"] for one in found][1] == "too_few"
    assert {"overlaps", "few_weeks"} <= set(found[0]["caveats"])


async def test_a_metric_is_told_in_its_own_unit(client, history):
    await history("shop", better_for=40)
    dates = {"started_at": ago(40), "finished_at": ago(40)}
    values = {}
    for metric in ("mean", "csat", "index"):
        (found,) = (await client.get(await made(client, metric=metric, **dates))).json()["touchpoints"]
        values[metric] = found["before"]["value"], found["after"]["value"], found["metric"]
    assert 2.5 < values["mean"][0] < 3.5 < values["mean"][1] < 5 and values["csat"][1] > 80
    assert values["index"][0] == pytest.approx(25 * (values["mean"][0] - 1), abs=0.2)


async def test_an_action_out_of_an_alert_is_told_from_fresh_answers_only(client, history):
    await history("shop", better_for=40)
    dates = {"started_at": ago(40), "finished_at": ago(40), "alert": "17"}
    (found,) = (await client.get(await made(client, **dates))).json()["touchpoints"]
    assert found["verdict"] == "too_few" and found["caveats"] == ["after_an_alert"]


async def test_the_plan_says_what_could_be_told_and_what_to_compare_with(client, history, make):
    await history("shop", days=100)
    await history("till", days=100)
    await make("empty")
    plan = (await client.get("/v1/actions/plan?touchpoint=shop")).json()
    assert plan["compare_with"] == ["till"] and plan["per_day"] == pytest.approx(6, abs=0.1)
    changes = [one["change"] for one in plan["tellable"]]
    assert [one["days"] for one in plan["tellable"]] == [28, 56, 84] and all(3 < change < 40 for change in changes)
    assert (await client.get("/v1/actions/plan?touchpoint=empty")).json()["tellable"] == []
    assert (await client.get("/v1/actions/plan?touchpoint=nowhere")).status_code == 404
