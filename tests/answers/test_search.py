"""Full-text search over comments, on both databases."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import migrate
from app.answers import indexing, search
from app.answers.search import fts5, phrases, together, tsquery
from app.db import open_database
from app.ingest import fulltext_cleanup
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running


@pytest.fixture
def say(client, make):
    """Registers `shop` on first use; await say("The delivery was late.") gives the id."""
    made = []

    async def _say(comment, touchpoint="shop", rating=3):
        if touchpoint not in made:
            await make(touchpoint)
            made.append(touchpoint)
        body = {"rating": rating, "comment": comment}
        answer = await client.post(f"/v1/touchpoints/{touchpoint}/feedback", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return _say


def kept(path, word):
    """How often a word stands in the database file, all of the log moved into it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(path).read_bytes().count(word)


async def find(client, q, **more):
    answer = await client.get("/v1/feedback", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return [item["comment"] for item in answer.json()["items"]]


async def indexed(app):
    """Wait until every comment has its words."""
    async with asyncio.timeout(20):
        while await app.state.db.read(indexing.waiting):  # noqa: ASYNC110 - the database is what changes
            await asyncio.sleep(0.02)


FOUND = {
    "配送がとても遅い": ["配送", "遅い", "とても遅", "配"],
    "快递员态度很差，包裹也坏了": ["态度", "包裹", "很差", "包裹 态度"],
    "จัดส่งช้ามาก พนักงานไม่สุภาพ": ["ช้า", "พนักงาน", "สุภาพ ช้า"],
    "배송이 너무 늦어요": ["배송", "늦어", "너무 배송"],
    "Sklep w Łodzi, ulica Źródłowa": ["lodzi", "zrodl", "ŹRÓDŁOWA"],
    "Filiale in der Straße am Größenweg": ["strasse", "STRASSE", "grossenw", "straße filiale"],
    "Færgen til Tórshavn sejlede ikke på Ærø": ["faergen", "aero", "torshavn", "FÆRGEN sej"],
    "Die Lieferungsverzögerung war ärgerlich": [
        "verzögerung",
        "VERZOGERUNG",
        "verzögerung war",
        "lieferung",
        "zögerung är",
    ],
    "Kundeservice og leveringstid": ["service", "service leveringst", "levering kunde"],
    "İstanbul'da kargo gecikti ＡＢＣ": ["istanbul", "abc", "KARGO"],
}
MISSED = [
    "送配",
    "遅配送",
    "差很",
    "托运",
    "늦배",
    "strase",
    "log",
    "gerung sklep",
    "ungsverspatung",
    "service levering shop",
]


async def test_any_script_and_spelling_is_found(client, say):
    for comment in FOUND:
        await say(comment)
    for comment, searches in FOUND.items():
        for typed in searches:
            assert await find(client, typed) == [comment], typed
            assert await find(client, typed, touchpoint="shop") == [comment], typed
    for typed in MISSED:
        assert await find(client, typed) == [], typed


async def test_what_an_older_version_writes_is_found_after_a_while(app, client, say):
    """It leaves `words` empty, and changes a comment beside the words of the old one."""
    changed, added = await say("Zsigmondy was rude"), await say("x")

    def older(session):
        to = text("UPDATE feedback SET comment = 'Verspätung' WHERE comment LIKE 'Zsig%'")
        session.execute(to)
        session.execute(text("UPDATE feedback SET words = NULL, comment = 'Straße' WHERE comment = 'x'"))
        return session.execute(text("SELECT words FROM feedback")).scalars().all()

    assert await app.state.db.write(older) == [None, None], "no word of the old comment is kept"
    assert await find(client, "zsigmondy") == []
    while await app.state.db.write(lambda session: indexing.fill(session, 1)):
        pass
    assert await find(client, "verspatung") == ["Verspätung"] and await find(client, "strasse") == ["Straße"]
    assert await find(client, "x") == []
    for number in (changed, added):
        await client.delete(f"/v1/feedback/{number}")
    assert await find(client, "verspatung") == await find(client, "strasse") == []


async def test_all_words_must_occur_in_any_order_and_case(client, say):
    await say("The Delivery was late again")
    await say("Quick delivery")
    assert await find(client, "late delivery") == ["The Delivery was late again"]
    assert await find(client, "DELIVERY") == ["Quick delivery", "The Delivery was late again"]
    assert await find(client, "delivery slow") == []


async def test_of_short_words_only_the_last_may_be_a_beginning(client, say):
    await say("The courier was friendly")
    assert await find(client, "courier frien") == ["The courier was friendly"]
    assert await find(client, "cou friendly") == []


async def test_accents_and_case_do_not_matter(client, say):
    said = {
        "Das Gerät ist größer als gedacht": "gerat grö",
        "Bardzo źle zapakowane": "zle",
        "Alt for længe på hold": "længe pa",
        "Pytałem o zwrot w środę": "SRODE",
        "配送が遅い とても": "とても",
    }
    for comment in said:
        await say(comment)
    for comment, typed in said.items():
        assert await find(client, typed) == [comment]


async def test_what_is_written_together_is_found_together(client, say):
    whole = "re: your e-mail. I don't like https://shop.example/cart at all"
    await say(whole)
    await say("shop without an example, mail with an e, don and t")
    for typed in ("shop.example", "https://shop.example/car", "don't", "e-mail", "re: e-mail"):
        assert await find(client, typed) == [whole]


async def test_query_syntax_is_only_words(client, say):
    await say("late")
    await say("quick")
    for typed in ['"', "'", "late OR quick", "NOT late", "late*", "comment:late", "(late", "late & !quick", "a:*"]:
        assert set(await find(client, typed)) <= {"late"}
    for typed in ["NEAR(late quick)", "\\", "%", "late -quick", "{place} : t1", "t1", "':*", "a\x00b", "٣", "🙂"]:
        assert await find(client, typed) == []


async def test_a_search_for_nothing_but_punctuation_finds_nothing(client, say):
    await say("late!!!")
    assert await find(client, "!!!") == []


async def test_other_filters_hold_too_and_pages_go_on(client, say):
    for n in range(5):
        await say(f"late {n}", rating=n % 2 + 1)
    await say("late too", touchpoint="hotline", rating=1)
    assert len(await find(client, "late", touchpoint="shop")) == 5
    assert await find(client, "late", touchpoint="hotline") == ["late too"]
    assert len(await find(client, "late", rating_max=1)) == 4
    first = (await client.get("/v1/feedback", params={"q": "late", "limit": 4})).json()
    rest = (await client.get("/v1/feedback", params={"q": "late", "limit": 4, "cursor": first["next_cursor"]})).json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 6
    assert rest["next_cursor"] is None


async def test_a_changed_comment_is_found_by_its_new_words_only(anybody, client, make):
    await make("shop", origins=["https://shop.example"])
    body = {"id": "0197a1de-0000-7000-8000-000000000001", "rating": 4}
    for comment in (None, "first thoughts", "second thoughts"):
        said = {**body, "comment": comment} if comment else body
        answer = await anybody.post(
            "/v1/touchpoints/shop/feedback", json=said, headers={"Origin": "https://shop.example"}
        )
        assert answer.status_code in (200, 201), answer.text
    assert await find(client, "first") == []
    assert await find(client, "second") == ["second thoughts"]


async def test_an_erased_comment_is_found_no_more(client, say):
    number = await say("My name is Zsigmondy")
    await say("somebody else")
    assert (await client.delete(f"/v1/feedback/{number}")).status_code == 204
    assert await find(client, "zsigmondy") == []
    assert await find(client, "somebody") == ["somebody else"]


async def forgotten(app):
    """Wait until the full-text index is merged."""
    async with asyncio.timeout(20):
        while await app.state.db.read(fulltext_cleanup.noted):  # noqa: ASYNC110 - it is the database that knows
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("taken", ["erased", "changed", "taken back"])
async def test_words_that_are_taken_away_leave_the_files(sqlite_url, monkeypatch, taken):
    """Neither the table, nor the full-text index, nor the log keeps a word of a comment that is erased or changed."""
    monkeypatch.setattr(fulltext_cleanup, "POLL_S", 0.05)
    path = sqlite_url.removeprefix("sqlite+aiosqlite:///")
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="off")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "shop"})
        ids = []
        for n in range(4):
            body = {"rating": 3, "comment": f"{n}zsigmondy complains of the courierquux"}
            ids.append((await client.post("/v1/touchpoints/shop/feedback", json=body)).json()["id"])
        for number in ids[:-1]:
            if taken == "erased":
                await client.delete(f"/v1/feedback/{number}")
            else:
                body = {"rating": 3, "comment": "it came late" if taken == "changed" else ""}
                await client.put(f"/v1/touchpoints/shop/feedback/{number}", json=body)
        await forgotten(app)
        assert await find(client, "courierquux") == ["3zsigmondy complains of the courierquux"]
    assert kept(path, b"zsigmondy") == 3, "two in the table, one in the index"


async def test_a_large_index_is_merged_in_small_steps_and_goes_on_after_a_stop(sqlite_url, monkeypatch):
    """What holds up other answers is bounded: a step merges so many pages, however large the index is."""
    monkeypatch.setattr(fulltext_cleanup, "PAGES", 8)
    monkeypatch.setattr(fulltext_cleanup, "IDLE", 0)
    steps, db = [], open_database(sqlite_url)
    add = text("INSERT INTO feedback_search (rowid, place, comment) VALUES (:n, 't1', :words)")
    parts = text("SELECT count(DISTINCT segid) FROM feedback_search_idx")

    def fill(session, start):
        rows = [{"n": n, "words": " ".join(f"w{n}x{k}" for k in range(12))} for n in range(start, start + 1000)]
        session.execute(add, rows)

    def merge(session, pages, step=fulltext_cleanup.step):
        if len(steps) == 5:
            steps.append("stopped")
            raise OperationalError("locked", None, Exception())
        steps.append(pages)
        return step(session, pages)

    for start in range(0, 6000, 1000):
        await db.write(lambda session, start=start: fill(session, start))
    await db.write(fulltext_cleanup.note)
    monkeypatch.setattr(fulltext_cleanup, "step", merge)
    with pytest.raises(OperationalError):
        await fulltext_cleanup.FulltextCleanup(db)._forget()
    assert await db.read(fulltext_cleanup.noted), "what is left is still noted"
    await fulltext_cleanup.FulltextCleanup(db)._forget()
    assert steps[:8] == [-8, 8, 8, 8, 8, "stopped", -8, 8] and len(steps) > 10
    assert await db.read(lambda session: session.execute(parts).scalar()) == 1
    assert await db.read(fulltext_cleanup.noted) is None
    await db.close()


async def test_what_is_taken_away_meanwhile_is_merged_once_more(sqlite_url):
    db = open_database(sqlite_url)
    await db.write(fulltext_cleanup.note)
    first = await db.read(fulltext_cleanup.noted)
    await db.write(fulltext_cleanup.note)
    await db.write(lambda session: fulltext_cleanup._done(session, first))
    assert await db.read(fulltext_cleanup.noted) not in (None, first)
    await db.close()


async def test_a_search_survives_vacuum(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, rate_limit="off")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "shop"})
        ids = []
        for n in range(6):
            body = {"rating": 3, "comment": f"word{n}"}
            ids.append((await client.post("/v1/touchpoints/shop/feedback", json=body)).json()["id"])
        await client.delete(f"/v1/feedback/{ids[0]}")
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    connection.execute("VACUUM")
    connection.close()
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        assert await find(client, "word3") == ["word3"]
        await client.delete(f"/v1/feedback/{ids[3]}")
        assert await find(client, "word3") == []
        assert len(await find(client, "word")) == 4


async def test_comments_that_were_there_before_the_index_are_found(database_url):
    settings = Settings(database_url=database_url, admin_key=ADMIN_KEY, rate_limit="off")
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "shop"})
        body = {"rating": 3, "comment": "late again"}
        number = (await client.post("/v1/touchpoints/shop/feedback", json=body)).json()["id"]
    await asyncio.to_thread(migrate.downgrade, database_url, "2026_11_22_tablets")
    await asyncio.to_thread(migrate.upgrade, database_url)
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await indexed(app)
        assert await find(client, "again") == ["late again"]
        await client.delete(f"/v1/feedback/{number}")
        assert await find(client, "again") == []


@pytest.mark.postgres
async def test_postgresql_can_answer_from_the_index(postgres_url):
    db = open_database(postgres_url)

    def plan(session):
        session.execute(text("SET enable_seqscan = off"))
        rows = session.execute(
            text("EXPLAIN SELECT id FROM feedback WHERE " + search._POSTGRES).bindparams(words="'late':*")
        )
        return "\n".join(row[0] for row in rows)

    assert "ix_search_feedback_words" in await db.read(plan)
    await db.close()


@given(st.text(max_size=60))
def test_no_text_becomes_query_syntax(typed):
    words = [word for phrase in phrases(typed) for word in phrase.words]
    assert all(word.isalnum() for word in words)
    assert bool(fts5(typed)) == bool(tsquery(typed)) == bool(words)


def test_the_queries_are_as_each_database_wants_them():
    assert fts5("Größe don't") == 'comment : ("grosse" * AND "don t" *)'
    assert fts5("so late", 12) == 'comment : ("so" AND "late" *) AND place : t12'
    assert tsquery("Größe don't at") == "'grosse':* & 'don' & 't' & 'at':*"
    assert list(together("don't 配送 late e-mail")) == ["% don t %", "% 配 送 %", "% e mail%"]
    assert fts5("!") == tsquery("!") == ""
