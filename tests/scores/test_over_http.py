"""Scores as services read them."""

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from app.db import snapshot
from app.scores import rollup
from app.scores.buckets import DAY, HOUR, MONTH, hour_start, spans, starts, to_time
from tests.conftest import ADMIN, client_of

SCORE = "/v1/touchpoints/checkout/score"


async def answer_at(client, at: datetime, rating: int, key: str = "checkout") -> None:
    body = {"rating": rating, "occurred_at": at.isoformat()}
    stored = await client.post(f"/v1/touchpoints/{key}/feedback", json=body)
    assert stored.status_code == 201, stored.text


async def test_nobody_answered_is_null_and_never_zero(client, make):
    await make("checkout", scale="nps", target={"metric": "nps", "value": 30})
    score = (await client.get(SCORE)).json()
    assert score["count"] == 0 and set(score["metrics"].values()) == {None}
    assert score["target"]["status"] == "no_data"
    assert score["trend"] is None and score["response_rate"] is None


async def test_a_window_counts_what_lies_in_it_and_nothing_else(client, make):
    await make("checkout", timezone="Asia/Kolkata")  # local hours begin at half past in UTC
    now = datetime.now(UTC)
    seed = random.Random(7)
    moments = [now - timedelta(seconds=seed.uniform(0, 80 * 86_400)) for _ in range(300)]
    items = [{"touchpoint": "checkout", "rating": 4, "occurred_at": at.isoformat()} for at in moments]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 300
    for days, until_days in [(80, 0), (33, 1), (2, 0.1), (60, 30), (1, 0)]:
        since, until = now - timedelta(days=days), now - timedelta(days=until_days)
        params = {"since": since.isoformat(), "until": until.isoformat()}
        score = (await client.get(SCORE, params=params)).json()
        low, high = (datetime.fromisoformat(score["period"][edge]) for edge in ("since", "until"))
        assert low <= since and high >= until and high - low - (until - since) < timedelta(hours=2)
        assert low.minute == high.minute == 30
        assert score["count"] == sum(low <= at < high for at in moments)


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
async def test_a_series_adds_up_to_the_whole_and_shows_its_gaps(client, make, interval):
    await make("checkout", timezone="Europe/Berlin")
    now = datetime.now(UTC)
    for days in (0, 1, 9, 40):
        await answer_at(client, now - timedelta(days=days), 5)
    since = (now - timedelta(days=45)).isoformat()
    score = (await client.get(SCORE, params={"since": since, "interval": interval})).json()
    assert score["count"] == 4 == sum(point["count"] for point in score["series"])
    assert all(point["metrics"]["mean"] is None for point in score["series"] if point["count"] == 0)
    begins = [datetime.fromisoformat(point["start"]) for point in score["series"]]
    assert begins == sorted(set(begins))
    if interval == "week":
        assert {begin.astimezone(ZoneInfo("Europe/Berlin")).weekday() for begin in begins} == {0}


async def test_the_sources_stand_side_by_side_and_can_be_asked_alone(client, anybody, make):
    await make("checkout", origins=["https://shop.example"])
    for rating in (5, 5, 4):
        await client.post("/v1/touchpoints/checkout/feedback", json={"rating": rating})
    await anybody.post(
        "/v1/touchpoints/checkout/feedback", json={"rating": 1}, headers={"Origin": "https://shop.example"}
    )
    score = (await client.get(SCORE, params={"group_by": "source"})).json()
    assert [(group["source"], group["count"]) for group in score["groups"]] == [("api", 3), ("web", 1)]
    web = (await client.get(SCORE, params={"source": "web"})).json()
    assert web["count"] == 1 and web["metrics"]["mean"]["value"] == 1.0


async def test_a_clear_fall_is_down_and_a_small_one_is_no_evidence(client, make):
    for key, before, after in (("fell", 5, 2), ("same", 4, 4)):
        await make(key, scale="csat")
        now = datetime.now(UTC)
        for number in range(40):
            await answer_at(client, now - timedelta(days=12, minutes=number), before - number % 2, key)
            await answer_at(client, now - timedelta(days=2, minutes=number), after - number % 2, key)
    params = {"since": (datetime.now(UTC) - timedelta(days=9)).isoformat(), "compare": "previous"}
    fell = (await client.get("/v1/touchpoints/fell/score", params=params)).json()["trend"]
    same = (await client.get("/v1/touchpoints/same/score", params=params)).json()["trend"]
    assert fell["verdict"] == "down" and fell["difference"]["high"] < 0 and fell["previous"]["count"] == 40
    assert same["verdict"] == "no_evidence"


async def test_a_target_is_met_only_when_the_interval_says_so(client, make):
    await make("checkout", scale="csat", target={"metric": "csat", "value": 50})
    for _ in range(3):
        await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 5})
    assert (await client.get(SCORE)).json()["target"]["status"] == "undecided"
    items = [{"touchpoint": "checkout", "rating": 5}] * 40
    await client.post("/v1/feedback/batch", json={"items": items})
    assert (await client.get(SCORE)).json()["target"]["status"] == "met"
    await client.patch("/v1/touchpoints/checkout", json={"target": {"metric": "csat", "value": 99.9}})
    assert (await client.get(SCORE)).json()["target"]["status"] in ("undecided", "not_met")


async def test_an_unchanged_score_is_not_sent_twice(client, make):
    await make("checkout")
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 5})
    first = await client.get(SCORE)
    same = await client.get(SCORE, headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304 and same.content == b""
    await client.post("/v1/touchpoints/checkout/feedback", json={"rating": 1})
    changed = await client.get(SCORE, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200 and changed.json()["count"] == 2


async def test_the_worst_touchpoint_comes_first_and_the_unrated_last(client, make):
    for key, scale, rating in (("good", "stars", 5), ("poor", "nps", 2), ("fair", "smiley", 3)):
        await make(key, scale=scale, tags=["shop"])
        await client.post(f"/v1/touchpoints/{key}/feedback", json={"rating": rating})
    await make("silent", tags=["shop"])
    await make("elsewhere")
    found = (await client.get("/v1/scores", params={"tag": "shop"})).json()
    assert [item["touchpoint"] for item in found["items"]] == ["poor", "fair", "good", "silent"]
    page = (await client.get("/v1/scores", params={"tag": "shop", "limit": 3, "sort": "best"})).json()
    rest = (
        await client.get("/v1/scores", params={"tag": "shop", "sort": "best", "cursor": page["next_cursor"]})
    ).json()
    keys = [item["touchpoint"] for item in page["items"] + rest["items"]]
    assert keys == ["good", "fair", "poor", "silent"]


@pytest.mark.parametrize("params", [{"since": "x"}, {"since": "2026-01-01T10:00"}, {"nothing": "1"}, {"source": "fax"}])
async def test_a_question_that_cannot_be_answered_is_refused(client, make, params):
    await make("checkout")
    refused = await client.get(SCORE, params=params)
    assert refused.status_code == 422 and refused.json()["errors"][0]["place"].startswith("query.")


async def test_an_empty_window_is_refused(client, make):
    await make("checkout")
    refused = await client.get(SCORE, params={"since": "2026-02-01", "until": "2026-01-01"})
    assert refused.status_code == 422


async def test_another_time_zone_recounts_and_stays_true(app, client, make):
    await make("checkout", timezone="UTC")
    now = datetime.now(UTC)
    for hours in range(0, 200, 7):
        await answer_at(client, now - timedelta(hours=hours), 4)
    changed = await client.patch("/v1/touchpoints/checkout", json={"timezone": "Asia/Kolkata"})
    assert changed.status_code == 200
    assert (await client.get(SCORE)).json()["count"] == 29

    def compare(session: Session) -> list[object]:
        with snapshot(session):
            return [wrong for row in rollup.every_touchpoint(session) for wrong in rollup.differences(session, row)]

    assert await app.state.db.read(compare) == []


async def test_answers_given_at_once_are_all_in_the_score(app, make):
    await make("checkout")
    async with client_of(app, headers=ADMIN) as client:
        url = "/v1/touchpoints/checkout/feedback"
        answers = await asyncio.gather(
            *(client.put(f"{url}/{uuid.uuid4()}", json={"rating": n % 5 + 1}) for n in range(200))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert (await client.get(SCORE)).json()["distribution"] == dict.fromkeys("12345", 40)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_spans_cover_a_window_exactly_once_whatever_the_clock_does(zone):
    here, seed = ZoneInfo(zone), random.Random(zone)
    for _ in range(300):
        since = hour_start(int(seed.uniform(1.6e9, 1.9e9)), here)
        until = hour_start(since + int(10 ** seed.uniform(3.6, 8)), here)
        parts = spans(since, until, here)
        edges = [edge for part in parts for edge in (part.start, part.end)]
        assert not edges or (edges[0], edges[-1]) == (since, until)
        assert edges[1:-1:2] == edges[2::2], "each span begins where the last one ended"
        assert len(parts) <= 5
        for part in parts:
            longest = {HOUR: 48, DAY: 62 * 24, MONTH: 10**6}[
                part.grain
            ]  # hours: no whole day, or no whole month, in it
            assert part.end - part.start <= longest * 3600
            if part.grain == DAY:
                days = starts("day", part.start, part.end, here)
                assert {to_time(start).astimezone(here).hour for start in days} == {0}
