"""The application: its rooms, in the order in which they start and are asked."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.datastructures import State

from app import base_path, figures, keys, openapi, ops, problems
from app.actions.room import ROOM as ACTIONS
from app.answers.room import ROOM as ANSWERS
from app.auth import Keys
from app.compat.room import ROOM as COMPAT
from app.cooldown.room import ROOM as COOLDOWN
from app.dashboard.room import ROOM as DASHBOARD
from app.db import open_database
from app.devices.room import ROOM as DEVICES
from app.ingest.room import ROOM as INGEST
from app.journeys.room import ROOM as JOURNEYS
from app.links.room import ROOM as LINKS
from app.logs import log
from app.mail.room import ROOM as MAIL
from app.metrics import Metrics
from app.middleware import Application
from app.models import now
from app.monitoring.room import ROOM as MONITORING
from app.outage import outage
from app.pages.problem import problem_page
from app.pages.room import ROOM as PAGES
from app.replica import open_reads
from app.rooms import Room
from app.scales.room import ROOM as SCALES
from app.schema import head
from app.scores.room import ROOM as SCORES
from app.search.room import ROOM as SEARCH
from app.secret import signing_secrets
from app.settings import Settings
from app.touchpoints import origins
from app.touchpoints.room import ROOM as TOUCHPOINTS
from app.tracing import Tracing
from app.uploads.room import ROOM as UPLOADS
from app.uploads.room import bodies
from app.version import version
from app.webhooks.room import ROOM as WEBHOOKS

# FastAPI's own spans would tell paths, which hold the tokens of rating links, and not see the fast lane.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)
OPERATIONS = Room((keys.router, ops.router), running=ops.running)
ROOMS = (
    TOUCHPOINTS,
    SCALES,
    INGEST,
    ANSWERS,
    COOLDOWN,
    LINKS,
    SCORES,
    JOURNEYS,
    ACTIONS,
    MONITORING,
    DEVICES,
    WEBHOOKS,
    SEARCH,
    MAIL,
    COMPAT,
    UPLOADS,
    OPERATIONS,
    PAGES,
    DASHBOARD,
)


def create_app(settings: Settings, tracing: Tracing | None = None) -> FastAPI:
    """The service over the database of `settings`, which must have been migrated."""
    app = Application(
        title="Touchstone",
        version="1",
        description="Collects customer feedback at every touchpoint, loses none of it, and serves honest scores.",
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.state.settings, app.state.metrics, app.state.clock = settings, Metrics(figures.met()), now
    app.state.origin, app.state.base_path = _origin(settings.public_url), base_path.of(settings.public_url)
    app.state.problem_page, app.state.tracing = problem_page, tracing
    problems.install(app)
    # Not include_router: it makes each route a second time, at the first request, which holds the loop for 0.2 s.
    app.router.routes += [route for room in ROOMS for router in room.routers for route in router.routes]
    fast = [route for room in ROOMS for router in room.fast for route in router.routes]
    app.wrap(app.state.metrics, tracing, fast, bodies(settings))
    app.openapi = openapi.complete(app)  # type: ignore[method-assign]  # FastAPI's own way of extending the document
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start the rooms one after another, and stop them the other way round."""
    state, settings = app.state, app.state.settings
    async with AsyncExitStack() as running:
        await running.enter_async_context(_database(state, settings))
        for room in ROOMS:
            if room.running:
                await running.enter_async_context(room.running(state, settings))
        log.info("started", extra={"version": version(), "schema": head(), "pid": os.getpid()})
        yield
        log.info("stopping", extra={"pid": os.getpid()})
    if state.tracing:
        await asyncio.to_thread(state.tracing.close)
    log.info("stopped", extra={"pid": os.getpid()})


@asynccontextmanager
async def _database(state: State, settings: Settings) -> AsyncIterator[None]:
    outage.url = settings.database_url
    state.db = open_database(settings.database_url, serving=True, wal_limit_mb=settings.sqlite_wal_limit_mb)
    state.reads = open_reads(state.db, settings.read_database_url, settings.read_max_lag)
    state.metrics.gauges |= {**state.db.gauges, **state.reads.gauges}
    state.secret, state.former_secret = await signing_secrets(state.db, settings)
    state.keys = Keys(state.db, settings)
    yield
    if state.reads is not state.db:
        await state.reads.close()
    await state.db.close()


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url) if url else None
    return origins.normal(f"{parts.scheme}://{parts.netloc}") if parts else None
