"""What was acknowledged is there, once, whatever is killed."""

import asyncio
import random
import time
from collections.abc import Callable

import pytest

from tests.reliability.conftest import Postgres
from tests.reliability.load import Told, clients, register
from tests.reliability.report import report
from tests.reliability.server import Server
from tests.reliability.truth import Truth, truth


async def killed_under_load(server: Server, times: int, *, enough: Callable[[Truth, Told], bool] | None = None) -> Told:
    """Kill -9 a server `times` times while clients send and retry; `enough` may end it sooner."""
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop))
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.2, 0.5))
        server.kill()
        if enough and enough(await truth(server.url), told):
            break
        server.start()
        await server.ready()
    await asyncio.sleep(0.5)
    stop.set()
    await load
    server.stop()
    return told


def verdict(name: str, times: str, told: Told, found: Truth) -> None:
    missing, doubled = found.missing(told), found.doubled(told)
    figure = f"{len(told.acknowledged)} acknowledged, {missing} missing, {doubled} doubled, {found.drift} counts differ"
    disturbed = told.cut + told.statuses[503]
    assert len(told.acknowledged) > 200 and disturbed and not told.odd, (disturbed, told.codes, told.odd[:3])
    report(name, f"{figure} ({times})", "0, 0 and 0", holds=not (missing or doubled or found.drift))


async def test_twenty_kills_lose_nothing_and_double_nothing(serve, sqlite_url):
    server = serve(sqlite_url)
    told = await killed_under_load(server, 20)
    verdict("kill -9 of the server, SQLite", "20 kills", told, await truth(sqlite_url))


@pytest.mark.postgres
async def test_ten_kills_lose_nothing_on_postgresql(serve, own_postgres):
    url = own_postgres.fresh("killed")
    told = await killed_under_load(serve(url), 10)
    verdict("kill -9 of the server, PostgreSQL", "10 kills", told, await truth(url))


async def test_a_blind_counter_drifts_when_killed(serve, sqlite_url):
    server = serve(sqlite_url, broken="blind")
    await killed_under_load(server, 15, enough=lambda found, _: found.drift > 0)
    assert (await truth(sqlite_url)).drift > 0, "the control did not fail: the proof proves nothing"


async def test_what_is_acknowledged_before_its_commit_is_missing_when_killed(serve, sqlite_url):
    server = serve(sqlite_url, broken="hasty")
    told = await killed_under_load(server, 15, enough=lambda found, told: found.missing(told) > 0)
    assert (await truth(sqlite_url)).missing(told) > 0, "the control did not fail: the proof proves nothing"


async def restarted_under_load(server: Server, postgres: Postgres, times: int, *, until_lost: bool = False) -> Told:
    """Immediate restarts of PostgreSQL (a crash, without a last flush) under load."""
    server.start()
    await server.ready()
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop))
    for _ in range(times):
        before = len(told.acknowledged)
        started = time.monotonic()
        while len(told.acknowledged) < before + 50 and time.monotonic() - started < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(random.uniform(0.1, 0.4))
        await asyncio.to_thread(postgres.control, "-m", "immediate", "restart")
        if until_lost and (await truth(server.url)).missing(told):
            break
    await asyncio.sleep(1)
    stop.set()
    await load
    server.stop()
    return told


@pytest.mark.postgres
async def test_ten_crashes_of_postgresql_lose_nothing(serve, own_postgres):
    url = own_postgres.fresh("crashed")
    told = await restarted_under_load(serve(url), own_postgres, 10)
    verdict("immediate restart of PostgreSQL", "10 crashes", told, await truth(url))


@pytest.mark.postgres
async def test_postgresql_that_acknowledges_early_loses(serve, own_postgres):
    url = own_postgres.fresh("forgetful")
    server = serve(url, broken="forgetful")
    told = await restarted_under_load(server, own_postgres, 20, until_lost=True)
    assert (await truth(url)).missing(told) > 0, "the control did not fail: the proof proves nothing"


@pytest.mark.postgres
async def test_connections_cut_in_the_middle_lose_nothing(serve, own_postgres):
    url, told, stop = own_postgres.fresh("cut"), Told(), asyncio.Event()
    server = serve(url)
    server.start()
    await server.ready()
    await register(server.port)
    load = asyncio.create_task(clients(server.port, told, stop))
    mine = "FROM pg_stat_activity WHERE datname = 'cut' AND application_name = 'touchstone'"
    for _ in range(40):  # some of them meet a COMMIT on its way: it may have happened or not, and nobody can know
        await asyncio.sleep(random.uniform(0.02, 0.1))
        await asyncio.to_thread(own_postgres.psql, f"SELECT pg_terminate_backend(pid) {mine};")
    await asyncio.sleep(0.5)
    stop.set()
    await load
    server.stop()
    verdict("connections of PostgreSQL cut under load", "40 cuts", told, await truth(url))
