"""Each unhappy customer has somebody who takes care."""

import re
from datetime import timedelta

import pytest

from app.answers import handling
from app.models import now
from tests.conftest import ADMIN_KEY


async def give(client, **answer):
    given = await client.post("/v1/touchpoints/shop/feedback", json=answer)
    assert given.status_code == 201, given.text
    return given.json()["id"]


async def put(client, number, **handling):
    answer = await client.patch(f"/v1/feedback/{number}", json={"handling": handling})
    assert answer.status_code == 200, answer.text
    return answer.json()["handling"]


async def states(client, **asked):
    found = (await client.get("/v1/feedback", params=asked)).json()["items"]
    return {item["id"]: item["handling"] and item["handling"]["state"] for item in found}


@pytest.fixture
async def shop(make):
    return await make("shop")


@pytest.fixture
async def unhappy(client, shop):
    return await give(client, rating=1, comment="Nobody answered")


async def test_low_ratings_with_a_comment_and_comments_without_a_rating_are_new_and_nothing_else(
    client, unhappy, monkeypatch
):
    monkeypatch.setattr(handling, "NEW_FOR", timedelta(days=80))
    question = await give(client, comment="When do you open?")
    others = [await give(client, rating=1), await give(client, rating=5, comment="Fine")]
    spam = await give(client, rating=1, comment="Buy pills")
    await client.patch(f"/v1/feedback/{spam}", json={"flags": ["spam"]})
    long_ago = await give(client, rating=1, comment="Long ago", occurred_at=(now() - timedelta(days=81)).isoformat())
    assert await states(client) == {unhappy: "new", question: "new"} | dict.fromkeys([*others, spam, long_ago])
    assert set(await states(client, handling="new")) == {unhappy, question}


async def test_who_takes_care_is_kept_and_no_score_knows_of_it(client, unhappy):
    before = (await client.get("/v1/touchpoints/shop/score")).json()
    said = await put(client, unhappy, state="needs_reply", owner="Ana", note="call back")
    assert (said["state"], said["owner"], said["note"]) == ("needs_reply", "Ana", "call back") and said["changed_at"]
    said = await put(client, unhappy, state="done", note=None)
    assert (said["state"], said["owner"], said["note"]) == ("done", "Ana", None)
    assert await states(client, handling="new") == {} and await states(client, handling="done") == {unhappy: "done"}
    assert (await client.get("/v1/touchpoints/shop/score")).json()["metrics"] == before["metrics"]
    cleared = await client.patch(f"/v1/feedback/{unhappy}", json={"handling": None})
    assert cleared.json()["handling"]["state"] == "new" and cleared.json()["flags"] == []


async def test_a_change_of_the_handling_leaves_the_flags(client, unhappy):
    await client.patch(f"/v1/feedback/{unhappy}", json={"flags": ["test"]})
    await put(client, unhappy, state="seen")
    assert (await client.get(f"/v1/feedback/{unhappy}")).json()["flags"] == ["test"]
    assert (await client.patch(f"/v1/feedback/{unhappy}", json={})).status_code == 422
    bell = {"handling": {"state": "seen", "note": "\x07"}}
    assert (await client.patch(f"/v1/feedback/{unhappy}", json=bell)).status_code == 422


async def test_an_erased_answer_takes_its_handling_along(client, unhappy, app):
    from sqlmodel import select

    from app.models import Handling

    await put(client, unhappy, state="seen", note="Mrs Smith, 555-1234")
    assert (await client.delete(f"/v1/feedback/{unhappy}")).status_code == 204
    assert await app.state.db.read(lambda session: session.exec(select(Handling)).all()) == []
    gone = await client.patch(f"/v1/feedback/{unhappy}?touchpoint=shop", json={"handling": {"state": "seen"}})
    assert gone.status_code == 404


async def test_the_summary_tells_how_long_it_took_and_how_old_the_open_ones_are(client, unhappy):
    for hours in (30, 40):
        at = (now() - timedelta(hours=hours)).isoformat()
        await give(client, comment="Old question", occurred_at=at)
    await put(client, await give(client, rating=2, comment="Cold"), state="done")
    await put(client, await give(client, rating=5), state="seen")
    found = (await client.get("/v1/handling/summary", params={"touchpoint": "shop"})).json()
    assert found["handled"] == 1 and found["median_hours"] == 0
    assert found["open"] == {"new": 3, "seen": 1, "needs_reply": 0}
    assert [age["under_hours"] for age in found["open_by_age"]] == [24, 168, 720, None]
    assert sum(age["count"] for age in found["open_by_age"]) == 4
    assert (await client.get("/v1/handling/summary", params={"touchpoint": "nowhere"})).status_code == 404


@pytest.mark.parametrize("language", ["en", "de", "da", "pl"])
async def test_the_dashboard_shows_and_sets_it_with_plain_forms(client, unhappy, anybody, language):
    await give(client, rating=5, comment="Lovely")
    await anybody.post("/login", data={"key": ADMIN_KEY})
    page = (await anybody.get(f"/comments?handling=new&lang={language}")).text
    assert "Nobody answered" in page and "Lovely" not in page
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
    said = {"csrf": csrf, "id": unhappy, "state": "done", "owner": "<b>Ana", "note": "", "next": "/comments"}
    saved = await anybody.post("/touchpoints/shop/handling", data=said)
    assert saved.status_code == 303, saved.text
    assert "Nobody answered" not in (await anybody.get("/comments?handling=new")).text
    page = (await anybody.get(f"/comments?handling=done&open=shop/{unhappy}")).text
    assert "Nobody answered" in page and "<b>Ana" not in page and "&lt;b&gt;Ana" in page
