"""What scores bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.rooms import Room
from app.scores import routes, segment_routes
from app.scores.backfill import Backfill
from app.scores.cache import BodyCache, ReadCache
from app.scores.gauges import Gauges
from app.scores.segment_folding import Folding
from app.settings import Settings


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.read_cache, state.body_cache = ReadCache(state.reads), BodyCache()
    state.gauges = Gauges(state.reads, state.metrics.figures.folder)
    state.backfill, folding = Backfill(state.db), Folding(state.db)
    state.backfill.start()
    folding.start()
    yield
    await state.backfill.close()
    await folding.close()


ROOM = Room((routes.router, segment_routes.router), fast=(routes.router,), running=running)
