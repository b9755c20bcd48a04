"""Counts by segment that wait to be added: whoever asks has them, and they equal the rows whatever happens."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.scores import segment_folding, segment_pending
from tests.conftest import ADMIN_KEY, client_of
from tests.scores.test_segments import SCORE, groups, true

STORES = ("nord", "syd", "west")
STAGES = [{"name": "Buy", "touchpoints": ["shop"]}]


@pytest.fixture(autouse=True)
def only_when_asked(monkeypatch):
    """Nothing is folded by itself once the service has started."""
    monkeypatch.setattr(segment_folding, "EACH_S", 3600)


async def batch(client, answers: int = 30, **more) -> list[str]:
    items = [
        {"touchpoint": "shop", "rating": 1 + number % 5, "context": {"store": STORES[number % 3]}, **more}
        for number in range(answers)
    ]
    found = (await client.post("/v1/feedback/batch", json={"items": items})).json()
    assert found["created"] == answers, found
    return [one["id"] for one in found["results"]]


async def rows(app, table: str) -> int:
    statement = text(f"SELECT count(*) FROM {table}")
    return int(await app.state.db.read(lambda session: session.connection().execute(statement).scalar_one()))


async def test_many_answers_at_once_wait_in_one_row_and_whoever_asks_has_them(client, make, app):
    await make("shop", scale="stars", segments=["store", "plan"])
    await batch(client)
    assert (await rows(app, "segment_pending"), await rows(app, "segment_rollup")) == (1, 0) and await true(app)
    assert await groups(client) == dict.fromkeys(("store:nord", "store:syd", "store:west"), 10)
    assert await rows(app, "segment_pending") == 0 and await true(app)
    await batch(client)
    one = (await client.get(SCORE, params={"segment": "store:syd"})).json()
    assert one["count"] == 20, "what a cache held is told anew"


async def test_few_answers_are_counted_at_once_unless_others_wait(client, make, app):
    await make("shop", scale="stars", segments=["store"])
    await batch(client, 2)
    assert await rows(app, "segment_pending") == 0 and await rows(app, "segment_rollup") > 0
    await batch(client)
    await batch(client, 2)
    assert await rows(app, "segment_pending") == 2 and await true(app)


@pytest.mark.parametrize(
    "address",
    [
        "/v1/segments",
        "/v1/segments/store/scores",
        "/v1/journeys/buying/score?segment=store:nord",
        "/v1/touchpoints/shop/aggregate-rating?segment=store:nord",
        "/touchpoints/shop",
        "/segments",
        "/segment-keys",
        "/segment-keys/store",
    ],
)
async def test_every_door_to_a_segment_folds_first(client, make, app, address):
    await make("shop", scale="stars", segments=["store"], open_segments=["store"], public=True)
    made = await client.post("/v1/journeys", json={"key": "buying", "name": "Buying", "stages": STAGES})
    assert made.status_code == 201, made.text
    await batch(client)
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        asker = client if address.startswith("/v1") else browser
        answer = await asker.get(address)
    assert answer.status_code == 200, answer.text
    assert await rows(app, "segment_pending") == 0 and await rows(app, "segment_rollup") > 0


async def test_what_changes_while_counts_wait_is_counted_right(client, make, app):
    await make("shop", scale="stars", segments=["store", "plan"])
    first, *others = await batch(client)
    for change in ({"timezone": "Pacific/Auckland"}, {"segments": ["store"]}, {"segments": ["store", "till"]}):
        assert (await client.patch("/v1/touchpoints/shop", json=change)).status_code == 200
        assert await true(app)
        await batch(client, context={"store": "nord", "till": "7"})
        assert await true(app)
    assert (await client.patch(f"/v1/feedback/{others[0]}", json={"flags": ["spam"]})).status_code == 200
    assert (await client.delete(f"/v1/feedback/{first}")).status_code == 204
    assert await true(app)
    assert sum((await groups(client)).values()) == 118 and await true(app)
    assert await rows(app, "segment_pending") == 0


async def test_a_value_that_was_erased_while_it_waited_is_not_among_the_values(client, make, app):
    await make("shop", scale="stars", segments=["store"])
    await batch(client)
    (name,) = await batch(client, 1, context={"store": "Jens Jensen"})
    await client.delete(f"/v1/feedback/{name}")
    assert "store:Jens Jensen" not in await groups(client)
    values = text("SELECT value FROM segment")
    assert "Jens Jensen" not in await app.state.db.read(lambda s: [*s.connection().execute(values).scalars()])


async def test_where_nothing_can_be_written_a_score_is_told_as_far_as_it_is_folded(client, make, app, monkeypatch):
    await make("shop", scale="stars", segments=["store"])
    await batch(client, 2)
    await batch(client)

    async def full(work):
        raise OperationalError("COMMIT", None, Exception("database or disk is full"))

    monkeypatch.setattr(app.state.db, "write", full)
    assert await groups(client) == {"store:nord": 1, "store:syd": 1}
    monkeypatch.undo()
    assert sum((await groups(client)).values()) == 32


async def test_more_than_a_piece_is_folded_in_pieces(client, make, app, monkeypatch):
    await make("shop", scale="stars", segments=["store"])
    await make("exit", scale="stars", segments=["store"])
    for _ in range(3):
        await batch(client)
        await batch(client, touchpoint="exit")
    monkeypatch.setattr(segment_pending, "PIECE", 2)
    segment_pending._oldest.cache_clear()
    try:
        assert await segment_folding.fold_next(app.state.db) and await rows(app, "segment_pending") == 4
        assert await true(app)
        await segment_folding.fold_all(app.state.db)
    finally:
        segment_pending._oldest.cache_clear()
    assert await rows(app, "segment_pending") == 0 and await true(app)


async def test_the_service_folds_by_itself_and_leaves_nothing_when_it_stops(client, make, app, monkeypatch):
    await make("shop", scale="stars", segments=["store"])
    monkeypatch.setattr(segment_folding, "EACH_S", 0.01)
    folding = segment_folding.Folding(app.state.db)
    folding.start()
    await batch(client)
    async with asyncio.timeout(10):
        while await rows(app, "segment_pending"):  # noqa: ASYNC110 - a task folds
            await asyncio.sleep(0.01)
    monkeypatch.setattr(segment_folding, "EACH_S", 3600)
    await asyncio.sleep(0.05)
    await batch(client)
    assert await rows(app, "segment_pending") == 1
    await folding.close()
    assert await rows(app, "segment_pending") == 0 and await true(app)
