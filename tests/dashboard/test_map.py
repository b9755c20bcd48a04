"""The map: fifty touchpoints on one screen, a thousand in folded groups."""

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from app.ids import uuid7
from app.ingest.channels import Answer
from app.ingest.store import store
from app.models import Touchpoint, now
from tests.dashboard.company import fell, signed_in, statements


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
    for query in (
        "",
        "?open=purchase",
        "?by=tag&open=t7",
        "?q=place+77",
        "?open=purchase&start=480",
        "?view=list",
        "?view=list&start=960",
    ):
        said.append((await person.get(f"/map{query}")).text)
        assert len(said[-1].encode()) < 100_000, query
    folded, opened, tagged, found, last, listed, end = said
    assert folded.count('class="tp ') == 0 and "Map of 1,000 touchpoints" in folded
    assert opened.count('class="tp ') == 60 and "start=60" in opened
    assert tagged.count('class="tp ') == 50 and "start=" not in tagged
    assert found.count('class="tp ') == 11 and "place 778" in found
    assert last.count('class="tp ') == 20
    assert listed.count('<th scope="row"') == 60 and "1 to 60 of 1,000" in listed and "start=60" in listed
    assert end.count('<th scope="row"') == 40 and "961 to 1,000 of 1,000" in end and "start=1020" not in end


async def test_the_list_is_sorted_as_wished_and_a_line_parts_what_chance_cannot_have(app, client, make, person):
    for key, owner in (("awful", "Zoe"), ("fair", "Anders"), ("alike", None), ("good", "Mia"), ("silent", None)):
        target = {"metric": "index", "value": 60} if key in ("awful", "good") else None
        await make(key, owner=owner, target=target, name={"en": key.title()})
    await answers(client, awful=1, fair=3, alike=3, good=5)
    await fell(app, "fair")

    async def rows(**asked: str) -> list[str]:
        page = (await person.get("/map", params={"view": "list", **asked})).text
        return re.findall(r'<tr class="([^"]*)"><th scope="row"[^>]*><a[^>]*>(\w+)</a>', page)

    said = await rows()
    assert [name for _, name in said] == ["Awful", "Alike", "Fair", "Good", "Silent"]
    assert [name for classes, name in said if "cut" in classes] == ["Awful", "Fair"]
    assert [name for _, name in await rows(sort="owner")][:3] == ["Fair", "Good", "Awful"]
    assert [name for _, name in await rows(sort="target")][:2] == ["Awful", "Good"]
    assert [name for _, name in await rows(sort="changed")][:1] == ["Fair"]
    assert not any("cut" in classes for classes, _ in await rows(sort="name"))
    page = (await person.get("/map?view=list&sort=answers")).text
    assert page.count('aria-sort="descending"') == 1 and page.count("aria-sort") == 1
    assert '<span class="down">missed</span>' in page and '<span class="quiet">met</span>' in page


async def test_a_card_says_what_the_line_has_no_room_for(app, client, make, person):
    await make("delivery", name="Delivery", owner="Anders <b>")
    await answers(client, delivery=1)
    await fell(app)
    page = (await person.get("/map?lang=en")).text
    card = page[page.index('class="peek') :].partition("</li>")[0]
    assert "Anders &lt;b&gt;" in card and "Fell from 70 to 40 about" in card and "30 answers" in card


async def test_a_card_draws_twelve_weeks_as_one_small_trend(app, client, make, person):
    await make("delivery", timezone="Pacific/Auckland")
    await make("once")
    known, at, rows = await app.state.registry.get("delivery"), now(), []
    for week, rating in ((0, 1), (1, 2), (3, 5), (11, 4), (12, 1)):
        when = at - timedelta(days=7 * week + 2)
        rows += [Answer(known.id, uuid7(), rating, None, "", "web", "", None, None, None, when, when, zone=known.zone)]
    await app.state.db.write(lambda session: store(session, rows))
    await client.post("/v1/touchpoints/once/feedback", json={"rating": 3})
    page = (await person.get("/map")).text
    (trend,) = re.findall(r'<svg class="spark".*?</svg>', page)  # one week alone is no trend
    assert re.findall(r'class="line" d="M([\d.]+)', trend) == ["4.2", "70.8", "87.5"]  # 11, 3, and 1 weeks ago
    assert re.findall(r'class="end" d="M([\d.]+)', trend) == ["95.8"]
    assert 'class="spark"' not in (await person.get("/map?view=list")).text


async def test_the_list_is_a_file_in_the_order_and_with_the_filters_of_the_page(app, client, make, person):
    await make(
        "delivery", name="=Delivery", owner="Anders", tags=["north", "new"], target={"metric": "csat", "value": 90}
    )
    await make("shop", name="Shop", phase="purchase")
    await answers(client, delivery=1, shop=5)
    await fell(app)
    page = (await person.get("/map?view=list&sort=name&lang=en")).text
    assert 'href="/map?view=list&amp;sort=name&amp;format=csv" download' in page
    answer = await person.get("/map?view=list&sort=answers&format=csv")
    assert answer.headers["content-disposition"].startswith('attachment; filename="touchpoints-')
    first, second = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (first["touchpoint"], first["name"], first["tags"]) == ("delivery", "'=Delivery", "north new")
    assert (first["answers"], first["index"], first["place_first"]) == ("30", "0.0", "1")
    assert (first["change"], first["target"], first["target_status"]) == ("down", "90.0", "not_met")
    assert (second["touchpoint"], second["change"], second["target"]) == ("shop", "", "")
    only = (await person.get("/map?owner=Anders&format=csv")).text
    assert len(only.splitlines()) == 2


async def test_the_map_of_many_takes_no_more_statements_than_that_of_few(client, make, person):
    counted = []
    for some in (3, 40):
        for number in range(some):
            await make(f"s{some}-{number}", target={"metric": "index", "value": 70})
        await answers(client, **{f"s{some}-0": 1})
        counted.append(
            min([len(await statements(person, "/map")) for _ in range(3)])
        )  # something else may read beside one
    assert counted[0] == counted[1] > 0
