"""What leaving customers in peace brings to the application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sqlalchemy.exc import DBAPIError
from starlette.datastructures import State

from app.cooldown import asked, routes
from app.errors import Problem
from app.rooms import Room
from app.settings import Settings

FORGET_S = 3600.0


@contextlib.asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.ask_secrets = [secret for secret in (state.secret, state.former_secret) if secret]
    forgetting = asyncio.create_task(_forgetting(state), name="cool-downs that are over")
    yield
    forgetting.cancel()
    await asyncio.gather(forgetting, return_exceptions=True)


async def _forgetting(state: State) -> None:
    while True:
        with contextlib.suppress(DBAPIError, Problem):  # locked, full or gone: the next look
            await state.db.write(lambda session: asked.forget(session, state.clock()))
        await asyncio.sleep(FORGET_S)


ROOM = Room((routes.router,), running=running)
