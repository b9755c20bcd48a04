"""The views that other programs read: what docs/reading-by-sql.md promises, and nothing that it does not."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.db import open_database

DOC = Path(__file__).parents[1] / "docs" / "reading-by-sql.md"
VIEWS = ("v_answers", "v_daily", "v_segment_daily")


def rows(app, statement):
    return app.state.db.read(lambda s: [dict(row) for row in s.connection().execute(text(statement)).mappings()])


async def say(client, key, **body):
    answer = await client.post(f"/v1/touchpoints/{key}/feedback", json=body)
    assert answer.status_code == 201
    return answer.json()["id"]


async def test_the_views_hold_answers_and_the_counts_of_scores_by_local_day(client, make, app):
    await make("shop", name={"en": "Shop", "de": "Laden"}, timezone="Pacific/Auckland", segments=["store"])
    await make("isle", timezone="Pacific/Pago_Pago")
    noon = (datetime.now(UTC) - timedelta(days=2)).replace(hour=11, minute=30)
    for key in ("shop", "isle"):
        for rating in (4, 5):
            context = {"store": "nord"}
            await say(client, key, rating=rating, occurred_at=noon.isoformat(), context=context, respondent="r-1")
    await say(client, "shop", rating=1, context={"test": True})
    answers = await rows(app, "SELECT * FROM v_answers WHERE touchpoint = 'shop' ORDER BY rating")
    assert [(a["name"], a["rating"], bool(a["counts"]), bool(a["test"])) for a in answers] == [
        ("Shop", 1, False, True),
        ("Shop", 4, True, False),
        ("Shop", 5, True, False),
    ]
    daily = await rows(app, "SELECT * FROM v_daily ORDER BY touchpoint")
    local = {"shop": noon + timedelta(hours=13), "isle": noon - timedelta(hours=11)}
    found = [(d["touchpoint"], str(d["day"]), d["answers"], d["n4"], d["n5"]) for d in daily]
    assert found == [(key, str(local[key].date()), 2, 1, 1) for key in ("isle", "shop")]
    (segment,) = await rows(app, "SELECT * FROM v_segment_daily")
    assert (segment["segment"], segment["value"], segment["answers"]) == ("store", "nord", 2)
    promised = {
        view: set(re.findall(r"`(\w+)`", line.split("|")[3])) for line in DOC.read_text().splitlines()
        for view in VIEWS if line.startswith(f"| `{view}`")
    }  # fmt: skip
    counts = {f"n{rating}" for rating in range(11)}
    assert set(answers[0]) == promised["v_answers"]
    assert set(daily[0]) == promised["v_daily"] | counts
    assert set(segment) == promised["v_daily"] | counts | promised["v_segment_daily"]


async def test_a_name_in_another_language_stands_for_the_english_one_and_an_id_is_that_of_the_api(client, make, app):
    for key, name in (("laden", {"pl": "Sklep", "de": "Laden"}), ("butik", {"da": "Butik"}), ("shop", {"en": "Shop"})):
        await make(key, name=name, segments=["store"])
        number = await say(client, key, rating=4, context={"store": "nord"})
        for view in VIEWS:
            (row,) = await rows(app, f"SELECT * FROM {view} WHERE touchpoint = '{key}'")
            assert row["name"] == next(name[language] for language in ("en", "da", "de") if language in name)
        (row,) = await rows(app, f"SELECT id FROM v_answers WHERE touchpoint = '{key}'")
        assert str(row["id"]) == number


@pytest.mark.postgres
async def test_a_role_of_postgresql_that_reads_the_views_reads_nothing_else(postgres_url):
    db = open_database(postgres_url)

    def as_reports(session):
        run = session.connection().execute
        run(text("CREATE ROLE reports"))
        run(text(f"GRANT SELECT ON {', '.join(VIEWS)} TO reports"))
        run(text("SET LOCAL ROLE reports"))
        for view in VIEWS:
            run(text(f"SELECT count(*) FROM {view}"))
        run(text("SELECT count(*) FROM feedback"))

    with pytest.raises(DBAPIError, match="permission denied for table feedback"):
        await db.write(as_reports)
    await db.close()
