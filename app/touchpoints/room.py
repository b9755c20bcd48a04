"""What the touchpoints bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.rooms import Room
from app.settings import Settings
from app.touchpoints import routes
from app.touchpoints.registry import Registry


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.registry = Registry(state.db)
    yield


ROOM = Room((routes.router,), running=running)
