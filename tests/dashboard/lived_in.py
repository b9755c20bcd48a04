"""A company in which every page of the dashboard has something to show, and the addresses of those pages."""

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
from sqlmodel import Session

from app.db import open_database
from app.models import now
from app.monitoring import alerts
from app.monitoring.seen import Seen
from app.touchpoints.registry import by_key
from app.uploads import kept
from tests.conftest import ADMIN_KEY, NO_TLS
from tests.dashboard.company import FELL
from tests.pages.conftest import LiveServer

# By route, the address that is looked at.
PAGES = {
    "/": "/",
    "/map": "/map",
    "/comments": "/comments",
    "/alerts": "/alerts",
    "/alerts/{number}": "/alerts/1",
    "/actions": "/actions",
    "/actions/{number}": "/actions/1",
    "/journeys": "/journeys",
    "/journeys/new": "/journeys/new",
    "/journeys/{key}/edit": "/journeys/order/edit",
    "/segments": "/segments",
    "/touchpoints": "/touchpoints",
    "/touchpoints/{key}": "/touchpoints/delivery",
    "/touchpoints/{key}/edit": "/touchpoints/delivery/edit",
    "/devices": "/devices",
    "/keys": "/keys",
    "/webhooks": "/webhooks",
    "/webhooks/{number}": "/webhooks/1",
    "/subscribers": "/subscribers",
    "/subscribers/{number}": "/subscribers/1",
    "/segment-keys": "/segment-keys",
    "/segment-keys/{key}": "/segment-keys/store",
    "/import": "/import",
    "/import/{number}": "/import/1",
    "/search": "/search?q=late",
    "/help": "/help",
}
# Other looks of the same pages.
VIEWS = (
    "/map?view=list",
    "/touchpoints/delivery?words=1",
    *(f"/touchpoints/delivery/edit?part={part}" for part in ("texts&text=de", "target", "asked", "advanced")),
    "/actions?touchpoint=delivery",
    "/import/2",  # which runs
)
EVERY = (*PAGES.values(), *VIEWS)
MADE = ("delivery", "online-shop", "invoice")


def furnish(server: LiveServer) -> None:
    """Answers, one touchpoint that hurts and has stores, an alert, and one of everything that can be set up."""
    server.make("delivery", kind="delivery", target={"metric": "index", "value": 70}, tags=["north"], owner="Anders")
    server.api("PATCH", "/v1/touchpoints/delivery", json={"segments": ["store"]})
    server.make("online-shop", kind="online_shop")
    server.make("invoice", kind="invoice")
    items: list[dict[str, Any]] = []
    for place in range(40):
        late = {"rating": 1 + place % 3, "comment": f"Late again {place}", "locale": "en"}
        items.append({"touchpoint": "delivery", "context": {"store": ("nord", "syd")[place % 2]}, **late})
        items.append({"touchpoint": "online-shop", "rating": 4})
    server.api("POST", "/v1/feedback/batch", json={"items": items})
    stages = [{"name": "Buy", "touchpoints": ["online-shop"]}, {"name": "Receive", "touchpoints": ["delivery"]}]
    journey = {"key": "order", "name": "Order", "target": {"value": 80}, "stages": stages}
    for path, body in (
        ("journeys", journey),
        ("actions", {"title": "The old courier again", "touchpoints": ["delivery"], "started_at": "2026-01-01"}),
        ("webhooks", {"url": "https://hooks.slack.com/services/T0/B0/x", "format": "slack", "events": ["target.met"]}),
        ("subscribers", {"email": "anna@lindhoej.example", "touchpoints": ["delivery"]}),
        ("devices", {"name": "Exit", "touchpoints": ["delivery"]}),
        ("keys", {"name": "Shop", "scopes": ["scores:read"]}),
    ):
        server.api("POST", f"/v1/{path}", json=body)
    for _ in range(2):
        file_brought(server)
    within(server, _file_runs)
    delivery_fell(server)


def file_brought(server: LiveServer) -> None:
    """A file that was looked at and waits for somebody's yes."""
    with httpx.Client(base_url=server.url, verify=NO_TLS) as manager:
        manager.post("/login", data={"key": ADMIN_KEY})
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', manager.get("/import").text)
        assert token
        rows = "place,rating,comment\nLieferung,1,Spät\n" + "Shop,5,Good\n" * 20
        files = {"file": ("answers.csv", rows.encode())}
        assert manager.post("/import", data={"csrf": token[1]}, files=files).status_code == 303


def whole_catalogue(server: LiveServer) -> None:
    """A touchpoint of every kind beside those, so that every name stands somewhere."""
    for kind in server.api("GET", "/v1/catalogue")["items"]:
        key = kind["kind"].replace("_", "-")
        if key not in MADE:
            server.make(key, kind=kind["kind"], target={"metric": "index", "value": 66.5})
    keys = [row["key"] for row in server.api("GET", "/v1/touchpoints?limit=100")["items"]]
    items = [{"touchpoint": key, "rating": 1} for key in keys]
    server.api("POST", "/v1/feedback/batch", json={"items": items * 12})


def delivery_fell(server: LiveServer) -> None:
    """An alert at `delivery`."""
    within(server, _fell)


def within(server: LiveServer, work: Callable[[Session], None]) -> None:
    """Do something in the database, in a thread of its own: the browser's event loop holds this one."""

    async def done() -> None:
        db = open_database(server.settings.database_url)
        await db.write(work)
        await db.close()

    with ThreadPoolExecutor() as thread:
        thread.submit(asyncio.run, done()).result()


def _fell(session: Session) -> None:
    since = now() - timedelta(days=1)
    alerts.note(session, [Seen(by_key(session, "delivery").id or 0, "drop", True, since, FELL)], now())


def _file_runs(session: Session) -> None:
    """The second file is being imported, by somebody who gives a sign for as long as the tests last."""
    file = kept.by_number(session, 2)
    file.state, file.runner, file.seen_at = kept.RUNNING, "another", now() + timedelta(days=1)
    file.rows, file.stored = 9, 8
