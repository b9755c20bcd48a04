"""A company whose delivery fell, as somebody signed in sees it."""

import re
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine, event

from app.models import now
from app.monitoring import alerts
from app.monitoring.seen import Seen
from app.touchpoints.registry import by_key
from tests.conftest import ADMIN_KEY, client_of

FELL = {"metric": "index", "level_before": 70.0, "level_after": 40.0, "answers": 60}


async def fell(app: FastAPI, key: str = "delivery", kind: str = "drop", **evidence: Any) -> None:
    """An alert at the touchpoint."""

    def work(session: Any) -> None:
        number = by_key(session, key).id or 0
        alerts.note(session, [Seen(number, kind, True, now(), FELL | evidence)], now())

    await app.state.db.write(work)


async def journey_fell(app: FastAPI, **evidence: Any) -> None:
    """The first journey fell."""
    seen = Seen(None, "drop", True, now(), FELL | evidence, journey_id=1)
    await app.state.db.write(lambda session: alerts.note(session, [seen], now()))


async def signed_in(app: FastAPI, key: str = ADMIN_KEY) -> httpx.AsyncClient:
    browser = client_of(app)
    await browser.post("/login", data={"key": key})
    return browser


async def press(browser: httpx.AsyncClient, path: str, page: str, **fields: Any) -> httpx.Response:
    """Send a form of the page with this address."""
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get(page)).text)
    assert token
    return await browser.post(path, data={"csrf": token[1], **fields})


async def statements(person: httpx.AsyncClient, path: str) -> list[str]:
    """The statements that the page takes."""
    seen: list[str] = []

    def heard(*said: Any) -> None:
        seen.append(said[2])

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        assert (await person.get(path)).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    return seen
