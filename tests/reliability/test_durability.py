"""201 means on disk, and a stop loses nothing."""

import asyncio
import contextlib
import re
import signal
import sqlite3
import time
from statistics import median

import pytest

from app.ids import uuid7
from tests.reliability.load import Connection, Told, clients, once, register
from tests.reliability.report import report
from tests.reliability.truth import truth
from tests.tools import program

STOPS = 5


async def test_a_stop_under_load_loses_nothing(serve, sqlite_url):
    server = serve(sqlite_url, as_command=True)
    server.start()
    await server.ready()
    await register(server.port)
    told, stop, ends, starts, outages, away = Told(), asyncio.Event(), [], [], [], []
    load = asyncio.create_task(clients(server.port, told, stop))
    for _ in range(STOPS):
        await asyncio.sleep(0.5)
        told.longest_silence, told.turned_away = 0.0, []
        started = time.monotonic()
        server.send(signal.SIGTERM)
        await asyncio.to_thread(server.wait)
        ends.append(time.monotonic() - started)
        server.start()
        starts.append(await server.ready())
        await asyncio.sleep(0.5)
        outages.append(told.longest_silence)
        away.append(max(told.turned_away, default=0) - min(told.turned_away, default=0))
    stop.set()
    await load
    found = await truth(sqlite_url)
    wrong = found.missing(told) + found.doubled(told) + found.drift
    times = {"stopped in": ends, "started in": starts, "outage": outages, "nobody listened for": away}
    seconds = [f"{name} {median(took):.2f} s (at most {max(took):.2f})" for name, took in times.items()]
    counts = f"{wrong} lost or doubled of {len(told.acknowledged)}, {told.statuses[503]} x 503, {len(told.odd)} other"
    holds = not wrong and not told.odd and max(ends) < 5 and bool(told.acknowledged)
    limit = "0 lost, 0 other, stopped in 5 s (outage 1.5 s when idle)"
    report(f"{STOPS} x SIGTERM under load", "; ".join([counts, *seconds]), limit, holds=holds)


async def test_who_calls_while_the_service_loads_is_answered_when_it_is_ready(serve, tmp_path):
    server = serve(f"sqlite+aiosqlite:///{tmp_path}/new.db", as_command=True)
    server.start()
    connection = None
    async with asyncio.timeout(20):
        while connection is None:
            with contextlib.suppress(ConnectionRefusedError):
                connection = await asyncio.open_connection("127.0.0.1", server.port)
    reader, writer = connection
    assert not (tmp_path / "new.db").exists(), "it listens before it does anything else"
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: t\r\n\r\n")
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


@pytest.mark.parametrize("comes_back", [True, False])
async def test_what_is_on_its_way_at_a_stop_is_finished_or_refused(serve, sqlite_url, comes_back):
    server = serve(sqlite_url)
    server.start()
    await server.ready()
    await register(server.port)
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # the disk takes nothing: all of these are on their way when the stop comes
    told, numbers = Told(), [uuid7() for _ in range(20)]
    told.sent = dict.fromkeys(numbers, 4)
    asked = [asyncio.create_task(once(Connection(server.port), told, number, 4)) for number in numbers]
    await asyncio.sleep(0.5)
    server.send(signal.SIGTERM)
    await asyncio.sleep(0.5)
    if comes_back:
        holder.execute("ROLLBACK")
    await asyncio.gather(*asked)
    holder.close()
    await asyncio.to_thread(server.wait)
    found = await truth(sqlite_url)
    wrong = found.missing(told) + found.doubled(told) + found.drift
    counts = f"{told.statuses[201]} x 201, {told.statuses[503]} x 503"
    figure = f"{counts}, {told.cut} cut, {len(told.odd)} other, {wrong} wrong"
    wanted = 201 if comes_back else 503
    holds = told.statuses[wanted] == len(numbers) and not told.odd and not wrong
    report(f"on their way at SIGTERM, disk back: {comes_back}", figure, f"20 x {wanted}", holds=holds)


def acknowledged_and_synced(trace: str) -> tuple[int, int]:
    """How many 201s left, and how many of them left although nothing was written and brought to disk since the last.

    Reads the calls in order. Other threads may write to the log between an answer's fdatasync and its 201.
    """
    written = synced = False
    acknowledged = early = 0
    for line in trace.splitlines():
        if re.search(r"pwrite64\(.*\.db-wal>", line):
            written = True
        elif re.search(r"(fdatasync|fsync)(\(\d+<.*-wal>\) += 0|.* resumed.*= 0)", line):
            synced = synced or written
        elif "HTTP/1.1 201" in line:
            acknowledged += 1
            early += not synced
            written = synced = False
    return acknowledged, early


@pytest.mark.parametrize("broken", ["", "unsynced"])
async def test_what_is_acknowledged_was_synced_before(serve, sqlite_url, tmp_path, broken):
    strace = program("strace")
    server, trace = serve(sqlite_url, broken=broken), tmp_path / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
    server.start(under=(strace, "-f", "-y", "-s", "32", "-e", calls, "-o", str(trace)))
    await server.ready(120)
    await register(server.port)
    told, stop = Told(), asyncio.Event()
    load = asyncio.create_task(clients(server.port, told, stop, number=1, most=100))
    async with asyncio.timeout(120):
        await load
    server.stop()
    acknowledged, early = acknowledged_and_synced(trace.read_text(errors="replace").replace("\0", ""))
    assert acknowledged >= 90, "the trace shows too little"
    if broken:
        assert early > 0, "the control did not fail: the proof proves nothing"
    else:
        report("fdatasync before each 201, SQLite", f"{early} early of {acknowledged}", "0", holds=early == 0)
