"""The public scanner test: twelve personas x 200 mails x 5 links; with `pytest -s` it prints a table.

What programs do to links in mails is counted 0 times; what people say is counted as they mean it. The negative controls
show that the personas are dangerous: they bend the score of a service that counts on GET, or whose page submits itself.

A program that waits and presses exactly one button cannot be told from a person, and is not among the personas.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import pytest
from fastapi import FastAPI
from sqlmodel import Session, col, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.dashboard import live
from app.ingest.channels import EMAIL
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn
from app.links.token import read
from app.models import Delivery, Feedback
from app.scores.gauges import families
from app.scores.gauges import read as read_gauges
from app.scores.rollup import differences, every_touchpoint
from app.settings import Settings
from app.webhooks.events import EVENTS
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running
from tests.links.conftest import Clock
from tests.links.personas import AUTOSUBMIT, PEOPLE, SCANNERS, Mail, World

MAILS = 200
_seconds = count()
Persona = Callable[[World, list[Mail]], Awaitable[Any]]


async def deliver(app: FastAPI, persona: Persona, mails: int, clock: Clock) -> list[Mail]:
    """A touchpoint of the persona's own, and mails with its links."""
    async with client_of(app, headers=ADMIN) as admin:
        key = persona.__name__.replace("_", "-")
        await admin.post("/v1/touchpoints", json={"key": key, "scale": "csat"})
        made = await admin.post("/v1/links", json={"touchpoint": key, "recipients": [{}] * mails})
        assert made.status_code == 201, made.text
    clock.pass_(seconds=10)
    return [Mail(item["urls"], number) for number, item in enumerate(made.json()["items"])]


async def stored(app: FastAPI, mails: list[Mail]) -> tuple[dict[int, int], int]:
    """Of these mails: the counted ratings by number, and how many answers are held."""
    numbers = {
        read(mail.urls["1"].rpartition("/")[2].partition("?")[0], app.state.signing_keys).id: mail.number
        for mail in mails
    }

    def work(session: Session) -> list[Any]:
        return list(
            session.exec(select(Feedback.id, Feedback.rating, Feedback.flags).where(col(Feedback.id).in_(numbers)))
        )

    rows = await app.state.db.read(work)
    return {numbers[row[0]]: row[1] for row in rows if not row[2]}, sum(bool(row[2]) for row in rows)


async def act(
    app: FastAPI, met: ASGIApp, persona: Persona, mails: int = MAILS
) -> tuple[World, list[Mail], dict[int, int], int, list[str]]:
    """Let a persona loose on fresh mails of `app`, which it meets through `met`: also what is told differently then."""
    chance, clock = random.Random(persona.__name__), app.state.clock
    delivered = await deliver(app, persona, mails, clock)
    for mail in delivered:
        mail.means = chance.randint(1, 5)
    world = World(met, clock, chance)
    key = persona.__name__.replace("_", "-")
    before = await published(app, key)
    await persona(world, delivered)
    clock.pass_(seconds=300)
    after = await published(app, key)
    moved = [name for name in before if before[name] != after[name]]
    return world, delivered, *await stored(app, delivered), moved


async def off_the_books(app: FastAPI) -> list[Any]:
    """Where the rollup is not the sum of the answers: nowhere, however often they were held and released."""

    def work(session: Session) -> list[Any]:
        return [cell for row in every_touchpoint(session) for cell in differences(session, row)]

    found: list[Any] = await app.state.db.read(work)
    return found


async def published(app: FastAPI, key: str) -> dict[str, Any]:
    """What anybody is told of a touchpoint: live, by webhook, as a score, in lists, in an export, as a gauge."""
    # Scores are kept for a moment: ask for another one each time.
    fresh = (datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=next(_seconds))).isoformat()
    async with client_of(app, headers=ADMIN) as admin:
        score = (await admin.get(f"/v1/touchpoints/{key}/score", params={"since": fresh})).json()
        scores = (await admin.get("/v1/scores", params={"since": fresh})).json()["items"]
        export = await admin.get("/v1/feedback/export", params={"format": "csv", "flagged": False, "touchpoint": key})
    told = {name: score[name] for name in ("count", "comment_count", "distribution", "metrics", "response_rate")}
    gauges = families(*await app.state.db.read(read_gauges))
    return told | {
        "live": await app.state.db.read(live.total),
        "webhooks": await app.state.db.read(lambda session: len(session.exec(told_of(key)).all())),
        "scores": [(one["touchpoint"], one["count"], one["metrics"]) for one in scores],
        "export": export.text,
        "gauges": [(one.name, one.labels, one.value) for gauge in gauges for one in gauge.samples],
    }


def told_of(key: str) -> Any:
    """The events of a touchpoint in the outbox."""
    return select(Delivery.id).where(col(Delivery.body).contains(f'"touchpoint":"{key}"'))


@pytest.fixture
async def service(sqlite_url: str) -> Any:
    """The service behind a proxy that tells where callers come from, with a clock of our own."""
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="off", trusted_proxies="127.0.0.1/32")
    async with running(settings) as app:
        app.state.clock = Clock()
        await app.state.deliverer.close()  # what would be told is looked at in the outbox
        async with client_of(app, headers=ADMIN) as admin:
            wants = {"url": "https://hooks.example/", "events": list(EVENTS)}
            assert (await admin.post("/v1/webhooks", json=wants)).status_code == 201
        yield app


async def test_no_scanner_is_counted_and_nearly_every_person_is_with_one_press(service: FastAPI) -> None:
    table = []
    for persona in SCANNERS:
        world, mails, counted, held, moved = await act(service, service, persona)
        table.append((persona.__name__, world.requests, len(counted), held, ""))
        assert counted == {}, persona.__name__
        assert moved == [], persona.__name__
    for persona in PEOPLE:
        world, mails, counted, held, moved = await act(service, service, persona)
        assert {"live", "webhooks", "count", "distribution", "scores", "export", "gauges"} <= {*moved}, persona.__name__
        once = sum(mail.presses == 1 for mail in mails) / len(mails)
        table.append((persona.__name__, world.requests, len(counted), held, f"{once:.1%} with one press"))
        assert counted == {mail.number: mail.means for mail in mails}, persona.__name__
        assert once >= 0.995
    assert await off_the_books(service) == []
    print(f"\n{'persona':<38}{'requests':>9}{'mails':>7}{'counted':>9}{'held':>6}")
    for name, requests, counted_mails, held, note in table:
        print(f"{name.replace('_', ' '):<38}{requests:>9}{MAILS:>7}{counted_mails:>9}{held:>6}  {note}")


class SubmitsItself:
    """Negative control: the link opens a page whose script submits the form, and every submission counts."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            said = parse_qs((await receive())["body"].decode())
            await self.count(scope["path"].split("/")[2], int(said["rating"][0]))
            scope = {**scope, "method": "GET"}

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = message["body"].replace(b"<form ", f"<form {AUTOSUBMIT} ".encode())
            await send(message)

        await self.app(scope, receive, marked)

    async def count(self, token: str, rating: int) -> None:
        link = read(token, self.app.state.signing_keys)
        known = await self.app.state.registry.numbered(link.touchpoint_id)
        answer = to_answer(known, AnswerIn(rating=rating), EMAIL, link.id, self.app.state.clock())
        await self.app.state.writer.submit((answer,))


class CountsOnGet(SubmitsItself):
    """Negative control: the link itself is the answer, as with many services."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rating = parse_qs(scope["query_string"].decode()).get("s")
        if scope["method"] == "GET" and rating:
            await self.count(scope["path"].split("/")[2], int(rating[0]))
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize(
    ("build", "harmless"),
    [
        (CountsOnGet, {"asks_for_the_head_of_all"}),
        (
            SubmitsItself,
            {
                "asks_for_the_head_of_all",
                "opens_all",
                "opens_all_twice_in_any_order",
                "fetches_ahead",
                "previews_links",
            },
        ),
    ],
)
async def test_the_same_scanners_bend_the_score_of_a_service_that_trusts_them(
    service: FastAPI, build: type[SubmitsItself], harmless: set[str]
) -> None:
    bogus = Counter()
    for persona in SCANNERS:
        _, _, counted, *_ = await act(service, build(service), persona, 10)
        bogus[persona.__name__] = len(counted)
    assert {name for name, n in bogus.items() if not n} == harmless
    print(f"\n{build.__name__}: {bogus.total()} bogus ratings in {10 * len(SCANNERS)} mails")
