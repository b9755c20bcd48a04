"""A replica that is behind, hangs or is gone: no answer is lost over it, and what may be read from it goes on."""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.replica import Lag
from tests.conftest import ADMIN_KEY
from tests.reliability.conftest import Postgres, Standby
from tests.reliability.load import KEY, Connection
from tests.reliability.report import report

MAX_LAG_S = 1
READS = (f"/v1/touchpoints/{KEY}/score", "/v1/feedback?limit=5", "/v1/feedback?q=train", "/v1/feedback/export")


@pytest.fixture
def standby(own_postgres: Postgres) -> Iterator[Standby]:
    made = own_postgres.standby()
    yield made
    made.close()


class Caller:
    """Asks one server; `slowest` is the longest that any answer took, in seconds."""

    def __init__(self, port: int) -> None:
        self._port, self.slowest = port, 0.0

    async def ask(self, method: str, path: str, body: Any = None, key: str = ADMIN_KEY) -> tuple[int, bytes]:
        connection, started = Connection(self._port, key), time.monotonic()
        status, _, content = await connection.ask(method, path, json.dumps(body).encode() if body else b"")
        connection.close()
        self.slowest = max(self.slowest, time.monotonic() - started)
        return status, content

    async def answer(self, rating: int = 4) -> int:
        said = {"rating": rating, "comment": "the train"}
        return (await self.ask("POST", f"/v1/touchpoints/{KEY}/feedback", said))[0]

    async def counted(self) -> int:
        status, content = await self.ask("GET", f"/v1/touchpoints/{KEY}/score")
        assert status == 200, content
        return int(json.loads(content)["count"])

    async def all_reads(self) -> set[int]:
        return {(await self.ask("GET", path))[0] for path in READS}


async def until(holds: Any, within_s: float = 15) -> float:
    """Seconds until it holds."""
    started = time.monotonic()
    while not await holds():
        assert time.monotonic() - started < within_s, "it never held"
        await asyncio.sleep(0.1)
    return time.monotonic() - started


@pytest.mark.postgres
async def test_no_answer_and_no_key_goes_by_a_replica_that_is_behind_or_gone(serve, own_postgres, standby):
    url = own_postgres.fresh("replicated")
    server = serve(url, READ_DATABASE_URL=standby.url(url), READ_MAX_LAG=str(MAX_LAG_S))
    await asyncio.to_thread(lambda: until_there(standby, "replicated"))
    server.start()
    await server.ready()
    caller = Caller(server.port)
    assert (await caller.ask("POST", "/v1/touchpoints", {"key": "before"}))[0] == 201

    async def used() -> bool:
        busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'replicated' AND application_name = 'touchstone'"
        return int(standby.psql(busy)) > 0 and await caller.all_reads() <= {200, 404}

    await until(used)
    standby.psql("SELECT pg_wal_replay_pause()")
    assert (await caller.ask("POST", "/v1/touchpoints", {"key": KEY}))[0] == 201
    told = {"a touchpoint made a moment ago": await caller.answer() == 201}
    status, made = await caller.ask("POST", "/v1/keys", {"name": "fresh", "scopes": ["feedback:write"]})
    key = json.loads(made)
    sent = await caller.ask("POST", f"/v1/touchpoints/{KEY}/feedback", {"rating": 3}, key["key"])
    told["a key made a moment ago"] = status == 201 and sent[0] == 201
    await caller.ask("DELETE", f"/v1/keys/{key['id']}")
    refused = await caller.ask("POST", f"/v1/touchpoints/{KEY}/feedback", {"rating": 3}, key["key"])
    told["a revoked key"] = refused[0] == 401

    async def near() -> bool:
        return await caller.counted() == 2

    behind = await until(near)
    standby.psql("SELECT pg_wal_replay_resume()")
    log = server.log.read_text
    back = [await until(lambda: _said(log(), "replica_used_again", 1))]
    standby.control("-m", "immediate", "stop")
    told["answers without a replica"] = {await caller.answer() for _ in range(20)} == {201}
    told["reads without a replica"] = await caller.all_reads() == {200}
    told["readiness"] = (await caller.ask("GET", "/readyz"))[0] == 200
    await asyncio.sleep(1.5)
    _, figures = await caller.ask("GET", "/metrics")
    told["the gauge"] = b"touchstone_replica_used 0" in figures and b"replica_lag_seconds" not in figures
    standby.start()
    back.append(await until(lambda: _said(log(), "replica_used_again", 2)))
    told["the gauge again"] = b"touchstone_replica_used 1" in (await caller.ask("GET", "/metrics"))[1]
    gone, caller.slowest = caller.slowest, 0.0
    with standby.hanging():
        told["a replica that hangs"] = await caller.all_reads() == {200} and await caller.answer() == 201
    told["one line each"] = log().count("replica_not_used") <= 3 and "database_unavailable" not in log()
    wrong = [name for name, right in told.items() if not right]
    figure = (
        f"scores right {behind:.1f} s after replay paused (bound {MAX_LAG_S} s), used again {back[0]:.1f} and "
        f"{back[1]:.1f} s after it was back, slowest answer or read {gone:.2f} s, while it hangs {caller.slowest:.1f} s"
    )
    holds = not wrong and behind < MAX_LAG_S + 3 and caller.slowest < 8
    report("replica behind, stopped, back, hanging", f"{figure}; wrong: {wrong}", "nothing wrong, 8 s", holds=holds)


async def _said(log: str, what: str, times: int) -> bool:
    return log.count(what) >= times


def until_there(standby: Standby, database: str) -> None:
    """Wait until the replica has the database."""
    for _ in range(100):
        with contextlib.suppress(Exception):
            if standby.psql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'") == "1":
                return
        time.sleep(0.1)
    raise AssertionError("the replica does not follow")


def test_how_far_behind_is_told_by_when_the_primary_was_where_the_replica_is_not():
    lag = Lag()
    assert lag.note(0, 100, 100) == 0
    assert lag.note(1, 200, 150) == 0  # it was there a moment ago
    assert lag.note(2, 300, 150) == 1
    assert lag.note(3, 400, 250) == 1
    assert lag.note(5, 400, 400) == 0
    assert lag.note(6, 500, None) == 0  # a server that cannot say
    assert [lag.note(at, 1000 + at, 0) for at in range(10, 2000)][-1] == 1989
