"""Files as people have them, brought to the page Import: understood, corrected, imported once, told of, forgotten."""

import gzip
import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.models import Upload, UploadPiece, now
from app.pages.i18n import messages
from app.settings import Settings
from app.uploads import kept
from tests.conftest import ADMIN_KEY, running
from tests.dashboard.company import press, signed_in
from tests.uploads.bringing import bring, brought, ended, facts, imported, token, workbook

SAMPLES = Path(__file__).parents[1] / "importer" / "samples"
VISITS = (
    ("Filiale", "Datum", "Zufriedenheit", "Kommentar"),
    ("Nürnberg", datetime(2026, 5, 1, 8, 15), "5 - sehr zufrieden", "größer als gedacht"),
    ("Köln", datetime(2026, 5, 2, 9, 0), "2 - unzufrieden", "zu laut"),
    ("Köln", datetime(2026, 5, 3, 10, 30), "4 - zufrieden", None),
)
LINES = "Filiale;Datum;Zufriedenheit;Kommentar\r\nNürnberg;01.05.26 08:15;5;größer\r\nKöln;02.05.26 09:00;2;zu laut\r\n"
FILES = {
    "an Excel file": ("Umfrage.xlsx", workbook(*VISITS), {"nuernberg": 1, "koeln": 2}),
    "cp1252 with semicolons": ("umfrage.csv", LINES.encode("cp1252"), {"nuernberg": 1, "koeln": 1}),
    "UTF-16 with tabs": ("umfrage.txt", LINES.replace(";", "\t").encode("utf-16"), {"nuernberg": 1, "koeln": 1}),
    "a Google form's export": ("form.csv", (SAMPLES / "google-forms.csv").read_bytes(), {"google-forms": 3}),
    "packed": ("umfrage.csv.gz", gzip.compress(LINES.encode()), {"nuernberg": 1, "koeln": 1}),
}


async def stored(client, places) -> dict[str, int]:
    """How many answers there are, by touchpoint."""
    counts = {}
    for place in places:
        found = (await client.get(f"/v1/feedback?touchpoint={place}&limit=100")).json()
        counts[place] = len(found.get("items", ()))
    return counts


@pytest.mark.parametrize(("name", "content", "places"), FILES.values(), ids=FILES)
async def test_a_file_goes_in_and_the_same_file_again_adds_nothing(app, client, person, name, content, places):
    path = await brought(person, name, content)
    page = (await person.get(path)).text
    assert "The first rows, as they would be stored" in page and "is made" in page, page
    assert not any((await stored(client, places)).values()), "nothing is stored before a yes"
    rows = sum(places.values())
    first = facts(await imported(person, path))
    assert (first["Rows read"], first["Answers stored"], first["Refused"]) == (rows, rows, 0)
    assert await stored(client, places) == places
    again = facts(await imported(person, await brought(person, name, content)))
    assert (again["Answers stored"], again["There already"]) == (0, rows)
    assert await stored(client, places) == places


async def test_what_is_refused_is_named_by_cause_and_can_be_mended_and_imported(app, client, person):
    lines = ["Rating,Comment,Date", "5,good,2026-05-01", "9,odd,2026-05-02", "4,fine,yesterday", "3,ok,2026-05-04"]
    path = await brought(person, "shop.csv", "\n".join(lines))
    assert "It is not clear" not in (await person.get(path)).text
    # The ratings go up to 9: which scale they are on has to be said.
    assert "Say which scale it is." in (await person.get(path)).text
    assert (await press(person, f"{path}/begin", path)).status_code == 303
    assert "Say which scale it is." in (await person.get(path)).text, "nothing begins while something is open"
    names = {"touchpoint": "shop", "rating": "0", "comment": "1", "time": "2"}
    corrected = await press(person, path, path, **names, scale="stars")
    assert corrected.status_code == 303, corrected.text
    page = (await person.get(path)).text
    assert "1 row</b> Its rating is not on the touchpoint’s scale, from 1 to 5." in page
    assert "“yesterday” is not a time." in page and "Line 4" in page
    report = await imported(person, path)
    assert (facts(report)["Answers stored"], facts(report)["Refused"]) == (2, 2)
    assert "Line 3" in report and "“yesterday” is not a time." in report
    refused = (await person.get(f"{path}/refused")).content
    assert refused.startswith(b"\xef\xbb\xbfRating,Comment,Date,") and b"4,fine,yesterday,4," in refused
    mended = refused.replace(b"yesterday", b"2026-05-03").replace(b"9,odd", b"1,odd")
    path = await brought(person, "refused.csv", mended)
    await press(person, path, path, **names, scale="stars")
    assert facts(await imported(person, path))["Answers stored"] == 2
    assert await stored(client, ["shop"]) == {"shop": 4}


async def test_columns_words_order_and_zone_are_corrected(app, client, person):
    await client.post("/v1/touchpoints", json={"key": "desk", "scale": "csat"})
    rows = "dufte,3,01/02/2026 08:00,a\nfade,4,03/04/2026 09:00,b\n,5,05/06/2026 10:00,c\n"
    path = await brought(person, "Front Desk.csv", "Mood,Second,When,Note\n" + rows)
    page = (await person.get(path)).text
    assert "day and month cannot be told apart" in page
    said = {"touchpoint": "Desk", "rating": "0", "comment": "3", "time": "2", "timezone": "Europe/Nowhere"}
    wrong = await press(person, path, path, **said, day_first="day")
    assert wrong.status_code == 422 and "No such time zone" in wrong.text and 'value="Europe/Nowhere"' in wrong.text
    assert (await press(person, path, path, **said | {"timezone": "Europe/Berlin"})).status_code == 303
    assert "day and month cannot be told apart" in (await person.get(path)).text
    right = said | {"timezone": "Europe/Berlin", "day_first": "day"}
    assert (await press(person, path, path, **right)).status_code == 303
    page = (await person.get(path)).text
    assert "What words mean" in page and "These are no ratings" in page
    places = {word: page.partition(f'>{word}<input name="word.')[2].partition('"')[0] for word in ("dufte", "fade")}
    words = {f"word.{places['dufte']}": "5", f"word.{places['fade']}": "1"}
    assert (await press(person, path, path, **right, **words)).status_code == 303
    assert facts(await imported(person, path))["Answers stored"] == 3
    items = (await client.get("/v1/feedback?touchpoint=desk")).json()["items"]
    assert {(item["rating"], item["comment"], item["occurred_at"]) for item in items} == {
        (5, "a", "2026-02-01T07:00:00Z"),
        (1, "b", "2026-04-03T07:00:00Z"),
        (None, "c", "2026-06-05T08:00:00Z"),
    }


UNUSABLE = {
    "a picture named .csv": ("visits.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "This is a picture"),
    "nothing in it": ("visits.csv", b"", "The file is empty."),
    "an old workbook": ("visits.xls", b"\xd0\xcf\x11\xe0" + b"x" * 600, "Save it as .xlsx or CSV."),
    "no table": ("visits.bin", bytes(range(256)) * 20, "This is no text and no workbook."),
    "an archive without a table": ("visits.zip", None, "There is no table in the archive."),
    "half a workbook": ("visits.xlsx", workbook(*VISITS)[:2000], "cannot be read"),
}


@pytest.mark.parametrize(("name", "content", "says"), UNUSABLE.values(), ids=UNUSABLE)
async def test_what_is_no_table_is_told_in_a_sentence_and_not_kept(app, person, name, content, says):
    if content is None:
        with zipfile.ZipFile(packed := io.BytesIO(), "w") as archive:
            archive.writestr("picture.png", b"x")
        content = packed.getvalue()
    answer = await bring(person, name, content)
    assert answer.status_code == 422 and says in answer.text and "No file yet." in answer.text, answer.text


async def test_a_file_too_large_is_413_in_a_sentence_and_what_is_packed_too_tightly_is_refused(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY, import_max_mb=1)
    async with running(settings) as app:
        person = await signed_in(app)
        large = b"Rating,Comment\n" + b"5,good\n" * 200_000
        answer = await bring(person, "large.csv", large)
        assert answer.status_code == 413 and "This file is larger than 1 MB." in answer.text
        assert (await bring(person, "large.csv.gz", gzip.compress(large))).status_code == 303, "packed it fits"
        bomb = gzip.compress(b"Rating,Comment\n" + b"5,good\n" * 700_000)
        answer = await bring(person, "bomb.csv.gz", bomb)
        assert answer.status_code == 422 and "Unpacked this file is larger than 4 MB." in answer.text
        hung_up = await bring(person, "huge.csv", b"x" * (4 * 2**20))
        assert hung_up.status_code == 413 and hung_up.headers["connection"] == "close"
        kept_ = await app.state.db.read(lambda session: len(session.exec(select(Upload)).all()))
        assert kept_ == 1
        await person.aclose()


async def test_no_file_is_read_before_it_is_known_who_sends_it_and_that_the_form_is_ours(app, client, person, anybody):
    csrf, file = await token(person), {"file": ("a.csv", b"Rating\n5\n")}
    read = 0

    async def body(part: bytes):
        nonlocal read
        for _ in range(100):
            read += 1
            yield part

    boundary = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await anybody.post("/import", content=body(b"x" * 1000), headers=boundary)
    assert answer.status_code == 303 and answer.headers["location"] == "/login" and read <= 1
    begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + b"5\n" * 5000
    read = 0
    assert (await person.post("/import", content=body(begun), headers=boundary)).status_code == 403
    other = {"Sec-Fetch-Site": "cross-site"}
    assert (await person.post("/import", data={"csrf": csrf}, files=file, headers=other)).status_code == 403
    assert (await person.post("/import", data={"csrf": "0" * 64}, files=file)).status_code == 403
    assert (await person.post("/import", data={"csrf": csrf})).status_code == 400, "no multipart, no form of ours"
    assert (await person.post("/import", data={"csrf": csrf}, files={"file": ("", b"")})).status_code == 422
    key = (await client.post("/v1/keys", json={"name": "K", "scopes": ["scores:read", "feedback:read"]})).json()["key"]
    looker = await signed_in(app, key)
    assert (await looker.get("/import")).status_code == 403 and "/import" not in (await looker.get("/help")).text
    assert (await looker.post("/import", data={"csrf": csrf}, files=file)).status_code == 403
    await looker.aclose()


async def test_a_key_that_may_make_no_touchpoints_imports_into_those_that_are_there(app, client):
    await client.post("/v1/touchpoints", json={"key": "koeln", "scale": "csat"})
    made = await client.post("/v1/keys", json={"name": "K", "scopes": ["scores:read", "feedback:write"]})
    person = await signed_in(app, made.json()["key"])
    path = await brought(person, "umfrage.csv", LINES)
    page = (await person.get(path)).text
    assert "is not there" in page and "may not make touchpoints" in page
    report = await imported(person, path)
    assert (facts(report)["Answers stored"], facts(report)["Refused"]) == (1, 1)
    assert "There is no touchpoint nuernberg." in report
    await person.aclose()


async def test_a_file_without_ratings_says_so(app, person):
    path = await brought(person, "words.csv", "Comment\nThe queue was long that day\nNobody was there to help us\n")
    assert "No column holds ratings, as far as can be told" in (await person.get(path)).text
    assert facts(await imported(person, path))["Answers stored"] == 2


async def test_an_export_of_ours_is_taken_back_whole(app, client, person):
    await client.post("/v1/touchpoints", json={"key": "desk", "scale": "stars"})
    await client.post("/v1/touchpoints/desk/feedback", json={"rating": 4, "comment": "fine"})
    export = (await client.get("/v1/feedback/export?format=csv")).content
    path = await brought(person, "export.csv", export)
    assert "This is an export of Touchstone." in (await person.get(path)).text
    assert facts(await imported(person, path))["There already"] == 1


async def test_hostile_names_and_cells_are_text(app, person):
    header = b'"<script>alert(1)</script>","=1+1","a\xffb"\n'
    content = header + "5,<b>x</b>,größer ähnlich üblich\n".encode() + b"4,y,\xfe\n"
    path = await brought(person, "<img src=x>.csv", content)
    page = (await person.get(path)).text
    assert "<script>alert" not in page and "<img src=x>" not in page and "&lt;img src=x&gt;.csv" in page
    correction = {"touchpoint": "shop", "rating": "0", "comment": "2", "scale": "stars", "context": ["1", "999", "x"]}
    assert (await press(person, path, path, **correction)).status_code == 303
    report = await imported(person, path)
    assert facts(report)["Answers stored"] == 1 and facts(report)["Refused"] == 1, report
    assert (await person.get(f"{path}/refused")).status_code == 200


async def test_names_that_no_database_holds_as_text_are_names_of_columns(app, person):
    path = await brought(person, "a.ndjson", '{"rating": 5, "a\\u0000b": "x", "\\ud800": "y"}\n{"rating": 3}\n')
    assert (await person.get(path)).status_code == 200
    assert (await press(person, path, path, rating="0", comment="1", context="2", touchpoint="a")).status_code == 303
    assert facts(await imported(person, path))["Rows read"] == 2


async def test_files_are_deleted_when_they_are_imported_and_reports_in_time(app, client, person):
    async def there() -> tuple[int, set[str]]:
        def work(session: Session) -> tuple[int, set[str]]:
            return len(session.exec(select(Upload)).all()), {one.kind for one in session.exec(select(UploadPiece))}

        return await app.state.db.read(work)

    done = await brought(person, "umfrage.csv", LINES + "Bonn;unknown;3;x\r\n")
    waits = await brought(person, "umfrage.csv", LINES)
    assert await there() == (2, {"file"})
    await imported(person, done)
    assert await there() == (2, {"file", "refused"})
    removed = await brought(person, "umfrage.csv", LINES)
    await press(person, f"{removed}/remove", removed)
    assert await there() == (2, {"file", "refused"})

    def later(session: Session) -> None:
        for row in session.exec(select(Upload)):
            row.created_at -= timedelta(days=1, seconds=1)
        kept.forget_old(session)

    await app.state.db.write(later)
    assert await there() == (1, {"refused"}), "the file that nobody said yes to is gone"
    assert (await person.get(waits)).status_code == 404 and (await person.get(done)).status_code == 200

    def much_later(session: Session) -> None:
        for row in session.exec(select(Upload)):
            row.ended_at = now() - timedelta(days=7, seconds=1)
        kept.forget_old(session)

    await app.state.db.write(much_later)
    assert await there() == (0, set())


async def test_a_yes_pressed_twice_and_a_correction_after_it_change_nothing(app, client, person):
    path = await brought(person, "umfrage.csv", LINES)
    app.state.importer.wake = lambda: None  # it is not begun meanwhile
    for _ in range(2):
        await press(person, f"{path}/begin", path)
    assert "It begins in a moment." in (await person.get(path)).text
    assert (await person.post(path, data={"csrf": await token(person), "touchpoint": "other"})).status_code == 303
    del app.state.importer.wake
    app.state.importer.wake()
    assert facts(await ended(person, path))["Answers stored"] == 2


@pytest.mark.parametrize("language", ["en", "de", "da", "pl"])
async def test_pages_speak_four_languages(app, person, language):
    path = await brought(person, "umfrage.csv", LINES + "Bonn;unknown;3;x\r\n")
    words = messages("import", language).entries
    page = (await person.get(f"{path}?lang={language}")).text
    for key in ("import.preview", "import.unread", "import.correct", "import.go"):
        assert str(words[key]) in page, key
    assert str(words["import.row.no_time"]).format(text="unknown") in page
    assert str(words["import.download"]) in await imported(person, path)


async def test_two_processes_share_one_import(app, client, person, database_url):
    """Another process has taken the file and was killed: this one goes on when its time is over."""
    path = await brought(person, "umfrage.csv", LINES)
    app.state.importer.wake = lambda: None
    await press(person, f"{path}/begin", path)
    assert await app.state.db.write(lambda session: kept.take(session, "another")) is not None
    assert await app.state.db.write(lambda session: kept.take(session, "third")) is None

    def silent(session: Session) -> None:
        for row in session.exec(select(Upload)):
            row.seen_at = now() - kept.LEASE - timedelta(seconds=1)

    await app.state.db.write(silent)
    del app.state.importer.wake
    app.state.importer.wake()
    assert facts(await ended(person, path))["Answers stored"] == 2
    late = await app.state.db.write(lambda session: kept.seen(session, 1, "another", 0, 0))
    assert not late, "the other one hears that it is late"


async def test_an_import_that_never_ends_is_given_up(app, client, person):
    path = await brought(person, "umfrage.csv", LINES)
    app.state.importer.wake = lambda: None
    await press(person, f"{path}/begin", path)

    def often(session: Session) -> None:
        for row in session.exec(select(Upload)):
            row.tries = 5

    await app.state.db.write(often)
    del app.state.importer.wake
    app.state.importer.wake()
    assert "was begun 5 times and never came to its end" in await ended(person, path)
