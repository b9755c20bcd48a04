"""The application, as a table of contents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from fastapi import FastAPI

from app import base_path, keys, openapi, ops, problems
from app.answers import export
from app.answers import routes as answers
from app.answers import terms_routes as terms
from app.answers.indexing import Indexing
from app.auth import Keys
from app.db import open_database
from app.devices import routes as devices
from app.ingest import asked, batch
from app.ingest import routes as ingest
from app.ingest.flood import Floods
from app.ingest.forgetting import Forgetting
from app.ingest.limiter import Limiter
from app.ingest.spam import Repeats
from app.ingest.taps import Taps
from app.ingest.writer import Writer
from app.links import demo as links_demo
from app.links import pages as links_pages
from app.links import routes as links
from app.links.recent import Recent
from app.links.token import Ring
from app.loop import journey_routes as journeys
from app.metrics import Metrics
from app.models import now
from app.outermost import Application
from app.pages import aggregate, demo, docs, hosted, kiosk, problem, render, widget
from app.pages.dashboard import routes as dashboard
from app.replica import open_reads
from app.scores import routes as scores
from app.scores.cache import Bodies, Fresh
from app.scores.gauges import Gauges
from app.scores.rollup import ASKED
from app.secret import signing_secrets
from app.settings import Settings
from app.touchpoints import origins
from app.touchpoints import routes as touchpoints
from app.touchpoints.registry import Registry
from app.webhooks import routes as webhooks
from app.webhooks.deliver import Deliverer


def create_app(settings: Settings) -> FastAPI:
    """The service over the database of `settings`, which must have been migrated."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.db = open_database(settings.database_url, serving=True, wal_limit_mb=settings.sqlite_wal_limit_mb)
        state.reads = open_reads(state.db, settings.read_database_url, settings.read_max_lag)
        state.secret, former = await signing_secrets(state.db, settings)
        state.keys = Keys(state.db, settings)
        state.registry = Registry(state.db)
        state.limiter = Limiter(settings.rate_limit, settings.shared_networks)
        state.asked = asked.Asked(state.db)
        state.ring = Ring(state.secret, former)
        state.recent = Recent()
        state.repeats, state.taps = Repeats(), Taps(state.db)
        state.floods, state.asked_floods = Floods(state.db), Floods(state.db, ASKED)
        state.gauges = Gauges(state.reads)
        state.fresh, state.bodies = Fresh(state.reads), Bodies()
        state.writer = Writer(state.db, settings.queue_size, settings.settle_seconds)
        state.writer.start()
        state.deliverer = Deliverer(
            state.db, settings.webhook_allow_networks, waiting_most=settings.webhook_waiting_max
        )
        state.metrics.registry.register(state.deliverer.backlog)
        state.deliverer.start()
        state.forgetting = Forgetting(state.db)
        state.forgetting.start()
        state.indexing = Indexing(state.db)
        state.indexing.start()
        yield
        await state.indexing.close()
        await state.forgetting.close()
        await state.deliverer.close()
        await state.writer.close()
        if state.reads is not state.db:
            await state.reads.close()
        await state.db.close()

    app = Application(
        title="Touchstone",
        version="1",
        description="Collects customer feedback at every touchpoint, loses none of it, and serves honest scores.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.origin, app.state.base_path = _origin(settings.public_url), base_path.of(settings.public_url)
    app.state.metrics = Metrics()
    app.state.clock = now
    app.state.problem_page = problem.problem_page
    problems.install(app)
    for router in (
        touchpoints.router,
        ingest.router,
        batch.router,
        asked.router,
        export.router,  # before the answers, whose /{id} would take its address
        answers.router,
        terms.router,
        links.router,
        links_pages.router,
        links_demo.router,
        scores.raw,
        scores.router,
        journeys.router,
        devices.router,
        webhooks.router,
        keys.router,
        ops.router,
        widget.router,
        aggregate.router,
        hosted.router,
        demo.router,
        kiosk.router,
        render.router,
        dashboard.router,
        docs.router,
    ):
        app.include_router(router)
    raw = (ingest.router, batch.router, asked.router, scores.raw, links_pages.router)
    app.wrap(app.state.metrics, [route for router in raw for route in router.routes])
    app.openapi = openapi.complete(app)  # type: ignore[method-assign]  # FastAPI's own way of extending the document
    return app


def _origin(url: str | None) -> str | None:
    parts = urlsplit(url) if url else None
    return origins.normal(f"{parts.scheme}://{parts.netloc}") if parts else None
