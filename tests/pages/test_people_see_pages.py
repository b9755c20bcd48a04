"""What a person may type gets in on every way, and whoever stands before a browser reads a page and no JSON."""

import json

import pytest
from sqlalchemy import text

from tests.conftest import client_of

WAYS = ("json", "escaped", "batch", "ndjson", "tablet", "page", "mail")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SHOP = {"Origin": "https://shop.example", "Content-Type": "text/plain"}


async def send(app, client, way, comment):
    """Send the comment with a rating of 4 at `checkout`."""
    item = {"touchpoint": "checkout", "rating": 4, "comment": comment}
    async with client_of(app) as anybody:
        if way == "page":
            return await anybody.post("/t/checkout", data={"rating": "4", "comment": comment})
        if way == "mail":
            made = await client.post("/v1/links", json={"touchpoint": "checkout", "recipients": [{}]})
            path = made.json()["items"][0]["url"].removeprefix("http://touchstone.test")
            return await anybody.post(path, data={"rating": "4", "comment": comment})
        if way == "tablet":
            made = (await client.post("/v1/devices", json={"name": "Exit", "touchpoints": ["checkout"]})).json()
            key = (await anybody.post("/v1/devices/pair", json={"code": made["pairing_code"]})).json()["key"]
            said = item | {"id": "01890000-0000-7000-8000-000000000001"}
            headers = {"Authorization": f"Bearer {key}"}
            return await anybody.post("/v1/feedback/batch", json={"items": [said]}, headers=headers)
        if way == "batch":
            return await client.post("/v1/feedback/batch", json={"items": [item]})
        if way == "ndjson":
            line = json.dumps(item, ensure_ascii=False)
            return await client.post(
                "/v1/feedback/batch", content=line, headers={"Content-Type": "application/x-ndjson"}
            )
        body = json.dumps({"rating": 4, "comment": comment, "locale": "ja"}, ensure_ascii=way == "escaped")
        return await anybody.post("/v1/touchpoints/checkout/feedback", content=body, headers=SHOP)


@pytest.mark.parametrize("character", ["x", "あ", "😀"])
async def test_four_thousand_characters_of_any_script_get_in_on_every_way(app, client, make, character):
    await make("checkout", origins=["https://shop.example"])
    for number, way in enumerate(WAYS, 1):
        answer = await send(app, client, way, character * 4000)
        assert answer.status_code in (200, 201), (way, answer.status_code, answer.text[:300])
        found = (await client.get("/v1/feedback?limit=200")).json()["items"]
        assert len(found) == number and found[0]["comment"] == character * 4000, way


TOO_LONG = {
    "en": "at most",
    "de": "höchstens",
    "da": "højst",
    "pl": "najwyżej",
}


@pytest.mark.parametrize("language", TOO_LONG)
async def test_a_form_that_is_refused_is_a_page_in_the_readers_language(client, anybody, make, language):
    await make("checkout")
    made = await client.post("/v1/links", json={"touchpoint": "checkout", "recipients": [{"locale": language}]})
    mail = made.json()["items"][0]["url"].removeprefix("http://touchstone.test")
    for path in (f"/t/checkout?lang={language}", f"{mail}?lang={language}"):
        for size in (4001, 60_000, 5_000_000):
            answer = await anybody.post(path, data={"rating": "4", "comment": "x" * size})
            assert answer.status_code in (413, 422), (path, size)
            assert answer.headers["content-type"].startswith("text/html"), (path, size)
            assert f'<html lang="{language}"' in answer.text, (path, size)
        short = await anybody.post(path, data={"rating": "4", "comment": "x" * 4001})
        assert TOO_LONG[language] in short.text
    assert (await client.get("/v1/feedback")).json()["items"] == []


@pytest.mark.parametrize(
    "path", ["/nowhere", "/t/nothing", "/t/" + "x" * 300, "/r/nothing", "/r/x/y/z", "/kiosk/nothing"]
)
async def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(anybody, path):
    for method in ("GET", "POST"):
        page = await anybody.request(method, path, headers=BROWSER)
        assert page.status_code >= 400 and page.headers["content-type"].startswith("text/html"), (method, path)
    problem = await anybody.get(path, headers={"Accept": "application/json"})
    assert problem.headers["content-type"] == "application/problem+json"


async def test_a_database_that_gives_nothing_is_a_page_too(app, client, anybody, make):
    def rename(old, new):
        return app.state.db.write(lambda session: session.execute(text(f"ALTER TABLE {old} RENAME TO {new}")))

    await make("checkout")
    app.state.registry.forget()
    await rename("touchpoint", "gone")
    try:
        for method in ("GET", "POST"):
            answer = await anybody.request(method, "/t/checkout", headers=BROWSER | {"Accept-Language": "da"})
            assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
            assert "om et øjeblik" in answer.text
        program = await anybody.get("/v1/touchpoints/checkout/badge.svg", headers=BROWSER)
        assert program.headers["content-type"] == "application/problem+json"
    finally:
        await rename("gone", "touchpoint")
