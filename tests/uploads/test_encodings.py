"""Files whose letters are not what they were taken for: somebody sees it and says how they are written."""

import gzip
from html import unescape

import pytest

from app.importer.encodings import CHOICES, CODECS
from app.settings import Settings
from tests.conftest import ADMIN_KEY, running
from tests.dashboard.company import press, signed_in
from tests.dashboard.forms import filled_in
from tests.uploads.bringing import brought, ended, facts, imported, workbook

TEXTS = {
    "western": "Filiale;Datum;Zufriedenheit;Größe\r\nNürnberg;01.05.26 08:15;5;größer, très bien\r\n",
    "central": "Oddział;Data;Ocena;Uwagi\r\nŁódź;01.05.26 08:15;5;Zażółć gęślą jaźń\r\n",
}
TEXTS["every"] = TEXTS["central"]
PLACES = {"western": "nuernberg", "central": "lodz", "every": "lodz"}
CASES = [(group, name) for group, names in CHOICES.items() for name in names]
TAKEN_FOR_OTHERS = ("Mac Roman", "DOS 850", "ISO-8859-2", "Mac CE", "DOS 852")


async def looked_again(person, path: str, **fields: str):
    """The form as it stands, with some fields changed."""
    form = filled_in((await person.get(path)).text, path) | fields
    del form["csrf"]
    return await press(person, path, path, **form)


@pytest.mark.parametrize(("group", "name"), CASES)
async def test_a_file_in_any_encoding_that_can_be_chosen_is_read_and_imported_with_its_letters(
    app, client, person, group, name
):
    text = TEXTS[group]
    comment = text.split(";")[-1].strip()
    path = await brought(person, "umfrage.csv", text.encode(CODECS[name]))
    page = unescape((await person.get(path)).text)
    assert (comment in page) == (name not in TAKEN_FOR_OTHERS)
    assert (await looked_again(person, path, encoding=name)).status_code == 303
    page = unescape((await person.get(path)).text)
    assert comment in page and text.split(";")[0] in page and f'selected value="{name}"' in page, page
    assert facts(await imported(person, path))["Answers stored"] == 1
    (answer,) = (await client.get(f"/v1/feedback?touchpoint={PLACES[group]}")).json()["items"]
    assert answer["comment"] == comment
    made = (await client.get(f"/v1/touchpoints/{PLACES[group]}")).json()
    assert made["name"] == {"en": text.splitlines()[1].split(";")[0]}


async def test_the_guess_is_named_and_preselected_and_can_be_chosen_again(app, person):
    path = await brought(person, "umfrage.csv", gzip.compress(TEXTS["central"].encode("cp852")))
    guessed = '<option selected value="Windows-1252">Windows-1252 (as found)</option>'
    assert guessed in (await person.get(path)).text
    await looked_again(person, path, encoding="DOS 852")
    page = (await person.get(path)).text
    assert '<option value="Windows-1252">Windows-1252 (as found)</option>' in page and "text in DOS 852" in page
    await looked_again(person, path, scale="stars")
    assert "text in DOS 852" in (await person.get(path)).text, "it is kept when something else is said"
    await looked_again(person, path, encoding="Windows-1252")
    assert guessed in (await person.get(path)).text


async def test_what_is_said_of_columns_and_of_words_stays_with_another_encoding(app, client, person):
    lines = "Größe;Maß;Übel;Laden\r\nnaja;5;größer als gedacht und sehr viel länger;Nürnberg\r\n"
    path = await brought(person, "umfrage.csv", lines.encode("cp850"))
    said = {"touchpoint_column": "3", "rating": "0", "comment": "2", "context": "1", "scale": "stars"}
    await looked_again(person, path, **said)
    form = filled_in((await person.get(path)).text, path)
    await looked_again(person, path, **{"word.0": "3"}, encoding="DOS 850")
    again = filled_in((await person.get(path)).text, path)
    assert again | {"csrf": form["csrf"]} == form | {"word.0": ["3"]}
    assert ">Größe</option>" in (await person.get(path)).text
    await imported(person, path)
    (answer,) = (await client.get("/v1/feedback?touchpoint=nuernberg")).json()["items"]
    assert (answer["rating"], answer["context"]) == (3, {"Maß": "5"})


async def test_columns_that_nobody_named_are_looked_for_anew(app, person):
    """Only “Oddział” in its own letters is a word for a place; as UTF-16 the file would have a single column."""
    path = await brought(person, "umfrage.csv", TEXTS["central"].encode("cp852"))
    assert '<li><span class="address" dir="auto">umfrage' in (await person.get(path)).text
    for name in ("UTF-16", "DOS 852"):
        assert (await looked_again(person, path, encoding=name)).status_code == 303
    form = filled_in((await person.get(path)).text, path)
    assert [form[role] for role in ("touchpoint_column", "time", "rating", "comment")] == [["0"], ["1"], ["2"], ["3"]]


async def test_an_export_of_ours_that_a_spreadsheet_saved_in_another_encoding_is_taken_back(app, client, person):
    for key in ("desk", "till"):
        await client.post("/v1/touchpoints", json={"key": key, "scale": "stars"})
    await client.post("/v1/touchpoints/desk/feedback", json={"rating": 4, "comment": "Zażółć gęślą jaźń"})
    export = (await client.get("/v1/feedback/export?format=csv")).content.decode("utf-8-sig")
    path = await brought(person, "export.csv", export.replace("desk", "till").encode("iso8859-2"))
    for name in ("UTF-16", "ISO-8859-2"):
        assert (await looked_again(person, path, encoding=name)).status_code == 303
    page = (await person.get(path)).text
    assert "This is an export of Touchstone." in page and "ISO-8859-2" in page
    await imported(person, path)
    (answer,) = (await client.get("/v1/feedback?touchpoint=till")).json()["items"]
    assert answer["comment"] == "Zażółć gęślą jaźń"


async def test_what_is_chosen_holds_for_a_process_that_takes_the_file_over(database_url):
    settings = Settings(database_url=database_url, admin_key=ADMIN_KEY)
    async with running(settings) as app:
        person = await signed_in(app)
        path = await brought(person, "umfrage.csv", TEXTS["central"].encode("cp852"))
        await looked_again(person, path, encoding="DOS 852")
        app.state.importer.wake = lambda: None  # it is not begun here
        await press(person, f"{path}/begin", path)
        assert "It begins in a moment." in (await person.get(path)).text
        await person.aclose()
    async with running(settings) as app:
        person = await signed_in(app)
        assert facts(await ended(person, path))["Answers stored"] == 1
        assert "Zażółć gęślą jaźń" in (await person.get("/comments?handling=all")).text
        await person.aclose()


async def test_an_encoding_that_the_file_cannot_be_in_is_said_and_nothing_typed_is_lost(app, person):
    path = await brought(person, "umfrage.csv", TEXTS["western"].encode())
    answer = await looked_again(person, path, encoding="UTF-16", touchpoint="", timezone="Europe/Nowhere")
    assert answer.status_code == 422 and '<option selected value="UTF-16">' in answer.text
    assert (await looked_again(person, path, encoding="no such thing")).status_code == 303
    assert "text in UTF-8" in (await person.get(path)).text


async def test_a_workbook_has_no_choice_of_encodings(app, person):
    page = (await person.get(await brought(person, "Umfrage.xlsx", workbook(("Rating",), (5,), (4,))))).text
    assert "The first rows, as they would be stored" in page and 'name="encoding"' not in page
