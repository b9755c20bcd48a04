"""Who knows an answer's id neither reads nor changes it, and an id at two touchpoints is two answers."""

from datetime import UTC, datetime, timedelta

import pytest

from app.ids import uuid7
from app.ingest.channels import KEYLESS, WEB
from app.ingest.routes import to_answer
from app.ingest.schemas import AnswerIn
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

SHOP, OWN = {"Origin": "https://shop.example"}, {"Origin": "http://touchstone.test"}
TOLD = {"rating": 2, "comment": "Mr. Zsigmondy was rude", "respondent": "c-17", "context": {"order": "4711"}}
URL = "/v1/touchpoints/checkout/feedback"


@pytest.fixture
async def checkout(make):
    await make(
        "checkout", scale="csat", origins=["https://shop.example"], reasons=[{"key": "staff", "label": {"en": "Staff"}}]
    )


async def stored(client, number):
    return (await client.get(f"/v1/feedback/{number}")).json()


async def writing(app, client):
    """A client whose key may write and not read."""
    made = (await client.post("/v1/keys", json={"name": "shop", "scopes": ["feedback:write"]})).json()
    return client_of(app, headers={"Authorization": f"Bearer {made['key']}"})


@pytest.mark.parametrize("told_by", ["page", "key"])
async def test_a_repetition_is_answered_with_what_its_sender_sent(app, client, anybody, checkout, told_by):
    number = str(uuid7())
    teller, told_from = (anybody, SHOP) if told_by == "page" else (client, {})
    earlier = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    before = await teller.post(URL, json=TOLD | {"id": number, "occurred_at": earlier}, headers=told_from)
    assert before.status_code == 201, before.text
    async with await writing(app, client) as shop:
        for who, headers in ((anybody, SHOP), (anybody, OWN), (shop, {})):
            again = await who.post(URL, json={"rating": 2, "id": number}, headers=headers)
            assert again.status_code == 200
            assert "Zsigmondy" not in again.text and earlier[:10] not in again.text
            assert (again.json()["rating"], again.json()["comment"], again.json()["id"]) == (2, None, number)
        item = {"touchpoint": "checkout", "rating": 2, "id": number}
        batch = await shop.post("/v1/feedback/batch", json={"items": [item]})
        assert '"duplicate"' in batch.text and "Zsigmondy" not in batch.text
    page = await anybody.post("/t/checkout", data={"rating": "2", "id": number})
    assert "Zsigmondy" not in page.text
    reader = (await client.post(URL, json={"rating": 2, "id": number})).json()
    assert reader["comment"] == TOLD["comment"], "whoever may read it gets what is stored"


async def test_an_answer_changes_only_on_the_way_it_came(app, client, anybody, checkout):
    by_page, by_key = str(uuid7()), str(uuid7())
    assert (await anybody.post(URL, json={"rating": 5, "id": by_page}, headers=SHOP)).status_code == 201
    assert (await client.post(URL, json={"rating": 5, "id": by_key})).status_code == 201
    for who, number, headers in ((client, by_page, {}), (anybody, by_key, SHOP), (anybody, by_key, OWN)):
        other = await who.post(URL, json={"rating": 1, "comment": "not mine", "id": number}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "feedback_locked")
    for who, number, headers in ((anybody, by_page, OWN), (client, by_key, {})):
        assert (await who.post(URL, json={"rating": 4, "id": number}, headers=headers)).status_code == 200
        assert (await stored(client, number))["rating"] == 4


async def test_a_flag_does_not_keep_an_answer_open(app, client, anybody, checkout, monkeypatch):
    number = str(uuid7())
    await anybody.post(URL, json={"rating": 5, "id": number}, headers=SHOP)
    await client.patch(f"/v1/feedback/{number}", json={"flags": ["unconfirmed"]})
    monkeypatch.setattr("app.ingest.channels.LOCKS_AFTER", dict.fromkeys(KEYLESS, timedelta()))
    assert (await anybody.post(URL, json={"rating": 1, "id": number}, headers=SHOP)).status_code == 409


async def test_what_is_known_of_the_sender_is_never_changed_without_a_key(client, anybody, checkout):
    number = str(uuid7())
    await anybody.post(URL, json=TOLD | {"id": number, "locale": "de"}, headers=SHOP)
    other = {"rating": 3, "respondent": "c-99", "locale": "pl", "context": {"order": "0"}, "id": number}
    assert (await anybody.post(URL, json=other, headers=SHOP)).status_code == 200
    after = await stored(client, number)
    assert after["rating"] == 3
    assert (after["respondent"], after["locale"], after["context"]) == ("c-17", "de", {"order": "4711"})


async def test_a_key_may_say_an_answer_in_two_steps(client, checkout, monkeypatch):
    url = f"{URL}/{uuid7()}"
    assert (await client.put(url, json={"rating": 4})).status_code == 201
    more = await client.put(url, json={"rating": 4, "comment": "quick", "context": {"till": 3}, "respondent": "c-1"})
    assert (more.status_code, more.json()["comment"]) == (200, "quick")
    assert (await stored(client, url[-36:]))["context"] == {"till": 3}
    monkeypatch.setattr("app.ingest.channels.LOCKS_AFTER", {"api": timedelta()})
    late = await client.put(url, json={"rating": 1})
    assert (late.status_code, late.json()["code"]) == (409, "feedback_locked")


@pytest.mark.parametrize("empty", [{"comment": "", "reasons": []}, {"comment": None, "reasons": None}])
@pytest.mark.parametrize("by", ["page", "key"])
async def test_what_is_given_replaces_what_was(client, anybody, checkout, empty, by):
    who, headers = (anybody, SHOP) if by == "page" else (client, {})
    url = f"{URL}/{uuid7()}"
    await who.put(url, json={"rating": 2, "comment": "rude", "reasons": ["staff"]}, headers=headers)
    await who.put(url, json={"rating": 1}, headers=headers)
    kept = await stored(client, url[-36:])
    assert (kept["rating"], kept["comment"], kept["reasons"]) == (1, "rude", ["staff"]), "left out: it stays"
    assert (await who.put(url, json={"rating": 1, **empty}, headers=headers)).status_code == 200
    kept = await stored(client, url[-36:])
    assert (kept["rating"], kept["comment"], kept["reasons"]) == (1, None, [])
    score = (await client.get("/v1/touchpoints/checkout/score")).json()
    assert (score["comment_count"], score.get("reasons") or {}) in ((0, {}), (0, {"staff": 0}))


async def test_a_hosted_page_takes_back_what_was_emptied(client, anybody, checkout):
    number = str(uuid7())
    form = {"rating": "2", "comment": "rude", "reasons": "staff", "id": number}
    assert "rude" in (await anybody.post("/t/checkout", data=form)).text
    assert (await anybody.post("/t/checkout", data={"rating": "2", "comment": "", "id": number})).status_code == 200
    kept = await stored(client, number)
    assert (kept["rating"], kept["comment"], kept["reasons"]) == (2, None, [])


async def test_an_id_at_two_touchpoints_is_two_answers(client, checkout, make):
    await make("delivery")
    number = str(uuid7())
    for key, rating in (("checkout", 5), ("delivery", 1)):
        await client.post(f"/v1/touchpoints/{key}/feedback", json={"rating": rating, "id": number})
    url = f"/v1/feedback/{number}"
    for refused in (await client.get(url), await client.patch(url, json={"flags": ["test"]}), await client.delete(url)):
        assert (refused.status_code, refused.json()["code"]) == (409, "id_not_unique")
        assert "checkout" in refused.text and "delivery" in refused.text
    for key, rating in (("checkout", 5), ("delivery", 1)):
        assert (await client.get(url, params={"touchpoint": key})).json()["rating"] == rating
    flagged = await client.patch(url, params={"touchpoint": "delivery"}, json={"flags": ["test"]})
    assert (flagged.json()["touchpoint"], flagged.json()["flags"]) == ("delivery", ["test"])
    assert (await client.get(url, params={"touchpoint": "checkout"})).json()["flags"] == []
    assert (await client.delete(url, params={"touchpoint": "checkout"})).status_code == 204
    for params, status in (({"touchpoint": "checkout"}, 404), ({}, 409), ({"touchpoint": "nowhere"}, 404)):
        assert (await client.delete(url, params=params)).status_code == status
    assert (await client.get(url, params={"touchpoint": "delivery"})).json()["rating"] == 1


async def test_who_answered_twice_counts_once_whatever_becomes_of_the_first(client, make):
    await make("checkout", scale="csat", repeat_days=30)

    async def say(rating):
        answer = await client.post(URL, json={"rating": rating, "respondent": "c-17"})
        return answer.json()["id"]

    async def flag(number, *flags):
        return (await client.patch(f"/v1/feedback/{number}", json={"flags": list(flags)})).json()["flags"]

    async def counted():
        score = (await client.get("/v1/touchpoints/checkout/score")).json()
        return {int(rating): n for rating, n in score["distribution"].items() if n}

    first, second, third = await say(5), await say(1), await say(2)
    assert await counted() == {5: 1}
    assert await flag(first, "test") == ["test"]
    assert await counted() == {1: 1}, "the first is found to be a test: the second counts"
    assert await flag(first) == []
    assert await counted() == {5: 1}, "it was none: the second counts no more"
    assert await flag(first, "duplicate") == ["duplicate"]
    assert await counted() == {1: 1}, "somebody says which of them counts"
    assert await flag(first) == [] and await counted() == {1: 1, 5: 1}, "and that both do"
    for number, left in ((first, {1: 1}), (second, {2: 1}), (third, {})):
        await client.delete(f"/v1/feedback/{number}")
        assert await counted() == left


async def test_who_answered_twice_counts_once_when_the_first_moves(client, make):
    await make("checkout", scale="csat", repeat_days=30)
    url = f"{URL}/{uuid7()}"
    await client.put(url, json={"rating": 5, "respondent": "c-17"})
    second = (await client.post(URL, json={"rating": 1, "respondent": "c-17"})).json()
    assert second["flags"] == ["duplicate"]
    await client.put(url, json={"rating": 5, "respondent": "c-18"})
    assert (await stored(client, second["id"]))["flags"] == []


async def test_who_knows_the_id_but_not_the_browsers_secret_is_a_stranger(client, anybody, checkout):
    mine = {"id": str(uuid7()), "secret": str(uuid7())}
    first = await anybody.post(URL, json=mine | {"rating": 4}, headers=SHOP)
    assert first.status_code == 201 and mine["secret"] not in first.text
    for secret in ({}, {"secret": None}, {"secret": str(uuid7())}):
        for rating in (4, 1):
            refused = await anybody.post(URL, json={"id": mine["id"], "rating": rating, **secret}, headers=SHOP)
            assert (refused.status_code, refused.json()["code"]) == (409, "feedback_locked")
    refused = await anybody.post("/t/checkout", data={"id": mine["id"], "rating": "1"})
    assert refused.status_code == 409
    assert (await anybody.post(URL, json=mine | {"rating": 5}, headers=SHOP)).status_code == 200
    for shown in (
        await client.get(f"/v1/feedback/{mine['id']}"),
        await client.get("/v1/feedback/export?format=ndjson"),
    ):
        assert '"rating":5' in shown.text and mine["secret"] not in shown.text and "secret" not in shown.text


async def test_ids_used_at_another_touchpoint_are_new_answers_to_limit_and_flood(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="3/minute")
    ids = [uuid7() for _ in range(200)]
    async with running(settings) as app, client_of(app, headers=ADMIN) as client, client_of(app) as anybody:
        taken, aside = {}, {}
        for key in ("checkout", "delivery"):
            await client.post("/v1/touchpoints", json={"key": key, "origins": ["https://shop.example"]})
            url, known = f"/v1/touchpoints/{key}/feedback", await app.state.registry.get(key)
            sent = [await anybody.post(url, json={"rating": 1, "id": str(n)}, headers=SHOP) for n in ids[:6]]
            taken[key] = [answer.status_code for answer in sent]
            answers = [to_answer(known, AnswerIn(rating=1), WEB, number, datetime.now(UTC)) for number in ids]
            for at, answer in enumerate(answers):
                await app.state.floods.note(known, answer, f"one network at {key}", at=float(at))
            aside[key] = sum(bool(answer.flags) for answer in answers)
    assert taken["delivery"] == taken["checkout"] == [201] * 3 + [429] * 3
    assert aside["delivery"] == aside["checkout"] > 100
