"""/metrics: the figures of all processes together, bounded, and there when the database is not."""

import asyncio
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from app.figures import CELLS, Figures
from app.metrics import Metrics
from app.models import Device, Touchpoint, now
from tests.reliability.load import KEY, Connection, register
from tests.reliability.server import Server

Figure = tuple[str, tuple[tuple[str, str], ...]]


def parsed(text: str) -> dict[Figure, float]:
    """Each figure by its name and labels."""
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def figure(found: dict[Figure, float], name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


async def scraped(client: Any) -> dict[Figure, float]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return parsed(answer.text)


async def by_process(port: int, processes: int) -> dict[str, dict[Figure, float]]:
    """What each of the processes says, by the first part of its request ids."""
    found: dict[str, dict[Figure, float]] = {}
    async with asyncio.timeout(60):  # one that takes the place of another has to start first
        while len(found) < processes:
            asked = await asyncio.gather(*(one_scrape(port) for _ in range(4)))
            found |= dict(asked)
    return found


async def one_scrape(port: int) -> tuple[str, dict[Figure, float]]:
    """Which process answered, and what it said."""
    connection = Connection(port)
    _, headers, content = await connection.ask("GET", "/metrics")
    connection.close()
    return headers["x-request-id"].partition("-")[0], parsed(content.decode())


def counted(found: dict[Figure, float]) -> dict[Figure, float]:
    """What asking for the figures does not change."""
    ends = ("_total", "_count", "_bucket")
    return {
        (name, labels): value
        for (name, labels), value in found.items()
        if name.endswith(ends)
        and not name.startswith(("process_", "touchstone_request_seconds"))
        and not {("route", "/metrics"), ("route", "/readyz"), ("method", "GET")} & set(labels)
    }


async def test_two_processes_give_the_same_figures_and_none_falls_when_one_is_killed(sqlite_url, tmp_path):
    server = Server(sqlite_url, tmp_path / "log", workers=2)
    server.start()
    try:
        await server.ready()
        await register(server.port)
        for number in range(40):
            connection = Connection(server.port)
            body = b'{"rating": 99}' if number % 4 == 0 else b'{"rating": 4}'
            await connection.ask("POST", f"/v1/touchpoints/{KEY}/feedback", body)
            connection.close()
        one, other = map(counted, (await by_process(server.port, 2)).values())
        assert one == other
        assert figure(one, "touchstone_answers_total", source="api", outcome="created") == 30
        assert figure(one, "touchstone_refusals_total", code="rating_out_of_scale") == 10
        assert figure(one, "touchstone_batch_answers_count") == figure(one, "touchstone_commit_seconds_count") == 30
        workers = [
            child for child in psutil.Process(server.pid).children() if "spawn_main" in " ".join(child.cmdline())
        ]
        workers[0].send_signal(signal.SIGKILL)
        await asyncio.sleep(1)  # uvicorn looks twice a second
        for after in (await by_process(server.port, 2)).values():
            assert not {key: (value, after.get(key)) for key, value in one.items() if after.get(key, 0) < value}
            assert figure(after, "touchstone_processes") == 2
            assert figure(after, "process_resident_memory_bytes") > 100e6
    finally:
        server.stop()


def test_what_a_process_counted_goes_on_when_another_takes_its_place(tmp_path):
    first, other = Figures(tmp_path), Metrics(tmp_path)
    first.cells[first.block(1, "touchstone_refusals_total", "overloaded")] += 5
    first.cells[first.block(1, "touchstone_queue_depth")] = 7
    other.gauges["touchstone_queue_depth"] = lambda: 2
    other.refused("overloaded")
    found = {one.name: [sample.value for sample in one.samples] for one in other.collect()}
    assert found["touchstone_refusals"] == [6] and found["touchstone_queue_depth"] == [9]
    del first
    found = {one.name: [sample.value for sample in one.samples] for one in other.collect()}
    assert found["touchstone_refusals"] == [6] and found["touchstone_queue_depth"] == [2], "nothing waits in the dead"
    heir = Metrics(tmp_path)
    heir.refused("overloaded")
    found = {one.name: [sample.value for sample in one.samples] for one in heir.collect()}
    assert found["touchstone_refusals"] == [7] and len(list(tmp_path.iterdir())) == 2


def test_more_names_than_there_is_room_for_are_counted_nowhere_and_break_nothing():
    figures = Figures()
    places = [figures.block(14, "x", str(number)) for number in range(CELLS // 10)]
    assert places[0] > 0 and places[-1] == 0
    figures.cells[places[-1] + 13] += 1
    ((_, found),) = figures.all()
    assert found["x", "0"] == bytes(14) or list(found["x", "0"]) == [0] * 14


async def test_a_thousand_touchpoints_stay_within_bounds_and_what_is_left_out_is_told(app, client, make):
    await make("a")
    rows = [{"key": f"shop-{number:04}", "name": "Shop", "kind": "store", "scale": "csat"} for number in range(999)]
    template = Touchpoint.model_validate((await app.state.registry.get("a")).row)
    filled = [{**template.model_dump(exclude={"id"}), **row} for row in rows]
    await app.state.db.write(lambda session: session.execute(insert(Touchpoint), filled))
    text = (await client.get("/metrics")).text
    assert len(text) < 300_000
    assert figure(parsed(text), "touchstone_score_left_out") == 750


async def test_silent_tablets_and_the_newest_answer_are_told(app, client, anybody, make):
    assert figure(await scraped(anybody), "touchstone_last_answer_timestamp_seconds") is None
    await make("shop", scale="csat")
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 4})
    heard = [now(), now() - timedelta(minutes=16), None]
    paired = {"name": "till", "touchpoints": [], "former": {}}
    rows = [{**paired, "key_hash": str(number), "last_seen_at": at} for number, at in enumerate(heard)]
    await app.state.db.write(lambda session: session.execute(insert(Device), rows))
    app.state.stored_metrics._made = None
    found = await scraped(anybody)
    assert figure(found, "touchstone_tablets") == 3 and figure(found, "touchstone_tablets_silent") == 2
    last = figure(found, "touchstone_last_answer_timestamp_seconds")
    assert last and abs(last - now().timestamp()) < 60
    assert (figure(found, "process_open_fds") or 0) > 0 and (figure(found, "process_cpu_seconds_total") or 0) > 0


async def test_the_figures_are_told_when_the_database_fails(app, anybody, monkeypatch):
    async def away(_: Callable[..., Any]) -> None:
        raise OSError("away")

    monkeypatch.setattr(app.state.db, "read", away)
    found = await scraped(anybody)
    assert figure(found, "touchstone_queue_depth") == 0
    assert figure(found, "touchstone_tablets") is None


async def test_without_a_folder_a_process_counts_for_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert Figures(tmp_path / "gone").folder is None and "figures_apart" in caplog.text
