"""What Today asks somebody to look at: a touchpoint or a tablet that fell silent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import Session, col

from app.models import Device
from tests.conftest import client_of


async def _answers(client: httpx.AsyncClient, touchpoint: str, days_ago: list[int]) -> None:
    """Twelve answers on each of these days."""
    now = datetime.now(UTC)  # not when this module is loaded: that may be a quarter of an hour ago
    times = [now - timedelta(days=days, minutes=7 * part) for days in days_ago for part in range(12)]
    items = [{"touchpoint": touchpoint, "rating": 4, "occurred_at": at.isoformat()} for at in times]
    answer = await client.post("/v1/feedback/batch", json={"items": items})
    assert answer.json()["created"] == len(items)


async def test_a_touchpoint_that_fell_silent_is_named(
    person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any
) -> None:
    await make("till", scale="stars")
    await _answers(client, "till", list(range(3, 40)))
    assert "Till</a>: no answers for 2 days" in (await person.get("/")).text


async def test_a_shop_that_is_closed_on_these_days_each_week_is_not_named(
    person: httpx.AsyncClient, client: httpx.AsyncClient, make: Any
) -> None:
    await make("till", scale="stars")
    await _answers(client, "till", [days for days in range(3, 60) if days % 7 not in (0, 1, 2)])
    assert "Needs somebody" not in (await person.get("/")).text


@pytest.fixture
async def tablet(app: FastAPI, client: httpx.AsyncClient, anybody: httpx.AsyncClient, make: Any) -> int:
    """A paired tablet; its number."""
    await make("till", scale="stars")
    made = (await client.post("/v1/devices", json={"name": "Exit Nord", "touchpoints": ["till"]})).json()
    paired = await anybody.post("/v1/devices/pair", json={"code": made["pairing_code"]})
    assert paired.status_code == 200, paired.text
    number: int = made["id"]
    return number


async def _last_seen(app: FastAPI, number: int, ago: timedelta) -> None:
    said = {"last_seen_at": datetime.now(UTC) - ago, "queue_depth": 3}

    def work(session: Session) -> None:
        session.execute(update(Device).where(col(Device.id) == number).values(**said))

    await app.state.db.write(work)


async def test_a_silent_tablet_is_named_with_what_to_do(app: FastAPI, person: httpx.AsyncClient, tablet: int) -> None:
    assert "Needs somebody" not in (await person.get("/")).text
    await _last_seen(app, tablet, timedelta(hours=30))
    page = (await person.get("/")).text
    assert "Exit Nord</a>: last heard of " in page
    assert "Check that it is switched on" in page and "3 answers were waiting on it." in page
    elsewhere = await person.get("/?owner=somebody")
    assert "Exit Nord" not in elsewhere.text


async def test_a_key_that_may_not_read_tablets_is_not_told_of_them(
    app: FastAPI, client: httpx.AsyncClient, tablet: int
) -> None:
    await _last_seen(app, tablet, timedelta(hours=30))
    key = (await client.post("/v1/keys", json={"name": "Reader", "scopes": ["scores:read"]})).json()["key"]
    async with client_of(app) as reader:
        await reader.post("/login", data={"key": key})
        assert "Exit Nord" not in (await reader.get("/")).text
