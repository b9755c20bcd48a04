"""Today: what needs somebody stands there once, and a calm day says so."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlmodel import col

from app.models import Touchpoint
from tests.dashboard.company import fell, signed_in


async def test_a_calm_day_says_that_nothing_needs_anybody(app, client, make):
    await make("delivery", name="Delivery")
    person = await signed_in(app)
    page = (await person.get("/")).text
    assert "Nothing needs you." in page and "Needs somebody" not in page and "No change was found." in page
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 5})
    assert "<b>1</b> rating" in (await person.get("/")).text
    await person.aclose()


async def test_each_thing_that_needs_somebody_stands_there_once(app, client, make):
    await make("delivery", name="Delivery", owner="Anders")
    await make("shop", name="Shop", owner="Mette", review_interval_days=1)
    await fell(app)
    await fell(app, "shop", "rise", level_before=50.0, level_after=80.0)
    await fell(app, "shop", "silence")
    long_ago = datetime.now(UTC) - timedelta(days=30)
    old = update(Touchpoint).where(col(Touchpoint.key) == "shop").values(created_at=long_ago)
    await app.state.db.write(lambda session: session.execute(old) and None)
    low = {"rating": 1, "comment": "Left in the rain"}
    assert (await client.post("/v1/touchpoints/delivery/feedback", json=low)).status_code == 201
    action = {"title": "The old courier", "touchpoints": ["delivery"], "started_at": "2026-01-01"}
    assert (await client.post("/v1/actions", json=action)).status_code == 201
    person = await signed_in(app)
    page = (await person.get("/")).text
    assert "Delivery</a> has fallen and nobody has taken it yet." in page
    assert page.count(">Delivery fell from 70 to 40</a>") == 1 and "1 new comment to read" in page
    assert "1 touchpoint is due for a review" in page and "Shop gets no answers any more" in page
    assert page.count("Left in the rain") == 1 and "The old courier" in page
    changed = page[page.index("Changed in the last") :]
    assert "50 → 80" in changed and "70 → 40" in changed and "Shop rose" not in page
    mine = (await person.get("/?owner=Mette")).text
    assert "Delivery fell" not in mine and "Left in the rain" not in mine and "Shop gets no answers" in mine
    await person.aclose()


async def test_a_key_that_reads_scores_only_sees_nothing_else(app, client, make):
    await make("delivery", name="Delivery")
    await fell(app)
    await client.post("/v1/touchpoints/delivery/feedback", json={"rating": 1, "comment": "Left in the rain"})
    made = await client.post("/v1/keys", json={"name": "x", "scopes": ["scores:read"]})
    reader = await signed_in(app, made.json()["key"])
    page = (await reader.get("/")).text
    assert "Delivery fell" not in page and "Left in the rain" not in page and "/comments" not in page
    await reader.aclose()
