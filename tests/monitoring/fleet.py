"""Made-up answers as the rollup counts them, for touchpoints that are registered."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import select

from app.models import Delivery, Rollup
from app.scores.buckets import GRAINS, buckets
from app.webhooks.events import ALERTS
from tests.monitoring.test_drop import TODAY, answers

AT = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=TODAY, hours=1)
FELL = TODAY - 12
UTC_ZONE = ZoneInfo("UTC")


def rows(number, cells, zone=UTC_ZONE, grains=GRAINS):
    """The rollup's rows of these cells, each in the first hour of its quarter of the local day."""
    sums = defaultdict(lambda: [0] * 11)
    for cell in cells:
        day = datetime.combine(date(1970, 1, 1) + timedelta(days=cell.day), time(), zone)
        hour = int(day.timestamp()) + cell.part * 21600
        for grain, bucket in zip(GRAINS, buckets(hour, zone), strict=True):
            counts = sums[grain, bucket, cell.source]
            for place, count in enumerate(cell.counts):
                counts[place + 1] += count
    for (grain, bucket, source), counts in sums.items():
        if grain not in grains:
            continue
        rated = {f"n{rating}": count for rating, count in enumerate(counts)}
        key = {"touchpoint_id": number, "grain": grain, "bucket": bucket, "source": source, "slice": "counted"}
        yield Rollup(**key, **rated, n=sum(counts))


async def fill(db, number, *, fell=None, zone="UTC", **how):
    """88 days of answers; `fell` is the day on which the level fell half a deviation."""
    cells = answers(number, fall=0.5 if fell else 0, fell_on=fell, **how)
    await db.write(lambda session: session.add_all(rows(number, cells, ZoneInfo(zone))))


async def subscribe(client):
    hook = {"url": "https://hooks.example/", "events": list(ALERTS)}
    assert (await client.post("/v1/webhooks", json=hook)).status_code == 201


async def told(db):
    """The types of all events in the outbox, sorted."""
    return sorted(await db.read(lambda session: list(session.exec(select(Delivery.type)).all())))


async def listed(client, **query):
    return (await client.get("/v1/alerts", params=query)).json()["items"]


async def more(db, number, cells):
    """Answers of later days than those that are there."""
    await db.write(lambda session: session.add_all(rows(number, cells, grains=("hour", "day"))))
