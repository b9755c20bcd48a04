"""What uploaded files bring to the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.rooms import Room
from app.settings import Settings
from app.uploads.importing import Importer

PATH = "/import"
# A file that is too large is read away, so that its sender sees a page that says so; beyond this he is hung up on.
READ_AWAY = 4


def bodies(settings: Settings) -> dict[str, int]:
    """The path that takes a file, and how much."""
    return {PATH: READ_AWAY * settings.import_max_mb * 2**20}


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    state.importer = Importer(state.db, state.secret)
    state.importer.start()
    yield
    await state.importer.close()


ROOM = Room((), running=running)
