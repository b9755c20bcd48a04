"""Made-up answers as the rollup counts them, for touchpoints that are registered."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import select

from app.models import Delivery, Rollup
from tests.monitoring.test_drop import TODAY, answers

AT = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=TODAY, hours=1)
FELL = TODAY - 12
EVENTS = ["alert.opened", "alert.closed", "score.dropped", "score.risen"]


def rows(number, cells, zone=UTC):
    """The rollup's rows of these cells, each in the first hour of its quarter of the local day."""
    for cell in cells:
        day = datetime.combine(date(1970, 1, 1) + timedelta(days=cell.day), time(), zone)
        counts = {f"n{place + 1}": count for place, count in enumerate(cell.counts)}
        bucket = int(day.timestamp()) + cell.quarter * 21600
        yield Rollup(
            touchpoint_id=number,
            grain="hour",
            bucket=bucket,
            source=cell.source,
            slice="counted",
            n=cell.n,
            **counts,
        )


async def fill(db, number, *, fell=None, zone="UTC", **how):
    """88 days of answers; `fell` is the day on which the level fell half a deviation."""
    cells = answers(number, fall=0.5 if fell else 0, fell_on=fell, **how)
    await db.write(lambda session: session.add_all(rows(number, cells, ZoneInfo(zone))))


async def subscribe(client):
    hook = {"url": "https://hooks.example/", "events": EVENTS}
    assert (await client.post("/v1/webhooks", json=hook)).status_code == 201


async def told(db):
    """The types of all events in the outbox, sorted."""
    return sorted(await db.read(lambda session: list(session.exec(select(Delivery.type)).all())))


async def listed(client, **query):
    return (await client.get("/v1/alerts", params=query)).json()["items"]
