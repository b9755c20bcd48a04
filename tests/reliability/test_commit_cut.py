"""PostgreSQL's connection is cut in the middle of a commit: the service cannot know whether it happened."""

import asyncio

import pytest

from tests.reliability.load import Told, clients, register
from tests.reliability.proxy import Cutter
from tests.reliability.report import report
from tests.reliability.server import status
from tests.reliability.truth import truth

CUTS = 25
pytestmark = pytest.mark.postgres


async def cut_under_load(serve, postgres, where, name, *, new_ids=False):
    """Cut CUTS commits while clients send and retry, then let them be; what was told, and how many came afterwards."""
    url, told, stop = postgres.fresh(name), Told(), asyncio.Event()
    cutter = Cutter(postgres.directory / ".s.PGSQL.5432", where)
    async with cutter.listening(url) as through:
        server = serve(through)
        server.start()
        await server.ready()
        await register(server.port)
        load = asyncio.create_task(clients(server.port, told, stop, new_ids=new_ids))
        cutter.cutting = True
        async with asyncio.timeout(60):
            while cutter.seen["cut"] < CUTS:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        cutter.cutting = False
        before = len(told.acknowledged)
        async with asyncio.timeout(30):
            while len(told.acknowledged) < before + 200:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        stop.set()
        await load
        ready = await status(server.port, "/readyz")
        await asyncio.to_thread(server.stop)  # the proxy runs in this loop, and the service says goodbye through it
    assert ready == 200 and told.statuses[503] and not told.odd, (ready, told.statuses, told.odd[:3])
    return told, await truth(url)


@pytest.mark.parametrize("where", ["before", "after"])
async def test_a_commit_that_was_cut_loses_and_doubles_nothing(serve, own_postgres, where):
    told, found = await cut_under_load(serve, own_postgres, where, f"commit_{where}")
    # Only what the database committed without the service hearing of it is there already when it is sent again.
    assert (told.statuses[200] > 0) == (where == "after")
    missing, doubled = found.missing(told), found.doubled(told)
    figure = f"{len(told.acknowledged)} acknowledged, {missing} missing, {doubled} doubled, {found.drift} counts differ"
    figure += f" ({CUTS} cuts, {told.statuses[200]} answers were there already)"
    report(f"cut {where} COMMIT", figure, "0, 0 and 0", holds=not (missing or doubled or found.drift))


async def test_a_client_with_a_new_id_for_each_try_doubles(serve, own_postgres):
    told, found = await cut_under_load(serve, own_postgres, "after", "commit_new_ids", new_ids=True)
    assert found.doubled(told) > 0, "the control did not fail: the proof proves nothing"
