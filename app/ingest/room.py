"""What the ways in bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.ingest import asked, batch, routes
from app.ingest.flood import Floods
from app.ingest.fulltext_cleanup import FulltextCleanup
from app.ingest.limiter import Limiter
from app.ingest.spam import Repeats
from app.ingest.taps import Taps
from app.ingest.writer import Writer
from app.rooms import Room
from app.scores.slices import ASKED
from app.settings import Settings


@asynccontextmanager
async def running(state: State, settings: Settings) -> AsyncIterator[None]:
    state.limiter = Limiter(settings.rate_limit, settings.shared_networks)
    state.asked = asked.Asked(state.db)
    state.repeats, state.taps = Repeats(), Taps(state.db)
    state.floods, state.asked_floods = Floods(state.db), Floods(state.db, ASKED)
    state.writer = Writer(state.db, settings.queue_size, settings.settle_seconds, state.metrics, state.tracing)
    state.metrics.gauges["touchstone_queue_depth"] = lambda: state.writer.depth
    state.fulltext_cleanup = FulltextCleanup(state.db)
    state.writer.start()
    state.fulltext_cleanup.start()
    yield
    await state.fulltext_cleanup.close()
    await state.writer.close()


_ROUTERS = (routes.router, batch.router, asked.router)
ROOM = Room(_ROUTERS, fast=_ROUTERS, running=running)
