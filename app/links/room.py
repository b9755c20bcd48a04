"""What rating links bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.links import demo, pages, routes, stop
from app.links.recent_presses import Recent
from app.links.token import SigningKeys
from app.rooms import Room
from app.settings import Settings


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.signing_keys, state.recent_presses = SigningKeys(state.secret, state.former_secret), Recent()
    yield


ROOM = Room((routes.router, pages.router, stop.router, demo.router), fast=(pages.router, stop.router), running=running)
