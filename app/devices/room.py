"""What tablets bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.devices import routes, tablets
from app.rooms import Room
from app.settings import Settings


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.metrics.stored.append(tablets.figures)
    yield


ROOM = Room((routes.router,), running=running)
