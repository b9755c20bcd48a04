"""The map: fifty touchpoints on one screen, a thousand in folded groups."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from app.models import Touchpoint
from tests.dashboard.company import fell, signed_in


@pytest.fixture
async def person(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    browser = await signed_in(app)
    yield browser
    await browser.aclose()


async def answers(client: httpx.AsyncClient, **ratings: int) -> None:
    items = [{"touchpoint": key, "rating": rating} for key, rating in ratings.items()] * 30
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == len(items)


async def test_a_change_stands_only_where_one_was_found(app, client, make, person):
    await make("delivery", name="Delivery", phase="purchase", owner="Anders", tags=["north"])
    await make("shop", name="Shop", phase="purchase")
    await answers(client, delivery=1, shop=4)
    page = (await person.get("/map")).text
    assert "Delivery</a> is lowest" in page or "Delivery</a> hurts most" in page
    assert "fell since" not in page and "no evidence" not in page
    await fell(app)
    page = (await person.get("/map")).text
    assert "Delivery</a> has fallen." in page and page.count("fell since") == 1
    only = (await person.get("/map?owner=Anders")).text
    assert "Delivery" in only and ">Shop<" not in only
    for by in ("contact", "channel", "owner", "tag", "stage", "nonsense"):
        assert (await person.get(f"/map?by={by}&sort=changed&start=x")).status_code == 200


async def test_a_thousand_are_folded_searched_and_paged(app, person):
    def many(session):
        for number in range(1000):
            place = Touchpoint(
                key=f"p-{number}",
                name={"en": f"Parcels, place {number}"},
                phase="purchase" if number % 2 else "post_purchase",
                contact="direct",
                channel="post",
                scale="stars",
                tags=[f"t{number % 20}"],
            )
            session.add(place)

    await app.state.db.write(many)
    said: list[str] = []
    for query in ("", "?open=purchase", "?by=tag&open=t7", "?q=place+77", "?open=purchase&start=480"):
        said.append((await person.get(f"/map{query}")).text)
        assert len(said[-1].encode()) < 100_000, query
    folded, opened, tagged, found, last = said
    assert folded.count('class="tp ') == 0 and "Map of 1,000 touchpoints" in folded
    assert opened.count('class="tp ') == 60 and "start=60" in opened
    assert tagged.count('class="tp ') == 50 and "start=" not in tagged
    assert found.count('class="tp ') == 11 and "place 778" in found
    assert last.count('class="tp ') == 20


async def statements(person: httpx.AsyncClient) -> int:
    """How many statements the map takes."""
    seen: list[str] = []

    def heard(*said: Any) -> None:
        seen.append(said[2])

    event.listen(Engine, "before_cursor_execute", heard)
    try:
        assert (await person.get("/map")).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", heard)
    return len(seen)


async def test_the_map_of_many_takes_no_more_statements_than_that_of_few(client, make, person):
    counted = []
    for some in (3, 40):
        for number in range(some):
            await make(f"s{some}-{number}", target={"metric": "index", "value": 70})
        await answers(client, **{f"s{some}-0": 1})
        counted.append(min([await statements(person) for _ in range(3)]))  # something else may read beside one
    assert counted[0] == counted[1] > 0
