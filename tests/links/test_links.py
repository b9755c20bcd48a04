"""POST /v1/links, and what the addresses it makes answer."""

import json
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from app.models import Feedback, Revision, Rollup, now
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running
from tests.links.conftest import Page, path, press


async def revisions(app):
    def work(session):
        return [(row.touchpoint_id, row.revision) for row in session.exec(select(Revision))]

    return await app.state.db.read(work)


async def test_each_recipient_gets_a_link_per_rating(client, make):
    await make("survey", scale="nps")
    body = {"touchpoint": "survey", "recipients": [{"respondent": "a"}, {"locale": "pl"}], "expires_in": 3600}
    answer = await client.post("/v1/links", json=body)
    assert answer.status_code == 201
    first, second = answer.json()["items"]
    assert (first["respondent"], first["language"], second["language"]) == ("a", "en", "pl")
    assert list(first["urls"]) == [str(rating) for rating in range(11)]
    assert first["urls"]["10"] == first["url"] + "?s=10"
    assert re.fullmatch(r"http://touchstone\.test/r/[\w-]{46}", second["url"])


async def test_links_begin_with_the_public_address(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, public_url="https://shop.example/feedback/")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "survey"})
        answer = await client.post("/v1/links", json={"touchpoint": "survey", "recipients": [{}]})
        assert answer.json()["items"][0]["url"].startswith("https://shop.example/feedback/r/")


async def test_nothing_is_stored_but_how_many_were_asked(app, client, mail):
    await mail(recipients=[{}] * 7)

    def work(session):
        cells = session.exec(select(Rollup).where(Rollup.grain == "total")).all()
        return [(cell.source, cell.slice, cell.n) for cell in cells], session.exec(select(Feedback)).all()

    assert await app.state.db.read(work) == ([("email", "asked", 7)], [])
    score = (await client.get("/v1/touchpoints/order-confirmation/score")).json()
    assert score["response_rate"]["asked"] == 7


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"touchpoint": "survey", "recipients": []}, "body.recipients"),
        ({"touchpoint": "survey", "recipients": [{}] * 1001}, "body.recipients"),
        ({"touchpoint": "survey", "recipients": [{"respondent": "ann@example.com"}]}, "body.recipients.0.respondent"),
        ({"touchpoint": "survey", "recipients": [{"email": "x"}]}, "body.recipients.0.email"),
        ({"touchpoint": "survey", "recipients": [{"context": {"a": "x" * 500, "b": "y" * 500}}]}, "body.recipients.0"),
        ({"touchpoint": "survey", "recipients": [{}], "expires_in": 5}, "body.expires_in"),
    ],
)
async def test_what_cannot_become_links_is_refused_with_its_place(client, make, body, place):
    await make("survey")
    answer = await client.post("/v1/links", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["place"] == place


async def test_links_need_their_scope_and_an_open_touchpoint(client, anybody, make):
    await make("survey")
    body = {"touchpoint": "survey", "recipients": [{}]}
    assert (await anybody.post("/v1/links", json=body)).status_code == 401
    await client.delete("/v1/touchpoints/survey")
    assert (await client.post("/v1/links", json=body)).status_code == 410
    assert (await client.post("/v1/links", json=body | {"touchpoint": "other"})).status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_writes_nothing(app, clock, mail, anybody, client, method):
    links = await mail()
    before = await revisions(app)
    for url in [links["url"], *links["urls"].values(), links["url"] + "/more"]:
        for headers in ({}, {"Sec-Purpose": "prefetch"}, {"Accept": "application/json"}):
            answer = await anybody.request(method, path(url), headers=headers)
            assert answer.status_code in (200, 303)
    assert await revisions(app) == before
    assert (await client.get("/v1/feedback")).json()["items"] == []


async def test_every_caller_gets_the_same_page_but_for_the_nonce(clock, mail, anybody):
    url = path((await mail())["urls"]["4"])
    pages = []
    for agent in ("Mozilla/5.0", "BarracudaCentral", "Slackbot-LinkExpanding"):
        clock.pass_(seconds=1)
        page = Page((await anybody.get(url, headers={"User-Agent": agent})).text, url)
        pages.append(page.text.replace(page.hidden["nonce"], ""))
    assert len(set(pages)) == 1


async def test_the_page_stays_between_the_customer_and_us(clock, mail, anybody):
    answer = await anybody.get(path((await mail())["urls"]["4"]))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "http-equiv" not in answer.text and "<script" not in answer.text
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)


@pytest.mark.parametrize(
    ("language", "words"), [("de", "gültig"), ("da", "gælder"), ("pl", "ważność"), ("en", "valid")]
)
async def test_an_ended_link_says_so_in_the_readers_language(clock, mail, anybody, language, words):
    (links,) = await mail(recipients=[{"locale": language}], expires_in=24 * 3600)
    clock.pass_(days=1)
    for method in ("GET", "POST"):
        answer = await anybody.request(
            method, path(links["urls"]["4"]), data={"rating": 4} if method == "POST" else None
        )
        assert answer.status_code == 410 and words in answer.text
        assert '<a class="btn big" href="/t/order-confirmation">' in answer.text
    problem = await anybody.get(path(links["url"]), headers={"Accept": "application/json"})
    assert (problem.status_code, problem.json()["code"]) == (410, "link_expired")


async def test_a_link_of_an_archived_touchpoint_says_that_the_question_is_closed(clock, mail, anybody, client):
    links = await mail()
    await client.delete("/v1/touchpoints/order-confirmation")
    answer = await anybody.get(path(links["url"]))
    assert answer.status_code == 410 and "This question is closed" in answer.text
    problem = await anybody.post(path(links["url"]), data={"rating": 4}, headers={"Accept": "application/problem+json"})
    assert problem.json()["code"] == "touchpoint_archived"


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-5], lambda t: t[:9] + "x" + t[10:], lambda t: "nonsense", lambda t: t * 9]
)
async def test_a_cut_or_changed_link_is_explained(clock, mail, anybody, spoil):
    token = (await mail())["url"].rpartition("/")[2]
    answer = await anybody.get(f"/r/{spoil(token)}", headers={"Accept-Language": "de"})
    assert answer.status_code == 404 and "nicht vollständig" in answer.text
    problem = await anybody.get(f"/r/{spoil(token)}", headers={"Accept": "application/json"})
    assert problem.json()["code"] == "link_invalid"


async def test_links_outlive_one_rotation_of_the_secret(sqlite_url):
    def settings(active, previous=None):
        return Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, secret_key=active, secret_key_previous=previous)

    first, second, third = (f"the {name} secret of this service" for name in ("first", "second", "third"))
    async with running(settings(first)) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "survey", "scale": "stars"})
        answer = await client.post("/v1/links", json={"touchpoint": "survey", "recipients": [{}]})
        url = path(answer.json()["items"][0]["urls"]["5"])
        page = Page((await client.get(url)).text, url)
    async with running(settings(second, first)) as app, client_of(app) as client:
        app.state.clock = lambda: now() + timedelta(seconds=5)  # somebody has read the page meanwhile
        assert "Thank you" in (await press(client, page)).text
    async with running(settings(third, second)) as app, client_of(app) as client:
        assert (await client.get(url)).status_code == 404


async def test_too_many_presses_are_put_off_in_words(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="2/hour")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "survey"})
        answer = await client.post("/v1/links", json={"touchpoint": "survey", "recipients": [{}]})
        url = path(answer.json()["items"][0]["url"])
        replies = [await client.post(url, data={"rating": 4}) for _ in range(40)]
        assert replies[0].status_code == 200
        assert replies[-1].status_code == 429 and "Retry-After" in replies[-1].headers
        assert "has not been saved yet" in replies[-1].text


async def test_a_mailing_of_a_thousand_is_one_answer_of_bounded_size(client, make):
    await make("survey", scale="csat")
    recipient = {"locale": "de", "respondent": "c" * 100, "context": {"order": "4" * 400}}
    body = {"touchpoint": "survey", "recipients": [recipient] * 1000, "respect_cooldown": False}
    answer = await client.post("/v1/links", json=body)
    items = json.loads(answer.content)["items"]
    assert len({item["url"] for item in items}) == 1000
    assert max(len(item["url"]) for item in items) < 1000
    assert len(answer.content) < 30_000_000
