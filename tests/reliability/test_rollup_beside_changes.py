"""The rollup equals the rows while touchpoints are changed and counted anew beside the load, by two processes."""

import asyncio
import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.db import open_database
from app.errors import Code, Problem
from app.ids import uuid7
from app.ingest.channels import WEB, Answer
from app.ingest.store import store
from app.models import now
from app.scores.rollup import differences, every_touchpoint, rebuild, stored
from app.touchpoints.registry import Known, change, create, known
from app.touchpoints.schemas import TouchpointIn, TouchpointPatch
from tests.reliability.conftest import both
from tests.reliability.forked import Forked
from tests.reliability.load import KEY, Connection, Told, clients
from tests.reliability.report import report
from tests.reliability.truth import truth

SECONDS, START = 5, datetime(2026, 3, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu")
REASONS = ([], [{"key": "staff", "label": {"en": "Staff"}}], [{"key": "price", "label": {"en": "Price"}}])


async def told_to(connection: Connection, method: str, path: str, body: object) -> int:
    return (await connection.ask(method, f"/v1/touchpoints{path}", json.dumps(body).encode()))[0]


async def changed(ports: list[int], stop: asyncio.Event) -> int:
    """One of the touchpoint's properties after the other is changed, by one process or the other; how often."""
    dice, connections, done = random.Random(1), [Connection(port) for port in ports], 0
    while not stop.is_set():
        change_to = dice.choice(
            (
                {"timezone": dice.choice(ZONES)},
                {"timezone": dice.choice(ZONES)},
                {"reasons": dice.choice(REASONS)},
                {"archived": True},
                {"segments": dice.choice(([], ["store"], ["store", "plan"]))},
                {"segments": ["store"]},
            )
        )
        connection = dice.choice(connections)
        assert await told_to(connection, "PATCH", f"/{KEY}", change_to) == 200
        if change_to.get("archived"):
            assert await told_to(connection, "PATCH", f"/{KEY}", {"archived": False}) == 200
        done += 1
        await asyncio.sleep(0.1)
    for connection in connections:
        connection.close()
    return done


async def asked(port: int, stop: asyncio.Event) -> int:
    """Customers who are asked, too few to be taken for a flood; how many were counted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"POST /v1/touchpoints/{KEY}/asked HTTP/1.1\r\nHost: t\r\nOrigin: https://shop.example\r\n"
    done = 0
    while not stop.is_set():
        writer.write(f"{request}Content-Length: 0\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b"content-length:" in head.lower():
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        done += head.startswith(b"HTTP/1.1 204")
        await asyncio.sleep(0.2)  # on a fast machine ten a second would be a flood
    writer.close()
    return done


async def rebuilt(server, log, stop: asyncio.Event) -> int:
    """`touchstone rollup rebuild`, again and again; how often."""
    done = 0
    while not stop.is_set():
        command = Forked(["rollup", "rebuild"], dict(server.environment), log)
        assert await asyncio.to_thread(command.wait, 60) == 0, log.read_text()
        done += 1
    return done


async def count_asked(url: str) -> int:
    """How many were asked, as the rollup has it."""
    db = open_database(url)
    asked_in_all = text("SELECT sum(n) FROM rollup WHERE grain = 'total' AND slice = 'asked'")
    found = await db.read(lambda session: session.connection().execute(asked_in_all).scalar())
    await db.close()
    return int(found or 0)


@both
async def test_the_rollup_equals_the_rows_whatever_changes_beside_the_load(serve, own_url, tmp_path, kind):
    servers = [serve(own_url) for _ in range(2)]
    for server in servers:
        server.start()
    await asyncio.gather(*(server.ready() for server in servers))
    ports = [server.port for server in servers]
    first = Connection(ports[0])
    assert await told_to(first, "POST", "", {"key": KEY, "origins": ["https://shop.example"]}) == 201
    first.close()
    told, stop = Told(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for port in ports:
            group.create_task(clients(port, told, stop, number=8))
        shown = [group.create_task(asked(port, stop)) for port in ports]
        changes = group.create_task(changed(ports, stop))
        rebuilds = group.create_task(rebuilt(servers[0], tmp_path / "rebuild.log", stop))
        await asyncio.sleep(SECONDS)
        stop.set()
    found = await truth(own_url)
    answers, were_asked = len(told.acknowledged), sum(task.result() for task in shown)
    wrong = found.missing(told) + found.doubled(told) + abs(were_asked - await count_asked(own_url))
    figure = (
        f"{answers} answers and {were_asked} asked, {told.statuses[503]} x 503, {changes.result()} changes, "
        f"{rebuilds.result()} rebuilds: {found.drift} counts differ, {wrong} wrong"
    )
    happened = answers > 100 and changes.result() > 5 and rebuilds.result() > 2
    report(f"rollup beside changes, {kind}", figure, "0 and 0", holds=happened and not (found.drift or wrong))


def rated(place: Known, rating: int) -> Answer:
    given = (place.id, uuid7(), rating, None, "", WEB, "", None, None, None, now(), now())
    return Answer(*given, zone=place.zone, scale=place.scale.name)


async def test_an_answer_checked_against_the_scale_before_is_asked_for_again_and_its_neighbours_are_not(app):
    db, before = app.state.db, {}
    for key in ("shop", "other"):
        before[key] = known(await db.write(lambda session, key=key: create(session, TouchpointIn(key=key))))
    await db.write(lambda session: change(session, "shop", TouchpointPatch(scale="nps")))
    late, neighbour = (app.state.writer.submit([rated(before[key], 4)]) for key in ("shop", "other"))
    refused, kept = await asyncio.gather(late, neighbour, return_exceptions=True)
    assert isinstance(refused, Problem) and refused.code == Code.OVERLOADED and refused.headers["Retry-After"] == "1"
    assert [outcome.status for outcome in kept] == ["created"]
    assert not await db.read(lambda s: [cell for row in every_touchpoint(s) for cell in differences(s, row)])


async def test_a_scale_cannot_change_under_an_answer_that_is_being_stored(app):
    db = app.state.db
    place = known(await db.write(lambda session: create(session, TouchpointIn(key="shop"))))

    def slowly(session: Session) -> None:
        store(session, [rated(place, 4)])
        if db.dialect == "postgresql":
            session.connection().execute(text("SELECT pg_sleep(0.3)"))

    storing = asyncio.create_task(db.write(slowly))
    await asyncio.sleep(0.1)
    with pytest.raises(Problem) as refused:
        await db.write(lambda session: change(session, "shop", TouchpointPatch(scale="nps")))
    await storing
    assert refused.value.code == Code.SCALE_LOCKED


async def test_counting_anew_gives_what_was_folded_to_the_last_microsecond(app):
    db = app.state.db
    place = known(await db.write(lambda session: create(session, TouchpointIn(key="shop", timezone="Asia/Kathmandu"))))
    answers = [rated(place, rating) for rating in (1, 2, 2, 5)]
    for answer, second in zip(answers, (899.9999, 900, 900.000001, 1799.999999), strict=True):
        answer.occurred_at = START + timedelta(seconds=second)
    answers[3].rating, answers[3].comment, answers[3].flags = None, "So long", "burst spam"
    answers[1].reasons = "price staff"

    def held(session: Session) -> object:
        assert not [cell for row in every_touchpoint(session) for cell in differences(session, row)]
        return stored(session, place.row)

    await db.write(lambda session: store(session, answers))
    folded = await db.read(held)
    await db.write(lambda session: rebuild(session, place.id))
    assert folded == await db.read(held) and len(folded) > 10
