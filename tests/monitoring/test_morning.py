"""An hour only adds to what the days before came to: to the same verdicts as a look at all days."""

import random
from datetime import timedelta

from pytest import approx

from app.monitoring import morning, watch
from app.monitoring.drop import Cell, past
from app.monitoring.memory import Memory
from app.scores import rollup
from app.scores.slices import Alike, grouped
from tests.monitoring.fleet import AT, fill, listed
from tests.monitoring.test_drop import TODAY, answers

SOURCES = ("web", "email", "new")  # the last one has no past


def test_an_hour_that_adds_its_answers_comes_to_the_same_as_all_days_together():
    rng, found = random.Random(1), []
    for seed in range(8):
        before = answers(seed, days=120, rate=rng.choice((12, 30)), fall=0.5, fell_on=TODAY - rng.randint(1, 5))
        known, today = past(before, TODAY), []
        held = morning.of(known, TODAY)
        for part in range(4):
            low = rng.random() < 0.6
            today.append(Cell(TODAY, part, rng.choice(SOURCES), (6, 3, 1, 1, 2) if low else (0, 0, 1, 4, 8)))
            whole = past(before + today, TODAY)
            for way, walked in zip(held.ways, (whole.fell(0), whole.rose(0)), strict=True):
                assert way.now(today, held.rho) == approx(walked.w, abs=1e-9)
            steady = not (whole.fell(40).fell or whole.rose(40).fell)
            assert held.is_steady(today, 40) == steady
            found.append(steady)
    assert 5 < sum(found) < len(found) - 5


async def test_late_answers_of_days_before_are_seen_at_once_and_todays_are_only_added(app, client, make, monkeypatch):
    db, memory, looked = app.state.db, Memory(), []
    whole = watch._levels

    async def counting(db, these, *rest):
        looked.append(len(these))
        return await whole(db, these, *rest)

    monkeypatch.setattr(watch, "_levels", counting)
    await make("shop", scale="stars")
    await fill(db, 1)
    await watch.once(db, AT, memory)
    await _came(db, AT - timedelta(minutes=50), 5, 3)
    await watch.once(db, AT + timedelta(hours=1), memory)
    assert looked == [1, 0] and await listed(client) == []
    for day in range(1, 9):
        await _came(db, AT - timedelta(days=day), 1, 40)
    await watch.once(db, AT + timedelta(hours=1), memory)
    assert looked == [1, 0, 1] and [alert["kind"] for alert in await listed(client)] == ["drop"]
    await watch.once(db, AT + timedelta(days=1), memory)
    assert looked == [1, 0, 1, 1]


async def _came(db, at, rating, times):
    deltas = rollup.Deltas()
    deltas.add(grouped([(Alike(1, rating, None, "", "web", "", at), times)]))
    await db.write(lambda session: rollup.apply(session, deltas))
