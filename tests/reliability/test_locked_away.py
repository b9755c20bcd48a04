"""Somebody takes the rights away from SQLite's file or its folder while the service runs."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.reliability.load import Told, clients, register
from tests.reliability.truth import truth

# Rights mean nothing to root, unless he gives up that privilege.
UNDER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_nothing_is_lost_when_rights_are_taken_away_and_a_start_says_what_is_wrong(serve, sqlite_url, what):
    if UNDER and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    folder = Path(sqlite_url.removeprefix("sqlite+aiosqlite:///")).parent
    url, closed, mode = sqlite_url, *((folder / "touchstone.db", 0o000) if what == "file" else (folder, 0o500))
    server, again = serve(url, as_command=True), serve(url, as_command=True)
    server.start(under=UNDER)
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop, number=4))
    await asyncio.sleep(0.5)
    was = closed.stat().st_mode
    closed.chmod(mode)
    try:
        await asyncio.sleep(1.5)
        server.kill()
        stop.set()
        await load
        again.start(under=UNDER)
        if what == "file":
            assert await asyncio.to_thread(again.wait) == 1 and str(closed) in again.log.read_text()
        else:  # its log lies there, so nothing has to be made
            await again.ready()
    finally:
        closed.chmod(was)
    again.kill()
    assert "Traceback" not in again.log.read_text() + server.log.read_text()
    found = await truth(url)
    assert len(told.acknowledged) > 20 and not told.odd
    assert not found.missing(told) and not found.doubled(told) and not found.drift
