"""Segments in trouble: odd values, a key renamed, a segment of two answers, everything erased."""

import asyncio

import pytest
from sqlalchemy import text

from app.scores.segment_folding import folded
from tests.conftest import ADMIN_KEY, client_of
from tests.scores.test_segments import SCORE, groups, say, true

LONG = "شارع الملك فهد " * 700  # 10,500 characters


@pytest.mark.parametrize(
    ("sent", "named"),
    [("nord\x1b[31m\x00", "nord[31m"), ("\u202eelohssa\u2066", "elohssa"), (LONG, LONG[:80].rstrip()), ("فرع", "فرع")],
    ids=["controls", "direction", "ten kilobytes", "arabic"],
)
async def test_an_odd_value_counts_under_what_a_person_reads_and_is_found_by_it(client, make, app, sent, named):
    await make("shop", scale="stars", segments=["store"])
    await say(client, 2, context={"store": sent})
    await say(client, 4, context={"store": "plain"})
    assert await groups(client) == {f"store:{named}": 1, "store:plain": 1}
    score = (await client.get(SCORE, params={"segment": f"store:{named}"})).json()
    assert score["count"] == 1 and score["metrics"]["mean"]["value"] == 2
    (listed,) = (await client.get("/v1/feedback", params={"segment": f"store:{named}"})).json()["items"]
    assert listed["rating"] == 2
    assert named in (await client.get("/v1/feedback/export", params={"format": "csv"})).text.replace("'", "")
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        for path in ("/touchpoints/shop?by=store", "/segments?by=store"):
            assert f"<bdi>{named}</bdi>" in (await browser.get(path)).text, path
    assert await true(app)


async def test_a_key_that_is_renamed_is_counted_anew_and_the_old_one_goes_with_its_counts(client, make, app):
    await make("shop", scale="stars", segments=["store"])
    for rating, context in ((5, {"store": "nord"}), (4, {"store": "syd", "branch": "syd"}), (1, {"branch": "syd"})):
        await say(client, rating, context=context)
    for keys in (["store", "branch"], ["branch"]):
        assert (await client.patch("/v1/touchpoints/shop", json={"segments": keys})).status_code == 200
        assert await groups(client, "branch") == {"branch:none": 1, "branch:syd": 2}
        assert await true(app)
    refused = await client.get(SCORE, params={"group_by": "store"})
    assert refused.status_code == 422 and "not declared" in refused.text
    await say(client, 3, context={"store": "nord", "branch": "nord"})
    assert (await groups(client, "branch"))["branch:nord"] == 1
    async with asyncio.timeout(20):
        while await cells(app, "(SELECT id FROM segment WHERE split_id NOT IN (SELECT id FROM split))"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert [one["key"] for one in (await client.get("/v1/segments")).json()["items"]] == ["branch"] and await true(app)


async def test_who_declares_a_key_as_he_is_told_to_keeps_the_others(client, make):
    await make("shop", scale="stars", segments=["store"])
    for path, query in ((SCORE, {}), ("/v1/feedback", {"touchpoint": "shop"})):
        refused = await client.get(path, params={**query, "segment": "plan:pro"})
        (mistake,) = refused.json()["errors"]
        assert mistake["place"] == "query.segment" and 'shop {"segments": [..., "plan"]}' in mistake["mend"]


@pytest.mark.parametrize("segment", ["hour:9", "hour:24", "weekday:0", "weekday:Monday", "source:widget"])
@pytest.mark.parametrize("path", [SCORE, "/v1/feedback", "/v1/feedback/export"])
async def test_an_hour_a_day_or_a_source_that_cannot_be_is_no_segment_without_answers(client, make, segment, path):
    await make("shop", scale="stars")
    refused = await client.get(path, params={"segment": segment})
    assert refused.status_code == 422 and refused.json()["errors"][0]["mend"].startswith("Send "), refused.text
    for there in ("hour:09", "weekday:1", "source:web"):
        assert (await client.get(path, params={"segment": there})).status_code == 200, there


TOLD = [
    ("/v1/webhooks", {"url": "https://shop.example/hook", "events": ["feedback.low_rating"]}),
    ("/v1/subscribers", {"email": "boss@shop.example"}),
]


@pytest.mark.parametrize(("path", "body"), TOLD)
async def test_who_wants_to_be_told_of_a_segment_names_it_as_it_is_counted(client, path, body):
    made = await client.post(path, json=body | {"segments": ["store: Zu\u0308rich  West "]})
    assert made.json()["segments"] == ["store:Zürich West"], made.text
    for never in ("hour:09", "source:web", "store: ", "store:none"):
        refused = await client.post(path, json=body | {"segments": [never]})
        assert refused.status_code == 422 and "named by no event" in refused.text, never


async def test_a_name_is_given_to_the_value_that_is_counted(client, make):
    await make("shop", segments=["store"])
    said = {"values": [{"value": " Zu\u0308rich", "name": {"en": "Main street"}}]}
    assert (await client.patch("/v1/segments/store", json=said)).json()["values"][0]["value"] == "Zürich"


async def cells(app, of: str) -> int:
    """How many cells there are of these segments."""
    statement = text(f"SELECT count(*) FROM segment_rollup WHERE segment_id IN {of}")
    return await app.state.db.read(lambda session: session.connection().execute(statement).scalar_one())


async def test_a_segment_of_two_answers_has_its_figures_and_no_verdict(client, make):
    await make("shop", scale="csat", segments=["store"])
    ratings = [(store, rating) for store in ("nord", "syd") for rating in (3, 4, 5) * 15] + [("few", 1), ("few", 1)]
    items = [{"touchpoint": "shop", "rating": rating, "context": {"store": store}} for store, rating in ratings]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 92
    found = {
        group["segment"]: group for group in (await client.get(SCORE, params={"group_by": "store"})).json()["groups"]
    }
    few = found["store:few"]
    assert (few["count"], few["verdict"], few["difference"]) == (2, "too_few", None)
    assert few["metrics"]["mean"]["low"] < few["metrics"]["mean"]["high"], "two equal answers say nothing for certain"


async def test_erasing_every_answer_takes_one_from_every_count_of_every_key(client, make, app):
    reasons = [{"key": "staff", "label": {"en": "Staff"}}, {"key": "price", "label": {"en": "Price"}}]
    await make("shop", scale="stars", reasons=reasons, segments=["store", "plan", "locale", "device"])
    numbers = [
        await say(
            client,
            1 + number % 5,
            comment="So." if number % 2 else None,
            reasons=["staff", "price"][: number % 3],
            locale=("da", "de-AT", None)[number % 3],
            context={"store": "nord" if number % 2 else "syd", "plan": "pro"} if number % 4 else None,
        )
        for number in range(12)
    ]
    await client.patch(f"/v1/feedback/{numbers[3]}", json={"flags": ["spam"]})
    columns = ", ".join(f"abs(n{rating})" for rating in range(11)).replace(", ", " + ")
    held = f"SELECT count(*), sum(abs(n) + abs(comments) + {columns}) FROM segment_rollup"

    async def sums() -> tuple[int, int]:
        await folded(app.state.db)
        found = await app.state.db.read(lambda session: session.connection().execute(text(held)).one())
        return int(found[0]), int(found[1])

    rows, before = await sums()
    assert rows > 40 and before > 300
    for number in numbers:
        assert (await client.delete(f"/v1/feedback/{number}")).status_code == 204
    assert await sums() == (rows, 0) and await true(app)
    assert await groups(client) == await groups(client, "locale") == {}
