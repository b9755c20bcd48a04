"""A day alone is that whole local day, also as the end of a period, everywhere a period can be said."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = {"berlin": "Europe/Berlin", "auckland": "Pacific/Auckland", "honolulu": "Pacific/Honolulu"}
DAY = (datetime.now(UTC) - timedelta(days=10)).date()


async def test_a_day_alone_is_that_whole_local_day_everywhere(client, make):
    for key, zone in ZONES.items():
        await make(key, timezone=zone)
        midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=ZoneInfo(zone))
        times = [midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=12)]
        last = midnight + timedelta(days=1) - timedelta(seconds=1)
        for rating, at in enumerate([*times, last, last + timedelta(seconds=1)], 1):
            body = {"rating": rating, "comment": "slow queue", "occurred_at": at.isoformat()}
            assert (await client.post(f"/v1/touchpoints/{key}/feedback", json=body)).status_code == 201
    await client.post(
        "/v1/journeys",
        json={"key": "way", "name": "Way", "stages": [{"name": "All", "touchpoints": list(ZONES)}]},
    )

    async def get(path, **query):
        answer = await client.get(path, params={"since": str(DAY), "until": str(DAY), **query})
        assert answer.status_code == 200, answer.text
        return answer

    for key in ZONES:
        score = (await get(f"/v1/touchpoints/{key}/score", interval="day")).json()
        assert score["count"] == 3 and [point["count"] for point in score["series"]] == [3]
        begins, ends = (datetime.fromisoformat(score["period"][edge]) for edge in ("since", "until"))
        assert ends - begins in (timedelta(hours=23), timedelta(hours=24), timedelta(hours=25))
        only = (await get("/v1/feedback", touchpoint=key)).json()["items"]
        assert sorted(item["rating"] for item in only) == [2, 3, 4]
        terms = (await get(f"/v1/touchpoints/{key}/terms")).json()
        assert terms["low_comments"] + terms["high_comments"] == 3
    assert {item["count"] for item in (await get("/v1/scores")).json()["items"]} == {3}
    assert (await get("/v1/journeys/way/score")).json()["count"] == 9
    assert {item["rating"] for item in (await get("/v1/feedback", limit=200)).json()["items"]} == {2, 3, 4}
    assert len((await get("/v1/feedback/export", format="ndjson")).text.splitlines()) == 9


async def test_a_time_of_day_still_ends_where_it_says(client, make):
    await make("shop", timezone="Europe/Berlin")
    at = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 4, "occurred_at": at.isoformat()})
    for path in ("/v1/feedback", "/v1/scores"):
        for until, count in ((at, 0), (at + timedelta(hours=1), 1)):
            items = (await client.get(path, params={"until": until.isoformat()})).json()["items"]
            assert sum(item.get("count", 1) for item in items) == count
