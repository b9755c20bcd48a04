"""A flood that was none: one press under "Needs attention", or one request, lets the whole group count."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.ids import uuid7
from app.ingest.channels import WEB, Answer
from app.ingest.store import store
from tests.conftest import ADMIN_KEY, client_of

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


@pytest.fixture
async def flooded(app, make) -> str:
    """A touchpoint with 1,200 answers set aside within two hours, 40 that count, and three of the day before."""
    await make("talk", scale="stars")
    known = await app.state.registry.get("talk")
    many = [*answers(known, 1200, HOUR, 1, "burst"), *answers(known, 3, HOUR - timedelta(days=1), 1, "burst spam")]
    for part in (many[:1000], many[1000:], answers(known, 40, HOUR, 5, "")):
        await app.state.db.write(lambda session, part=part: store(session, part))
    return "talk"


def answers(known, n, at, rating, flags):
    """So many answers of one rating, five seconds apart."""
    when = [at + timedelta(seconds=5 * number) for number in range(n)]
    return [
        Answer(known.id, uuid7(), rating, None, "", WEB, flags, None, None, None, one, one, zone=known.zone)
        for one in when
    ]


async def test_one_request_lets_a_group_count_and_the_rollup_follows(client, flooded):
    period = {"since": HOUR.isoformat(), "until": (HOUR + timedelta(hours=2)).isoformat()}
    body = {"touchpoint": flooded, "flag": "burst", **period, "flags": []}
    assert (await client.patch("/v1/feedback", json=body)).json() == {"changed": 1200}
    score = (await client.get(f"/v1/touchpoints/{flooded}/score")).json()
    assert (score["count"], score["excluded"]) == (1240, {"burst": 3})
    assert (await client.patch("/v1/feedback", json=body)).json() == {"changed": 0}
    everything = {"touchpoint": flooded, "flag": "burst", "flags": []}
    assert (await client.patch("/v1/feedback", json=everything)).json() == {"changed": 3}
    score = (await client.get(f"/v1/touchpoints/{flooded}/score")).json()
    assert (score["count"], score["excluded"]) == (1240, {"spam": 3}), "another flag stays"
    for nothing in ({"flags": ["burst"]}, {"flag": None}):
        assert (await client.patch("/v1/feedback", json=everything | nothing)).json() == {"changed": 0}
        gone = await client.patch("/v1/feedback", json=everything | nothing | {"touchpoint": "none"})
        assert gone.status_code == 404
    assert (await client.patch("/v1/feedback", json=everything | {"touchpoint": "none"})).status_code == 404


@pytest.mark.parametrize(
    ("press", "counted", "excluded"), [("", 1240, {"burst": 3}), ("misuse", 40, {"burst": 3, "misuse": 1200})]
)
async def test_one_press_decides_about_a_group_and_it_asks_no_more(app, client, flooded, press, counted, excluded):
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        page = (await browser.get("/")).text
        assert "1,200 answers held back as a flood" in page and "3 answers held back as a flood" in page
        assert "Others of these hours that count: 40." in page
        form = page[page.index("1,200 answers") :]
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form[: form.index("</form>")]))
        answer = await browser.post(f"/touchpoints/{flooded}/bursts", data=fields | {"as": press})
        assert answer.status_code == 303
        assert "1,200 answers" not in (await browser.get("/")).text
        wrong = await browser.post(f"/touchpoints/{flooded}/bursts", data=fields | {"since": "9" * 30})
        assert wrong.status_code == 422
    score = (await client.get(f"/v1/touchpoints/{flooded}/score")).json()
    assert (score["count"], score["excluded"]) == (counted, excluded)


async def test_a_key_that_only_reads_sees_the_group_without_the_buttons(app, client, flooded):
    scopes = ["scores:read", "feedback:read"]
    key = (await client.post("/v1/keys", json={"name": "reader", "scopes": scopes})).json()["key"]
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": key})
        page = (await browser.get("/?lang=de")).text
        assert "1.200 Antworten als auffällige Häufung zurückgehalten" in page and "Zählen lassen" not in page


@pytest.mark.parametrize("hour", [HOUR, HOUR - timedelta(days=1)])  # what was usual before it, not the day after
async def test_a_rush_from_many_networks_counts_and_somebody_is_told(app, client, make, hour):
    await make("talk", scale="stars")
    known = await app.state.registry.get("talk")
    days = [answers(known, 12, hour - timedelta(days=day), 5, "") for day in range(1, 20)]
    for part in (*days, answers(known, 300, hour, 1, "")):
        await app.state.db.write(lambda session, part=part: store(session, part))
    async with client_of(app) as browser:
        await browser.post("/login", data={"key": ADMIN_KEY})
        page = (await browser.get("/")).text
        assert "300 answers within unusual hours" in page and "more than 60 in an hour is unusual here" in page
        assert "The index is 43 with these hours and 100 without them." in page
        form = page[page.index("300 answers") :]
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', form[: form.index("</form>")]))
        assert (await browser.post("/touchpoints/talk/rushes", data=fields)).status_code == 303
        page = (await browser.get("/")).text
        assert "unusual hours" not in page and "300 answers held back as a flood" in page
    score = (await client.get("/v1/touchpoints/talk/score")).json()
    assert (score["count"], score["excluded"]) == (12 * 19, {"burst": 300})
