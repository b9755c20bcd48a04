"""Answers out to others, on both databases."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answers import export
from app.answers.cells import COLUMNS, DELIMITERS, mark, unmark
from app.ids import uuid7
from app.importer.answers import Columns
from app.importer.run import Import, Wish
from app.ingest.channels import Answer
from app.ingest.store import store

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", '=HYPERLINK("http://x.example","y")']
PLAIN = ["fine", 'a "quote", and; more', "two\nlines\r\nhere", "ünïcödé 🙂 źle", "1=1", "'tis"]
FROM = datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.fixture
async def stored(app, make):
    """One answer for each comment, and some without, at two touchpoints."""
    rows = []
    for number, (key, comment) in enumerate([("shop", text) for text in EVIL + PLAIN] + [("till", None)] * 20):
        if number in (0, len(EVIL + PLAIN)):
            await make(key, scale="stars", reasons=[{"key": "price", "label": "Price"}])
        known = await app.state.registry.get(key)
        at = FROM + timedelta(minutes=number // 2)  # two of each minute, so that a page may end between equal times
        given = (
            known.id,
            uuid7(),
            number % 5 + 1,
            comment,
            "price" if number == 3 else "",
            "web",
            "",
            "de-DE",
            f"r{number}",
        )
        rows.append(Answer(*given, {"page": "=a"} if number == 1 else None, at, at, zone=known.zone))
    await app.state.db.write(lambda session: store(session, rows))
    return rows


async def exported(client, **query):
    answer = await client.get("/v1/feedback/export", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def test_a_csv_is_as_spreadsheets_want_it(client, stored):
    answer = await exported(client, format="csv", touchpoint="shop")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="feedback-20')
    assert answer.content.startswith(b"\xef\xbb\xbfid,touchpoint,rating,comment,")
    rows = rows_of(answer)
    assert len(rows) == len(EVIL + PLAIN)
    assert tuple(rows[0]) == COLUMNS
    assert {row["comment"] for row in rows} == {f"'{text}" for text in EVIL} | set(PLAIN)
    of = {row["respondent"]: row for row in rows}
    assert of["r3"]["reasons"] == "price" and json.loads(of["r1"]["context"]) == {"page": "=a"}
    assert of["r0"]["occurred_at"] == "2026-05-01T09:00:00+00:00"


async def test_ndjson_is_what_the_list_shows_line_by_line(client, stored):
    answer = await exported(client, format="ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    listed = (await client.get("/v1/feedback?limit=200")).json()["items"]
    assert [json.loads(line) for line in answer.text.splitlines()] == listed
    assert {item["comment"] for item in listed} == {*EVIL, *PLAIN, None}


@pytest.mark.parametrize("size", [1, 7, 35])
async def test_pages_put_together_hold_every_answer_once(client, stored, monkeypatch, size):
    monkeypatch.setattr(export, "PAGE", size)
    ids = [json.loads(line)["id"] for line in (await exported(client, format="ndjson")).text.splitlines()]
    assert len(ids) == 35 and set(ids) == {str(row.id) for row in stored}


async def test_an_export_takes_the_filters_of_the_list(client, stored):
    assert len(rows_of(await exported(client, rating_max=1))) == 7
    assert len(rows_of(await exported(client, has_comment=False))) == 20
    assert [row["comment"] for row in rows_of(await exported(client, q="quot"))] == ['a "quote", and; more']
    assert rows_of(await exported(client, source="kiosk")) == []
    refused = await client.get("/v1/feedback/export?limit=5")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    unknown = await client.get("/v1/feedback/export?touchpoint=nowhere")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "touchpoint_unknown")


async def test_an_export_is_for_those_who_may_read_feedback(anybody, client, stored):
    assert (await anybody.get("/v1/feedback/export")).status_code == 401
    key = (await client.post("/v1/keys", json={"name": "scores", "scopes": ["scores:read"]})).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await anybody.get("/v1/feedback/export", headers=headers)).status_code == 403


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_an_export_can_be_imported_as_any_file(app, client, stored, tmp_path, form):
    path = tmp_path / f"answers.{form}"
    path.write_bytes((await exported(client, format=form, touchpoint="shop")).content)
    names = {"rating": "rating", "comment": "comment", "time": "occurred_at", "id": "id", "respondent": "respondent"}
    columns = Columns(touchpoint_column="touchpoint", touchpoint_prefix="copy-", **names)
    tally = await Import(app.state.db, columns, Wish("stars", True)).run(path, lambda *_: None)
    assert (tally.created, tally.refused) == (len(EVIL + PLAIN), 0), tally.errors
    copied = (await client.get("/v1/feedback?touchpoint=copy-shop&limit=200")).json()["items"]
    original = (await client.get("/v1/feedback?touchpoint=shop&limit=200")).json()["items"]
    same = ("id", "rating", "occurred_at", "respondent", "comment")
    assert [[item[name] for name in same] for item in copied] == [[item[name] for name in same] for item in original]
    again = await Import(app.state.db, columns, Wish("stars", True)).run(path, lambda *_: None)
    assert (again.created, again.same) == (0, len(copied))


PAYLOADS = [
    "=1",
    "+1",
    "-1",
    "@S",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|' /C calc'!A0",
    "\0=1",
    '=HYPERLINK("http://x","y")',
]
BEFORE = ["", " ", '"', '""', "'", '" ', "\u00a0", "''", "'\""]


def hostile():
    """Every formula after every separator, tab and line end, behind blanks, quotes and apostrophes."""
    for separator in ("", *DELIMITERS, "\n", "\r", "\r\n", ";;", ",\t", "|\n"):
        for before in BEFORE:
            for payload in PAYLOADS:
                yield f"+49{separator}{before}{payload}"
                yield f"{separator}{before}{payload}{separator}{payload}"


def runs(cell):
    return cell.lstrip(' "\u00a0').startswith(tuple("=+-@\0＝＋－＠"))


@pytest.mark.parametrize("read", DELIMITERS)
@pytest.mark.parametrize("written", [",", ";", "\t"])
async def test_no_cell_is_a_formula_however_a_spreadsheet_parts_the_file(written, read):
    async def pages():
        yield [dict.fromkeys(COLUMNS) | {"comment": text, "respondent": text} for text in hostile()]

    file = "".join([part async for part in export.as_csv(pages(), written)]).removeprefix("\ufeff")
    parsed = [cell for row in csv.reader(io.StringIO(file, newline=""), delimiter=read) for cell in row]
    naive = re.split(f"[{re.escape(read)}\r\n]", file)
    assert not [cell for cell in [*parsed, *naive] if runs(cell)]
    back = list(csv.DictReader(io.StringIO(file, newline=""), delimiter=written))
    assert [unmark(row["comment"]) for row in back] == list(hostile())


@given(st.one_of(st.text(max_size=30), st.text("=+-@;,|\t\r\n\0'\" a＝", max_size=12)))
def test_what_is_marked_can_be_taken_back(text):
    made = mark(text)
    assert unmark(made) == text
    assert not any(map(runs, re.split(r"[,;|\t\r\n]", made))) and not made.startswith(("\t", "\r", "\n", "\0"))


async def test_a_csv_for_where_the_comma_parts_decimals(client, stored):
    answer = await exported(client, delimiter=";", touchpoint="shop")
    assert answer.content.startswith(b"\xef\xbb\xbfid;touchpoint;rating;comment;")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row | {"comment": ""} for row in rows] == [
        row | {"comment": ""} for row in rows_of(await exported(client, touchpoint="shop"))
    ]
    assert (await client.get("/v1/feedback/export", params={"delimiter": "x"})).status_code == 422
