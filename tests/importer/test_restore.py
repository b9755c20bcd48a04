"""What is exported comes back whole, as CSV and NDJSON, on both databases."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.ids import uuid7
from app.importer.run import Import, Wish
from app.importer.tally import Tally
from app.ingest.channels import SOURCES, Answer
from app.ingest.guard import FLAGS
from app.ingest.store import store
from app.models import Delivery, Webhook
from app.settings import Settings
from app.webhooks.events import EVENTS
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

FORMS = [
    {"format": "csv"},
    {"format": "csv", "delimiter": ";"},
    {"format": "csv", "delimiter": "\t"},
    {"format": "ndjson"},
]
TOUCHPOINT = {"key": "shop--1", "scale": "smiley", "timezone": "Europe/Warsaw", "repeat_days": 30}
REASONS = [{"key": "price", "label": "Price"}, {"key": "staff", "label": "Staff"}]
TRICKY = ["=1+1", "'=1", "''", "a;=b,-c\t@d\n+e\r\n'-f", '"=x', "żółć 配送 🙂", "fine", None]
FROM = datetime(2025, 11, 3, 9, 30, 5, 123456, tzinfo=UTC)


async def fill(app, client):
    """Answers of all sources and flags; the first two are one person's on one day, and neither was a duplicate then."""
    await client.post("/v1/touchpoints", json=TOUCHPOINT | {"reasons": REASONS})
    known = await app.state.registry.get(TOUCHPOINT["key"])
    rows = []
    for number in range(48):
        at = FROM + timedelta(hours=number * 7)
        flags = "" if number % 4 else FLAGS[number // 4 % len(FLAGS)]
        said = (
            number % 4 + 1,
            TRICKY[number % 8],
            ("", "price", "price staff")[number % 3],
            SOURCES[number % 6],
            flags,
        )
        context = {"page": "x;=1", "n": 3, "f": 1.5, "test": False, "none": None} if number % 5 == 0 else None
        around = (("de-DE", None)[number % 2], f"r{number // 2}" if number % 3 else None, context)
        claimed = at - timedelta(days=900) if number % 7 == 0 else None
        rows.append(Answer(known.id, uuid7(), *said, *around, at, at + timedelta(seconds=3), claimed, zone=known.zone))
    await app.state.db.write(lambda session: store(session, rows, restored=True))


async def listed(client):
    return (await client.get("/v1/feedback?limit=200")).json()["items"]


async def scores(client):
    """Two periods and the split by source, without what says when it was asked."""
    found = []
    for query in ("since=2025-11-01&until=2025-12-01", "since=2025-11-05&until=2025-11-06"):
        answer = await client.get(f"/v1/touchpoints/{TOUCHPOINT['key']}/score?{query}")
        assert answer.status_code == 200, answer.text
        found.append({name: value for name, value in answer.json().items() if name not in ("as_of", "computed_at")})
    return found


async def imported(app, path, **wish) -> Tally:
    return await Import(app.state.db, None, Wish(**wish)).run(path, lambda *_: None)


@pytest.mark.parametrize("form", FORMS, ids=["comma", "semicolon", "tab", "ndjson"])
async def test_an_export_comes_back_whole(app, client, tmp_path, sqlite_template, form):
    await fill(app, client)
    export = await client.get("/v1/feedback/export", params=form)
    path = tmp_path / "export"
    path.write_bytes(export.content)
    before, figures = await listed(client), await scores(client)

    again = await imported(app, path)
    assert (again.created, again.updated, again.same, again.refused) == (0, 0, 48, 0), again.errors
    assert (await listed(client), await scores(client)) == (before, figures)

    (tmp_path / "empty.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(database_url=f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}", admin_key=ADMIN_KEY)
    async with running(settings) as empty, client_of(empty, headers=ADMIN) as there:
        await there.post("/v1/touchpoints", json=TOUCHPOINT | {"reasons": REASONS})
        tally = await imported(empty, path)
        assert (tally.created, tally.refused) == (48, 0), tally.errors
        assert (await listed(there), await scores(there)) == (before, figures)


async def test_what_changed_since_the_export_stays_changed(app, client, tmp_path):
    await fill(app, client)
    path = tmp_path / "export"
    path.write_bytes((await client.get("/v1/feedback/export")).content)
    flagged, erased = [item["id"] for item in await listed(client) if not item["flags"]][:2]
    await client.patch(f"/v1/feedback/{flagged}", json={"flags": ["spam"]})
    await client.delete(f"/v1/feedback/{erased}")
    tally = await imported(app, path)
    assert (tally.created, tally.same, tally.erased) == (0, 47, 1)
    assert (await client.get(f"/v1/feedback/{flagged}")).json()["flags"] == ["spam"]


async def test_missing_touchpoints_are_made_with_their_scale_and_old_reasons_stay(app, client, tmp_path):
    await fill(app, client)
    path = tmp_path / "export.ndjson"
    text = (await client.get("/v1/feedback/export?format=ndjson")).text
    path.write_text(text.replace(TOUCHPOINT["key"], "copy"))
    assert (await imported(app, path)).refused == 48
    tally = await imported(app, path, create_touchpoints=True)
    assert (tally.created, tally.new_touchpoints) == (48, ["copy"])
    made = (await client.get("/v1/touchpoints/copy")).json()
    assert (made["scale"], made["reasons"]) == ("smiley", [])
    copies = (await client.get("/v1/feedback?touchpoint=copy&limit=200")).json()["items"]
    assert {" ".join(item["reasons"]) for item in copies} == {"", "price", "price staff"}


async def test_an_archived_touchpoint_takes_its_history_back(app, client, tmp_path):
    await fill(app, client)
    path = tmp_path / "export"
    path.write_bytes((await client.get("/v1/feedback/export")).content)
    assert (await client.delete(f"/v1/touchpoints/{TOUCHPOINT['key']}")).status_code < 300
    assert (await imported(app, path)).same == 48


async def test_webhooks_hear_nothing_of_what_comes_back(app, client, tmp_path):
    await fill(app, client)
    text = (await client.get("/v1/feedback/export?format=ndjson")).text
    path = tmp_path / "export.ndjson"
    path.write_text("".join(json.dumps(json.loads(line) | {"id": str(uuid7())}) + "\n" for line in text.splitlines()))
    hook = Webhook(url="https://hook.invalid", events=" ".join(EVENTS), secret="whsec_" + "a" * 32)
    await app.state.db.write(lambda session: session.add(hook))
    assert (await imported(app, path)).created == 48
    assert await app.state.db.read(lambda session: session.exec(select(Delivery)).all()) == []


BAD = {
    "flags": ["nonsense"],
    "source": "fax",
    "rating": 9,
    "received_at": "2150-01-01T00:00:00Z",
    "context": [1],
    "id": "7",
    "occurred_at": None,
}


async def test_rows_that_no_export_has_are_refused_by_line(app, client, tmp_path):
    await fill(app, client)
    first = json.loads((await client.get("/v1/feedback/export?format=ndjson")).text.splitlines()[0])
    path = tmp_path / "bad.ndjson"
    path.write_text("".join(json.dumps(first | {name: value}) + "\n" for name, value in BAD.items()))
    tally = await imported(app, path)
    assert [line for line, _ in tally.errors] == [1, 2, 3, 4, 5, 6, 7] and tally.created == 0
