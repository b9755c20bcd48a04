"""Presses that contradict each other: decided in the database, so on both kinds and with several processes."""

import asyncio

import pytest

from app.links.press import CONTRADICTION
from app.settings import Settings
from tests.conftest import ADMIN_KEY, client_of, running
from tests.links.conftest import path, press

LATER = CONTRADICTION.total_seconds() + 1


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


async def test_two_answers_from_two_pages_within_two_minutes_are_both_held(clock, mail, look, anybody, score):
    links = await mail()
    pages = [await look(links["urls"][rating]) for rating in ("5", "1")]
    clock.pass_(seconds=5)
    assert "Thank you" in (await press(anybody, pages[0])).text
    assert await score() == ({"5": 1}, {})
    clock.pass_(seconds=20)
    asked = await press(anybody, pages[1])
    assert "Is 1 your answer?" in asked.text
    assert await score() == ({}, {"unconfirmed": 1})
    clock.pass_(seconds=5)
    await press(anybody, asked)
    assert await score() == ({"1": 1}, {})


async def test_contradictions_at_the_same_moment_are_held_too(clock, mail, look, anybody, score):
    links = await mail()
    pages = [await look(url) for url in links["urls"].values()]
    clock.pass_(seconds=5)
    await asyncio.gather(*(press(anybody, page) for page in pages))
    assert await score() == ({}, {"unconfirmed": 1})


async def test_only_the_last_of_several_questions_confirms(clock, mail, look, anybody, score):
    links = await mail()
    pages = [await look(links["urls"][rating]) for rating in ("1", "2", "3")]
    clock.pass_(seconds=5)
    replies = [await press(anybody, page) for page in pages]
    clock.pass_(seconds=5)
    assert "Is 2 your answer?" in (await press(anybody, replies[1])).text
    assert await score() == ({}, {"unconfirmed": 1})


async def test_later_the_last_deliberate_answer_wins(clock, mail, look, anybody, score):
    links = await mail()
    page = await look(links["urls"]["5"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    clock.pass_(seconds=LATER)
    page = await look(links["urls"]["2"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    assert await score() == ({"2": 1}, {})


async def test_what_a_scanner_left_behind_does_not_stand_in_the_way_of_a_person(
    clock, mail, look, anybody, score, client
):
    links = await mail()
    for url in links["urls"].values():
        await press(anybody, await look(url))
    clock.pass_(hours=2)
    page = await look(links["urls"]["5"])  # the very rating that the scanner pressed last
    clock.pass_(seconds=5)
    assert "Thank you" in (await press(anybody, page)).text
    assert await score() == ({"5": 1}, {})
    (stored,) = (await client.get("/v1/feedback")).json()["items"]
    assert stored["occurred_at"] == stored["received_at"] == clock().isoformat().replace("+00:00", "Z")


async def test_a_scanner_does_not_take_back_an_answer_that_has_stood(clock, mail, look, anybody, score):
    links = await mail()
    page = await look(links["urls"]["4"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    clock.pass_(hours=3)  # the mail was forwarded, and scanned again
    pages = [await look(url) for url in links["urls"].values()]
    replies = [await press(anybody, page) for page in pages]
    assert await score() == ({"4": 1}, {})
    assert "Is 5 your answer?" in replies[4].text
    clock.pass_(seconds=5)
    await press(anybody, replies[4])
    assert await score() == ({"5": 1}, {})


async def test_an_answer_locks_after_fourteen_days(clock, mail, look, anybody, score):
    links = await mail()
    page = await look(links["urls"]["4"])
    clock.pass_(seconds=5)
    await press(anybody, page)
    clock.pass_(days=14)
    page = await look(links["urls"]["1"])
    clock.pass_(seconds=5)
    refused = await anybody.post(path(page.url), data=page.fields())
    assert refused.status_code == 409 and "can no longer be changed" in refused.text
    assert await score() == ({"4": 1}, {})


async def test_a_held_answer_does_not_lock_before_anybody_has_answered(clock, mail, look, anybody, score):
    links = await mail()
    await press(anybody, await look(links["urls"]["1"]))
    clock.pass_(days=20)
    page = await look(links["urls"]["5"])
    clock.pass_(seconds=5)
    thanks = await press(anybody, page)
    clock.pass_(days=5)
    await press(anybody, thanks, 4)
    assert await score() == ({"4": 1}, {})


async def test_two_processes_that_share_a_database_see_the_contradiction(
    database_url, clock, mail, look, anybody, score
):
    links = await mail()
    pages = [await look(links["urls"][rating]) for rating in ("5", "1")]
    clock.pass_(seconds=5)
    await press(anybody, pages[0])
    async with running(Settings(database_url=database_url, admin_key=ADMIN_KEY, rate_limit="off")) as other:
        other.state.clock = clock
        async with client_of(other) as elsewhere:
            assert "Is 1 your answer?" in (await press(elsewhere, pages[1])).text
    assert await score() == ({}, {"unconfirmed": 1})
