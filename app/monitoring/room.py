"""What monitoring brings to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.monitoring import routes
from app.monitoring.hourly import Hourly
from app.rooms import Room
from app.settings import Settings


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    hourly = Hourly(state.db)
    hourly.start()
    yield
    await hourly.close()


ROOM = Room((routes.router,), running=running)
