"""Stores side by side: like is compared with like, places are ranges in words, and the set-up gives them names."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from app.dashboard.localized import Localized, texts
from app.dashboard.rank_words import place
from app.scores.segment_verdicts import Place

EN = Localized("en", texts("en"))
ROW = r"<bdi>([^<]*)</bdi>.*?</tr>"


def answers(key, store, ratings, days=12):
    at = [datetime.now(UTC) - timedelta(days=day, hours=1) for day in range(1, days + 1)]
    return [
        {"touchpoint": key, "rating": rating, "context": {"store": store}, "occurred_at": when.isoformat()}
        for when in at
        for rating in ratings
    ]


@pytest.fixture
async def stores(client, make):
    """Four stores at two touchpoints, of which `exit` is rated low by everybody: `mix` is asked there mostly, and only
    `low` is worse at both."""
    for key in ("shop", "exit"):
        await make(key, scale="csat", name={"en": key.title()}, segments=["store"])
    good, bad = (3, 4, 4, 5, 5, 5), (1, 1, 2, 2, 3, 4)
    items = [{"touchpoint": "shop", "rating": 5}]
    for store in ("a", "b"):
        items += answers("shop", store, good) + answers("exit", store, bad)
    items += answers("shop", "mix", good[2:4]) + answers("exit", "mix", bad * 2)
    items += answers("shop", "<i>low</i>", (1, 2, 3, 3, 4, 4)) + answers("exit", "<i>low</i>", (1, 1, 1, 1, 2, 2))
    items += answers("shop", "=few", good, days=1)
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == len(items)


async def test_stores_are_compared_at_the_same_touchpoints_and_their_places_are_ranges(client, person, stores):
    page = (await person.get("/segments?lang=en")).text
    rows = {found[1]: found[0] for found in re.finditer(ROW, page, re.S)}
    assert list(rows) == ["&lt;i&gt;low&lt;/i&gt;", "mix", "a", "b", "=few", "not said"]
    assert "lower by" in rows["&lt;i&gt;low&lt;/i&gt;"] and "the lowest" in rows["&lt;i&gt;low&lt;/i&gt;"]
    for name in ("mix", "a", "b"):  # `mix` has an index as low as the low one's, from where it is asked
        assert "place 2–4 of 4" in rows[name] or "not the lowest" in rows[name], rows[name]
        assert "lower by" not in rows[name] and "higher by" not in rows[name]
    assert "few answers" in rows["=few"] and "<b>&lt;i&gt;low&lt;/i&gt;</b> is rated lower than usual." in page
    found = (await client.get("/v1/segments/store/scores", params={"days": 30})).json()
    items = {item["segment"]: item for item in found["items"]}
    assert found["compared"] == {"metric": "index", "corrected_for": 4, "places": 4}
    assert items["store:<i>low</i>"]["place"] == {"first": 1, "last": 1}
    assert items["store:mix"]["place"] == {"first": 2, "last": 4} and items["store:mix"]["verdict"] == "no_evidence"
    assert abs(items["store:mix"]["difference"]["value"]) < 3 and items["store:none"]["place"] is None
    one = (await client.get("/v1/segments/store/scores", params={"touchpoint": "shop"})).json()["items"]
    assert {item["segment"]: item["count"] for item in one}["store:mix"] == 24
    assert (await client.get("/v1/segments/store/scores", params={"touchpoint": "nowhere"})).status_code == 404


async def test_the_choice_stays_in_the_address_and_all_rows_come_as_a_file(client, person, make, stores):
    await make("plain")
    refused = await client.get("/v1/segments/store/scores", params={"touchpoint": "plain"})
    assert refused.status_code == 422 and "PATCH" in refused.text
    page = (await person.get("/segments?touchpoint=exit&period=90d&source=api&lang=en")).text
    assert "/segments?touchpoint=exit&amp;period=7d&amp;source=api" in page and "/map?period=90d" in page
    answer = await person.get("/segments?touchpoint=exit&period=90d&format=csv")
    assert answer.headers["content-disposition"].endswith('.csv"')
    header, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert header[:4] == ["segment", "name", "answers", "index"] and len(rows) == 4
    assert rows[0][:3] == ["store:<i>low</i>", "<i>low</i>", "72"] and rows[0][-1] == "differs"
    whole = await person.get("/segments?format=csv")
    assert "'=few" in whole.text  # no formula for a spreadsheet
    assert "Nothing" not in page and (await person.get("/segments?by=odd&touchpoint=odd&start=x")).status_code == 200
    assert "/segments" in (await person.get("/map")).text


async def test_a_key_gets_names_an_order_and_says_where_browsers_may_set_it(client, person, stores):
    assert 'href="/segment-keys/store"' in (await person.get("/segment-keys?lang=da")).text
    form = (await person.get("/segment-keys/store")).text
    fields = {"csrf": re.search(r'name="csrf" value="([^"]+)"', form)[1], "name.da": "Butik", "name.de": "Filiale"}
    fields |= {"value": ["a", "b", "mix"], "order": ["2", "", "1"], "value_name": ["Aarhus", "", ""], "open": ["exit"]}
    saved = await person.post("/segment-keys/store", data=fields | {"shown": "1", "metrics": "1"})
    assert saved.status_code == 303, saved.text
    (store,) = (await client.get("/v1/segments")).json()["items"]
    assert store["name"] == {"da": "Butik", "de": "Filiale"} and store["shown"] and store["metrics"]
    assert store["values"] == [{"value": "mix", "name": {}}, {"value": "a", "name": {"da": "Aarhus"}}]
    opened = {key: (await client.get(f"/v1/touchpoints/{key}")).json()["open_segments"] for key in ("shop", "exit")}
    assert opened == {"shop": [], "exit": ["store"]}
    assert "Aarhus" in (await person.get("/segments?q=aar")).text
    wrong = await person.post("/segment-keys/store", data=fields | {"name.da": "x" * 301})
    assert wrong.status_code == 422 and 'id="wrong-name"' in wrong.text
    await person.post("/segment-keys/store", data=fields)
    assert "/segment-keys" in (await person.get("/segment-keys")).text
    hidden = (await person.get("/segments?lang=en")).text
    assert "Nothing to compare yet" in hidden


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_two_hundred_values_come_in_pages_and_can_be_looked_for(client, person, make):
    await make("tills", scale="csat", segments=["till"])
    items = [
        {"touchpoint": "tills", "rating": 1 + n % 5, "context": {"till": f"Till {n % 199:03}"}} for n in range(995)
    ]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 995
    page = (await person.get("/segments?lang=en")).text
    assert page.count("<bdi>") == 60 and "The next 60" in page
    assert (await person.get("/segments?start=180")).text.count("<bdi>") == 19
    assert (await person.get("/segments?q=till+042")).text.count("<bdi>") == 1
    split = (await person.get("/touchpoints/tills?lang=en")).text
    assert "/segments?by=till&amp;touchpoint=tills" in split and "Show all, 159 more" in split


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_value_shows_its_ten_lowest_touchpoints_and_all_of_them_when_it_is_looked_for(client, person, make):
    keys = [f"desk-{number:02}" for number in range(12)]
    for key in keys:
        await make(key, scale="stars", segments=["store"])
    items = [
        {"touchpoint": key, "rating": 5 - place // 4, "context": {"store": store}}
        for place, key in enumerate(keys)
        for store in ("nord", "syd")
    ]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == 24
    page = (await person.get("/segments?lang=en")).text
    nord = re.search(r"<bdi>nord</bdi>.*?</details>", page, re.S)[0]
    assert re.findall(r"/touchpoints/(desk-\d+)", nord) == [*keys[8:], *keys[4:8], *keys[:2]]
    assert "2 more touchpoints" in nord and "q=nord" in nord
    alone = (await person.get("/segments?q=nord&lang=en")).text
    assert re.findall(r"/touchpoints/(desk-\d+)\?", alone) == [*keys[8:], *keys[4:8], *keys[:4]] and "syd" not in alone


@pytest.mark.parametrize(
    ("one", "among", "said"),
    [
        (Place(1, 20), 20, "cannot be told apart"),
        (Place(1, 1), 20, "the lowest"),
        (Place(1, 3), 20, "among the 3 lowest"),
        (Place(18, 20), 20, "among the 3 highest"),
        (Place(20, 20), 20, "the highest"),
        (Place(1, 19), 20, "not the highest"),
        (Place(3, 20), 20, "not among the 2 lowest"),
        (Place(4, 9), 20, "place 4–9 of 20"),
        (None, 20, ""),
    ],
)
def test_a_place_is_said_as_what_is_known_of_it(one, among, said):
    assert place(one, among, EN) == said
