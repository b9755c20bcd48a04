"""Who answered twice within the review interval counts once, also when two things happen to him at once."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.db import open_database
from app.ids import uuid7
from app.ingest import store
from app.ingest.channels import API, Answer
from app.ingest.guard import DUPLICATE
from app.ingest.repeats import decide
from app.scores import rollup
from app.touchpoints.registry import create, known
from app.touchpoints.schemas import TouchpointIn

AT, DAY = datetime(2026, 11, 1, tzinfo=UTC), timedelta(days=1)


def answer(respondent, days=0.0, flags="", touchpoint=1, interval=None):
    at = AT + days * DAY
    return Answer(touchpoint, uuid7(), 3, None, "", API, flags, None, respondent, None, at, at, repeat_days=interval)


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["", DUPLICATE])), max_size=8), st.integers(0, 7))
def test_nobody_is_left_out_and_nobody_counts_twice_for_what_changed(said, place):
    answers = [answer("c-1", days, flags) for days, flags in said]
    changed = {answers[place].id} if place < len(answers) else set()
    moves = {before.id: after for before, after in decide(answers, 30 * DAY, changed) if before and after}
    after = [moves.get(one.id, one) for one in answers]

    def near(one):
        return [o for o in after if o.id != one.id and not o.flags and abs(o.occurred_at - one.occurred_at) < 30 * DAY]

    for one in after:
        if one.flags and one.id not in changed:
            assert near(one), "a duplicate of nothing"
        if not one.flags and (one.id in changed or one.id in moves):
            assert not near(one), "counts beside another"


@pytest.mark.postgres
async def test_what_happens_to_answers_of_one_person_at_once_never_deadlocks(postgres_url):
    one, other = open_database(postgres_url), open_database(postgres_url)
    shop = TouchpointIn(key="shop", repeat_days=30)
    place = known(await one.write(lambda session: create(session, shop)))
    answers = [answer(f"c-{n % 2}", n / 1000, touchpoint=place.id, interval=30) for n in range(10)]
    await one.write(lambda session: store.store(session, answers))

    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    before = await one.read(lambda session: session.execute(deadlocks).scalar())

    async def flag(db, dice):
        for _ in range(12):
            number, flags = dice.choice(answers).id, dice.choice([(), ("test",), ("spam",)])
            await db.write(lambda session, number=number, flags=flags: store.flag(session, place.id, number, flags))

    await asyncio.gather(*(flag(db, random.Random(seed)) for seed, db in enumerate((one, other) * 3)))
    counted = text("SELECT count(*) FROM feedback WHERE flags = '' GROUP BY respondent")
    await asyncio.sleep(1.1)  # the server's own counts are a second late
    assert await one.read(lambda session: session.execute(deadlocks).scalar()) == before
    assert {n for (n,) in await one.read(lambda session: session.execute(counted).all())} <= {1}
    assert not await one.read(lambda session: list(rollup.differences(session, place.row)))
    await one.close()
    await other.close()
