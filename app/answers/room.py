"""What stored answers bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.answers import export, handling_routes, listing, routes, terms_routes
from app.answers.indexing import Indexing
from app.rooms import Room
from app.settings import Settings


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.indexing = Indexing(state.db)
    state.indexing.start()
    state.metrics.stored.append(listing.figures)
    yield
    await state.indexing.close()


# The export stands before the answers, whose /{id} would take its address.
ROOM = Room((export.router, routes.router, terms_routes.router, handling_routes.router), running=running)
