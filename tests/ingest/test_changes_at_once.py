"""Flags, erasures and answers at once by two processes: no deadlock, the counts stay right, and nobody is refused but
who sends again what is being erased.
"""

import asyncio
import random
import time
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Database, open_database
from app.errors import Problem
from app.ids import uuid7
from app.ingest import store
from app.ingest.channels import WEB, Answer
from app.ingest.flood import Floods
from app.models import now
from app.scores.rollup import differences, every_touchpoint
from app.touchpoints.registry import Known, create, known
from app.touchpoints.schemas import TouchpointIn

SECONDS = 3


def answer(place: Known) -> Answer:
    return Answer(place.id, uuid7(), random.randint(1, 5), None, "", WEB, "", None, None, None, now(), now())


async def until(end: float, step: Any) -> int:
    """Do it again and again; how often."""
    done = 0
    while time.monotonic() < end:
        try:
            await step()
        except Problem as gone:
            assert gone.code in ("not_found", "overloaded")  # erased by another, or in the moment it was sent again
        done += 1
    return done


@pytest.mark.postgres
async def test_flags_and_erasures_beside_a_flood_never_deadlock(postgres_url):
    processes: list[Database] = [open_database(postgres_url) for _ in range(2)]
    places = [
        known(await processes[0].write(lambda session, n=n: create(session, TouchpointIn(key=f"t{n}"))))
        for n in range(2)
    ]
    here = {place.id: [answer(place) for _ in range(400)] for place in places}
    for answers in here.values():
        await processes[0].write(lambda session, answers=answers: store.store(session, answers))
    end, work = time.monotonic() + SECONDS, []
    for db in processes:
        floods = Floods(db)

        async def flood(db: Database = db, floods: Floods = floods) -> None:
            place = random.choice(places)
            aside = [one.id for one in random.sample(here[place.id], 60)]
            await floods.flag(place, answer(place), aside)

        async def press(db: Database = db) -> None:
            one = random.choice(here[random.choice(places).id])
            await db.write(
                lambda session: store.flag(session, one.touchpoint_id, one.id, random.choice(((), ("spam",))))
            )

        async def erase(db: Database = db) -> None:
            one = random.choice(here[random.choice(places).id])
            await db.write(lambda session: store.erase(session, one.touchpoint_id, one.id))

        async def say(db: Database = db) -> None:
            batch = [answer(random.choice(places)) for _ in range(20)]
            batch += random.sample(here[places[0].id], 5) + random.sample(here[places[1].id], 5)
            await db.write(lambda session: store.store(session, batch))

        work += [until(end, step) for step in (flood, flood, press, press, erase, say, say)]
    done = await asyncio.gather(*work)
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    await asyncio.sleep(1)  # the server counts them together once a second
    found = await processes[0].read(lambda session: session.connection().execute(deadlocks).scalar_one())
    drift = await processes[1].read(lambda s: [cell for row in every_touchpoint(s) for cell in differences(s, row)])
    for db in processes:
        await db.close()
    assert min(done) > 1 and not found and not drift, (done, found, drift)


@pytest.mark.postgres
async def test_an_answer_that_is_sent_again_while_it_is_erased_does_not_come_back(postgres_url):
    here, there = open_database(postgres_url), open_database(postgres_url)
    place = known(await here.write(lambda session: create(session, TouchpointIn(key="shop"))))
    one = answer(place)
    await here.write(lambda session: store.store(session, [one]))

    def erase_slowly(session: Any) -> None:
        store.erase(session, one.touchpoint_id, one.id)
        session.connection().execute(text("SELECT pg_sleep(1)"))

    erasing = asyncio.create_task(here.write(erase_slowly))
    await asyncio.sleep(0.5)
    with pytest.raises(Problem, match="being erased"):
        await there.write(lambda session: store.store(session, [one]))
    await erasing
    outcomes = await there.write(lambda session: store.store(session, [one]))
    left = await there.read(lambda s: s.connection().execute(text("SELECT count(*) FROM feedback")).scalar_one())
    await here.close()
    await there.close()
    assert [outcome.status for outcome in outcomes] == [store.ERASED] and not left


async def test_a_flood_that_could_not_be_flagged_is_flagged_with_its_next_answer(app, make):
    await make("shop")
    place, floods = await app.state.registry.get("shop"), app.state.floods
    write, flagged = app.state.db.write, []

    async def full(work: Any) -> Any:
        raise OSError("no space left on device")

    for number in range(110):  # at 101 the ten of this network that still count are to be set aside
        one = answer(place)
        earlier = await floods.note(place, one, "one network")
        await app.state.writer.submit((one,))
        if number == 100:
            app.state.db.write = full
        await floods.flag(place, one, earlier)
        app.state.db.write = write
        flagged.append(len(earlier))
    assert [count for count in flagged if count] == [10, 10]
    count = text("SELECT count(*) FROM feedback WHERE flags = ''")
    assert await app.state.db.read(lambda session: session.connection().execute(count).scalar_one()) == 0


async def test_an_answer_that_was_set_aside_while_it_was_stored_does_not_count(app, make):
    await make("shop")
    place, floods = await app.state.registry.get("shop"), app.state.floods
    slow = answer(place)
    await floods.note(place, slow, "one network")
    for _ in range(110):
        one = answer(place)
        earlier = await floods.note(place, one, "one network")
        await app.state.writer.submit((one,))
        await floods.flag(place, one, earlier)
    await app.state.writer.submit((slow,))
    await floods.flag(place, slow, [])
    count = text("SELECT count(*) FROM feedback WHERE flags = ''")
    assert await app.state.db.read(lambda session: session.connection().execute(count).scalar_one()) == 0
