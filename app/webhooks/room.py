"""What webhooks bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.rooms import Room
from app.settings import Settings
from app.webhooks import backlog, routes
from app.webhooks.deliver import Deliverer


@asynccontextmanager
async def running(state: State, settings: Settings) -> AsyncIterator[None]:
    state.deliverer = Deliverer(
        state.db,
        settings.webhook_allow_networks,
        waiting_most=settings.webhook_waiting_max,
        service=settings.public_url,
        tracing=state.tracing,
    )
    state.metrics.stored.append(backlog.figures)
    state.deliverer.start()
    yield
    await state.deliverer.close()


ROOM = Room((routes.router,), running=running)
