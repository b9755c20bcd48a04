"""A touchpoint's page, split by a segment: rows with what may be said of each, names in the reader's language."""

import re
from datetime import UTC, datetime, timedelta

from tests.conftest import ADMIN_KEY, client_of


async def test_the_page_says_which_stores_differ_and_which_cannot_be_told_apart(app, client, make):
    await make("shop", scale="stars", segments=["store"])
    await make("plain")
    usual, low = (2, 3, 4, 4, 5, 5), (1, 1, 2, 2, 3, 4)
    stores = {"a": usual, "b": usual, "c": usual, "<i>low</i>": low}
    items = [
        {"touchpoint": "shop", "rating": rating, "context": {"store": store}, "occurred_at": at.isoformat()}
        for store, ratings in stores.items()
        for at in (datetime.now(UTC) - timedelta(days=day, hours=1) for day in range(1, 9))
        for rating in ratings
    ]
    items += [{"touchpoint": "shop", "rating": 5}]
    assert (await client.post("/v1/feedback/batch", json={"items": items})).json()["created"] == len(items)
    said = {"name": {"da": "Butik"}, "values": [{"value": "a", "name": {"da": "Aarhus"}}]}
    assert (await client.patch("/v1/segments/store", json=said)).status_code == 200
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        page = (await browser.get("/touchpoints/shop?lang=da")).text
        row = r"<bdi>(.*?)</bdi>.*?</td><td class=\"wrap\">(?:<b>)?(.*?)(?:</b>)?</td></tr>"
        rows = dict(re.findall(row, page, re.S))
        assert next(iter(rows)) == "&lt;i&gt;low&lt;/i&gt;" and rows.pop("&lt;i&gt;low&lt;/i&gt;").endswith("lavere")
        assert rows == {"Aarhus": "kan ikke skelnes", "b": "kan ikke skelnes", "c": "kan ikke skelnes"} | {
            "ikke oplyst": "få svar"
        }
        assert "Efter Butik" in page and "4 blev sammenlignet" in page
        hours = (await browser.get("/touchpoints/shop?by=weekday&period=7d&lang=en")).text
        assert "By weekday" in hours and "Monday" in hours
        assert 'id="split"' not in (await browser.get("/touchpoints/plain")).text
        odd = await browser.get("/touchpoints/shop?by=till&period=all")
        assert odd.status_code == 200 and 'id="split"' in odd.text
