"""The demo tells a story that the service's own scores bear out."""

import asyncio
import random
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from app import migrate
from app.cli.demo import PAGES
from app.dashboard.localized import Localized
from app.db import Database, open_database
from app.demo import tablets
from app.demo.build import build
from app.demo.company import JOURNEYS, PLACES, TABLETS
from app.demo.people import COMMENTS, Crowd
from app.models import Touchpoint
from app.settings import Settings
from app.touchpoints.catalogue import CATALOGUE
from app.touchpoints.registry import draft, known
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

NOW = datetime.now(UTC)
SHOP = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """The demo's database, made once, and how many answers it holds."""
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    migrate.upgrade(url)

    async def run() -> int:
        db: Database = open_database(url)
        try:
            return await build(db, [SHOP], NOW, lambda *_: None)
        finally:
            await db.close()

    return url, asyncio.run(run())


@pytest.fixture
async def shop(company):
    """The application over the demo."""
    async with running(Settings(database_url=company[0], admin_key=ADMIN_KEY, rate_limit="off")) as app:
        yield app


@pytest.fixture
async def visitor(shop):
    """A client with the admin key, over the demo."""
    async with client_of(shop, headers=ADMIN) as client:
        yield client


@pytest.fixture
async def person(shop):
    """Somebody signed in, over the demo."""
    async with client_of(shop) as person:
        await person.post("/login", data={"key": ADMIN_KEY})
        yield person


async def test_it_shows_the_whole_catalogue_with_owners_and_months_of_answers(company, visitor):
    assert {place.kind for place in PLACES} == set(CATALOGUE)
    assert 25_000 < company[1] < 45_000
    shown = (await visitor.get("/v1/touchpoints?limit=100")).json()["items"]
    assert len(shown) == len(CATALOGUE)
    assert {item["timezone"] for item in shown} == {"Europe/Copenhagen"} and all(item["owner"] for item in shown)
    score = (await visitor.get("/v1/touchpoints/online-shop/score?interval=month")).json()
    assert len(score["series"]) >= 6 and all(month["count"] for month in score["series"])


async def test_delivery_got_worse_and_customers_say_why(visitor):
    score = (await visitor.get("/v1/touchpoints/delivery/score?compare=previous")).json()
    assert score["trend"]["verdict"] == "down" and score["target"]["status"] == "not_met"
    assert score["response_rate"]["asked"] > score["count"] and score["excluded"]["unconfirmed"] > 0
    answer = await visitor.get("/v1/feedback?touchpoint=delivery&rating_max=2&has_comment=true&limit=200")
    text = " ".join(item["comment"] for item in answer.json()["items"])
    for language, said in COMMENTS["new_carrier"]["bad"].items():  # which of them is drawn hangs on the hour
        assert any(one in text for one in said), language


async def test_what_the_company_did_about_it_is_a_story(visitor):
    alerts = (await visitor.get("/v1/alerts?limit=100")).json()["items"]
    drop = next(one for one in alerts if one["kind"] == "drop" and one["touchpoint"] == "delivery")
    assert drop["state"] == "acknowledged" and drop["comments"] and drop["action"]
    began = NOW - timedelta(days=38)
    assert began - timedelta(days=3) < datetime.fromisoformat(drop["since"]) < began + timedelta(days=14)
    effect = (await visitor.get(f"/v1/actions/{drop['action']}/effect")).json()["overall"]
    assert effect["verdict"] == "too_early"
    assert [one["because"] for one in alerts if one["because"]] == ["false_alarm"]
    assert {"review_due", "device_silent"} <= {one["kind"] for one in alerts if one["state"] == "open"}
    changes = (await visitor.get("/v1/changes")).json()["items"]
    decided = {(one["kind"], one["touchpoint"]): one["verdict"] for one in changes}
    assert decided["target", "product-use"] == "met" and decided["action", "help-center"] == "better"
    (target, *_) = (await visitor.get("/v1/touchpoints/product-use/targets")).json()["items"]
    assert target["status"] == "met"


async def test_the_help_center_became_better_and_a_journey_has_a_weakest_link(visitor):
    until = (NOW - timedelta(days=100)).strftime("%Y-%m-%dT%H:00:00Z")
    before = (await visitor.get(f"/v1/touchpoints/help-center/score?until={until}")).json()["metrics"]["index"]
    since = (NOW - timedelta(days=30)).strftime("%Y-%m-%dT%H:00:00Z")
    after = (await visitor.get(f"/v1/touchpoints/help-center/score?since={since}")).json()["metrics"]["index"]
    assert after["low"] > before["high"] + 10
    journey = (await visitor.get("/v1/journeys/lamp-online/score")).json()
    assert len(journey["stages"]) == len(JOURNEYS[0].stages)
    assert journey["stages"][-1]["weakest"]["touchpoint"] == "hotline"


async def test_a_tablet_reports_and_another_has_fallen_silent(company, visitor):
    db = open_database(company[0])
    key = await db.write(tablets.wake)
    await db.close()
    states = {item["name"]: item for item in (await visitor.get("/v1/devices")).json()["items"]}
    assert [states[body["name"]]["state"] for body in TABLETS] == ["active", "silent"]
    silent = states[TABLETS[1]["name"]]
    assert silent["queue_depth"] > 0 and silent["oldest_age_s"] > 86_400
    said = {"headers": {"Authorization": f"Bearer {key}"}, "json": {"queue_depth": 0}}
    assert (await visitor.post("/v1/devices/heartbeat", **said)).status_code == 200


async def test_a_page_of_the_shop_may_post(visitor):
    url = "/v1/touchpoints/online-shop/feedback"
    visitor.headers.pop("authorization")
    answer = await visitor.post(url, json={"rating": 5}, headers={"Origin": SHOP})
    assert answer.status_code == 201 and answer.json()["source"] == "web"
    assert (await visitor.post(url, json={"rating": 5}, headers={"Origin": "https://else.example"})).status_code == 403


def test_the_same_seed_tells_the_same_story():
    place = next(place for place in PLACES if place.kind == "hotline")
    row: Touchpoint = draft(Session(), place.body([SHOP], NOW.date()), place.key, 1)

    def told() -> list[object]:
        return [answer for answer, _ in Crowd(place, known(row), NOW, random.Random(1)).answers()]

    assert told() == told() != []


async def test_every_address_that_the_demo_prints_answers(visitor):
    for name, path in PAGES:
        answer = await visitor.get(path, follow_redirects=True)
        assert answer.status_code == 200 and "text/html" in answer.headers["content-type"], name


def lines_of(page: str) -> dict[str, tuple[str, str]]:
    """What the map prints of each touchpoint that was rated: the figure, and how many ratings it rests on."""
    shown = r'/touchpoints/([\w-]+)\?.*?class="chip">(\d+)<.*?>([\d,]+)<span class="vh"> answer'
    found = (re.search(shown, line, re.DOTALL) for line in page.split('<li class="tp ')[1:])
    return {line[1]: (line[2], line[3].replace(",", "")) for line in found if line}


@pytest.mark.parametrize("period", [7, 30, 90])
async def test_every_page_and_the_api_show_the_same_figure_for_the_same_period(visitor, person, period):
    page = (await person.get(f"/map?period={period}d")).text
    journeys = (await person.get(f"/journeys?period={period}d")).text
    lines = lines_of(page)
    links = dict(re.findall(r"/touchpoints/([\w-]+)[^>]*>[^<]*</a></dt><dd><b>(\d+)", journeys))
    assert len(lines) > 40 and len(links) > 8
    assert links == {key: lines[key][0] for key in links}
    scores = {
        item["touchpoint"]: item for item in (await visitor.get(f"/v1/scores?days={period}&limit=200")).json()["items"]
    }
    assert {key: lines[key][1] for key in lines} == {key: str(scores[key]["rated_count"]) for key in lines}
    today = datetime.now(ZoneInfo("Europe/Copenhagen")).date()
    since = {"since": str(today - timedelta(days=period - 1)), "until": str(today)}
    for key in ("delivery", "online-shop", *list(links)[:6]):
        page = (await person.get(f"/touchpoints/{key}?period={period}d")).text
        title, end = re.search(r'class="score">(\d+)<', page), re.search(r'class="now">(\d+)<', page)
        score = (await visitor.get(f"/v1/touchpoints/{key}/score", params=since)).json()
        said = score["metrics"]["index"]
        assert title and end and title[1] == end[1] == lines[key][0] == Localized("en", {}).number(said["value"])
        assert said == scores[key]["metrics"]["index"] and said["n"] == score["rated_count"] <= score["count"]
    for row in JOURNEYS:
        journey = (await visitor.get(f"/v1/journeys/{row.key}/score", params=since)).json()
        for link in (link for stage in journey["stages"] for link in stage["touchpoints"]):
            assert str(link["rated_count"]) == lines[link["touchpoint"]][1]
            assert {**link["index"], "n": link["rated_count"]} == scores[link["touchpoint"]]["metrics"]["index"]


async def test_a_bucket_that_is_not_over_says_so_and_ends_no_line(visitor, person):
    for interval in ("hour", "day", "week", "month"):
        query = {"interval": interval, "since": (NOW - timedelta(days=40)).isoformat()}
        series = (await visitor.get("/v1/touchpoints/delivery/score", params=query)).json()["series"]
        assert [point["partial"] for point in series] == [False] * (len(series) - 1) + [True]
    ended = {"interval": "week", "since": "2026-01-01", "until": str((NOW - timedelta(days=20)).date())}
    series = (await visitor.get("/v1/touchpoints/delivery/score", params=ended)).json()["series"]
    assert not any(point["partial"] for point in series)
    page = (await person.get("/touchpoints/delivery?period=30d")).text
    assert page.count("(so far)") == 1
