"""No customer is asked again and again."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from app.cooldown import asked
from app.models import AskedLately
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running
from tests.links.conftest import Clock


@pytest.fixture
def clock(app):
    app.state.clock = Clock()
    return app.state.clock


@pytest.fixture(autouse=True)
async def touchpoints(make):
    await make("shop")
    await make("delivery")


async def mail(client, touchpoint, *respondents, **more):
    recipients = [{"respondent": each} if each else {} for each in respondents]
    answer = await client.post("/v1/links", json={"touchpoint": touchpoint, "recipients": recipients, **more})
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert all(each["because"] == "asked_recently" for each in said["skipped"])
    return [item["respondent"] for item in said["items"]], [each["respondent"] for each in said["skipped"]]


async def may(client, respondent, touchpoint=None):
    asking = {"respondent": respondent} | ({"touchpoint": touchpoint} if touchpoint else {})
    answer = await client.get("/v1/may-ask", params=asking)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_somebody_asked_is_left_in_peace_everywhere_until_the_time_is_over(client, clock):
    assert await may(client, "c-1", "shop") == {"may": True, "again_at": None, "because": None}
    assert await mail(client, "shop", "c-1", "c-2") == (["c-1", "c-2"], [])
    clock.pass_(days=29)
    found = await may(client, "c-1", "delivery")
    assert not found["may"] and datetime.fromisoformat(found["again_at"]) == clock.now + timedelta(days=1)
    assert await mail(client, "delivery", "c-1", "c-3", None, None) == (["c-3", None, None], ["c-1"])
    clock.pass_(days=1)
    assert (await may(client, "c-1"))["may"]
    assert await mail(client, "delivery", "c-1") == (["c-1"], [])


async def test_a_touchpoint_may_leave_them_in_peace_for_longer(client, clock):
    await client.patch("/v1/touchpoints/shop", json={"ask_every_days": 90})
    await mail(client, "shop", "c-1")
    clock.pass_(days=31)
    assert (await may(client, "c-1", "delivery"))["may"] and not (await may(client, "c-1", "shop"))["may"]
    assert await mail(client, "shop", "c-1") == ([], ["c-1"])


async def test_who_says_so_asks_all_the_same_and_nobody_is_asked_twice_by_one_mailing(client):
    assert await mail(client, "shop", "c-1", "c-1") == (["c-1"], ["c-1"])
    assert await mail(client, "shop", "c-1", "c-1", respect_cooldown=False) == (["c-1", "c-1"], [])


async def test_those_left_out_are_not_counted_as_asked(client):
    await mail(client, "shop", "c-1")
    await mail(client, "shop", "c-1")
    assert (await client.get("/v1/touchpoints/shop/score")).json()["response_rate"]["asked"] == 1


async def test_of_two_mailings_in_the_same_second_one_asks(client):
    people = [f"c-{n}" for n in range(50)]
    both = await asyncio.gather(mail(client, "shop", *people), mail(client, "delivery", *reversed(people)))
    assert sorted(both[0][0] + both[1][0]) == sorted(people)


async def test_only_a_keyed_hash_is_kept_and_only_as_long_as_it_is_needed(client, app, clock):
    await mail(client, "shop", "customer-4711")
    (row,) = await app.state.db.read(lambda session: session.exec(select(AskedLately)).all())
    assert "4711" not in row.hash and row.hash == asked.hashed(app.state.secret, "customer-4711")
    assert asked.hashed(b"another secret", "customer-4711") != row.hash
    clock.pass_(days=30)
    await app.state.db.write(lambda session: asked.forget(session, clock.now))
    assert not await app.state.db.read(lambda session: session.exec(select(AskedLately)).all())


async def test_a_rotated_secret_still_knows_who_was_asked(client, app):
    await mail(client, "shop", "c-1")
    app.state.ask_secrets = [b"the next secret, 24+ bytes", *app.state.ask_secrets]
    assert await mail(client, "shop", "c-1", "c-2") == (["c-2"], ["c-1"])


async def test_without_a_cool_down_nothing_is_kept(sqlite_url):
    from app.settings import Settings

    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, ask_every_days=0)
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "shop"})
        for _ in range(2):
            assert await mail(client, "shop", "c-1", "c-1") == (["c-1", "c-1"], [])
        assert not await app.state.db.read(lambda session: session.exec(select(AskedLately)).all())


async def test_an_address_in_clear_or_a_touchpoint_that_is_not_there_is_refused(client):
    wrong = await client.get("/v1/may-ask", params={"respondent": "ann@example.com"})
    unknown = await client.get("/v1/may-ask", params={"respondent": "c-1", "touchpoint": "nowhere"})
    assert (wrong.status_code, unknown.status_code) == (422, 404)
