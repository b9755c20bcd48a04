"""Files as people have them: what is understood of each without a word, and what is asked instead of guessed."""

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime, time

import openpyxl
import pytest

from app.importer.answers import Columns
from app.importer.labels import Scales
from app.importer.look import look
from app.importer.mapping import Mapping
from app.importer.preview import preview
from app.importer.row import FileError

MAY = datetime(2026, 5, 1, 8, 15, tzinfo=UTC)


def seen(tmp_path, content: bytes | str, said: Mapping | None = None, name: str = "shop.csv"):
    """What is understood, and the first answers as (touchpoint, time, rating, comment)."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    looked = look(path, said or Mapping(timezone="UTC"), name=path.stem)
    if looked.questions:
        return looked, []
    found = preview(path, looked)
    assert not found.causes, found.causes
    return looked, [(key, a.claimed_at, a.rating, a.comment) for _, key, a in found.answers]


FILES = {
    "utf-8 with a mark": "\ufeffRating,Comment\n5,größer\n1,\n".encode(),
    "utf-16 with tabs, of a spreadsheet": "Rating\tComment\n5\tgrößer\n1\t\n".encode("utf-16"),
    "utf-16 without a mark": "Rating\tComment\n5\tgrößer\n1\t\n".encode("utf-16-le"),
    "cp1252 with semicolons": "Rating;Comment\n5;größer\n1;\n".encode("cp1252"),
    "sep= above the header": "sep=;\r\nRating;Comment\r\n5;größer\r\n1;\r\n",
    "lines above the header, blank lines, a closing line": (
        "Export of May\n\nStore: Nord\n\nDate,Rating,Comment\n,5,größer\n\n,1,\n\nTotal answers: 2\n"
    ),
    "lines above the header, padded": "Export of May;;\nStore;;\nDate;Rating;Comment\n;5;größer\n;1;\n",
    "two rows of header": "Wertung;Wann;Text\nRating;Date;Comment\n5;;größer\n1;;\n4;2026-05-01;\n",
    "an array of JSON": json.dumps([{"rating": 5, "comment": "größer"}, {"rating": 1}], ensure_ascii=False),
    "an array within, pretty-printed": json.dumps(
        {"page": 1, "data": {"items": [{"rating": 5, "comment": "größer"}, {"rating": 1}]}}, indent=2
    ),
    "objects line by line": '{"rating": 5, "comment": "größer"}\n{"rating": 1}\n',
    "words in four languages": "Ocena,Komentarz\nBardzo zadowolony,größer\nBardzo niezadowolona,\n",
    "five of five": "Rating,Comment\n5/5,größer\n1/5,\n",
    "out of": "Rating,Comment\n5 out of 5,größer\n1 out of 5,\n",
    "stars drawn": "Sterne,Kommentar\n★★★★★,größer\n★☆☆☆☆,\n",
    "percentages": "Rating,Comment\n100 %,größer\n20 %,\n",
    "number words": "Rating,Comment\nFIVE,größer\none,\n",
    "numbers with words": "Bewertung,Kommentar\n5 - Sehr zufrieden,größer\n1 - Sehr unzufrieden,\n",
    "numbers behind words": "Rating,Comment\nVery good (5),größer\nVery bad (1),\n",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_five_and_one_are_found_with_the_comment(tmp_path, content):
    _, answers = seen(tmp_path, content, Mapping(undated="import-day"))
    assert [(rating, comment) for _, _, rating, comment in answers][:2] == [(5, "größer"), (1, None)]


def test_packed_files_are_read(tmp_path):
    text = b"Rating,Comment\n5,a\n1,b\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.md", "x")
        archive.writestr("answers/may.csv", text)
    for content in (gzip.compress(text), packed.getvalue()):
        assert [answer[2] for answer in seen(tmp_path, content)[1]] == [5, 1]


def test_a_workbook_with_lines_above_and_times_of_its_own(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.merge_cells("A1:C1")
    for row in (["Answers"], [], ["Filiale", "Datum", "Uhrzeit", "Sterne", "Kommentar"],
                ["Nürnberg", datetime(2026, 5, 1), time(8, 15), 5, "gut"],
                ["Łódź", datetime(2026, 5, 1), time(8, 15), 4.0, None]):  # fmt: skip
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    looked, answers = seen(tmp_path, packed.getvalue(), name="shop.xlsx")
    assert answers == [("nuernberg", MAY, 5, "gut"), ("lodz", MAY, 4, None)] and looked.mapping.scale == "stars"


TIMES = {
    "2026-05-01 08:15:00 UTC": None,
    "2026/05/01 10:15:00 AM GMT+2": None,
    "01.05.26 08:15": None,
    "2026-05-01T10:15:00+02:00": None,
    "1. Mai 2026 08:15": None,
    "May 1, 2026 8:15 AM": None,
    "1777623300": None,
    "01-05-2026 08.15": True,
    "1/5/26 8:15": True,
    "05/01/2026 8:15 AM": False,
}


@pytest.mark.parametrize(("text", "day_first"), TIMES.items())
def test_a_time_is_read_as_its_column_writes_it(tmp_path, text, day_first):
    content = f"Date;Rating\n{text};5\n"
    if day_first is not None:  # another row tells the order
        separator = text[2] if text[2] in "-/" else "/"
        first, second = (13, 5) if day_first else (5, 13)
        content += f"{first}{separator}{second}{separator}2026 09:00;5\n"
    assert seen(tmp_path, content)[1][0][1] == MAY


def test_the_day_and_the_month_are_asked_for_when_both_fit_or_both_occur(tmp_path):
    for other in ("03/04/2026", "13/05/2026\n05/13/2026"):
        content = "Date,Rating\n01/05/2026 08:15,5\n" + "".join(f"{day},5\n" for day in other.split())
        looked, _ = seen(tmp_path, content)
        assert [question.option for question in looked.questions] == ["--day-first"]
    looked, answers = seen(tmp_path, "Date,Rating\n01/05/2026 08:15,5\n", Mapping(day_first=True, timezone="UTC"))
    assert answers[0][1] == MAY


SCALES = {
    "1 2 5": "stars",
    "0 10 7": "nps",
    "0 1": "thumbs",
    "1 10 3": None,
    "1 4 2": None,
    "0 3": None,
    "4.5 5 1": "stars",
    "Good Bad": "thumbs",
    "12 3": None,
}


@pytest.mark.parametrize(("ratings", "scale"), SCALES.items())
def test_a_scale_is_found_or_asked_for(tmp_path, ratings, scale):
    content = "Score\n" + "".join(f"{rating}\n" for rating in ratings.split())
    path = tmp_path / "x.csv"
    path.write_text(content)
    looked = look(path, Mapping(columns=Columns(rating="Score")), name="x")
    assert looked.mapping.scale == scale
    assert [question.option for question in looked.questions] == ([] if scale else ["--scale"])
    there = look(path, Mapping(columns=Columns(rating="Score")), name="x", scales=Scales({"x": "nps"}))
    assert there.mapping.scale is None and not there.questions, "a touchpoint that is there has its scale"


def test_a_polish_header_in_its_old_code_page(tmp_path):
    text = (
        "Sklep;Data;Ocena;Komentarz\nŁódź Główna;01.05.2026 08:15;5;Świetnie, dziękuję\nKraków;01.05.2026 08:15;1;Źle\n"
    )
    looked, answers = seen(tmp_path, text.encode("cp1250"))
    assert looked.layout.encoding == "cp1250"
    assert answers[0] == ("lodz-glowna", MAY, 5, "Świetnie, dziękuję")


def test_four_scripts_make_keys(tmp_path):
    places = {"Nürnberg": "nuernberg", "Москва": "moskva", "北京": "beijing", "Αθήνα": "athina"}
    content = "Filiale,Rating\n" + "".join(f"{place},5\n" for place in places)
    _, answers = seen(tmp_path, content, Mapping(scale="stars"))
    assert [answer[0] for answer in answers] == list(places.values())


def test_three_hundred_columns_and_two_of_one_name(tmp_path):
    names = [f"q{number}" for number in range(298)]
    content = ",".join([*names, "Rating", "Rating"]) + "\n" + ",".join(["x"] * 298 + ["5", "1"]) + "\n"
    looked, answers = seen(tmp_path, content, Mapping(scale="stars"))
    assert looked.names[-2:] == ["Rating", "Rating (2)"] and answers[0][2] == 5
    assert any("Rating (2)" in note for note in looked.notes)


def test_a_column_of_dates_with_gaps_and_placeholders_is_one_and_its_gaps_are_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("date,rating\n2026-05-01 08:15,5\n,4\n1980-01-01,3\nsoon,2\n2026-05-02 09:00,5\n")
    looked = look(path, Mapping(timezone="UTC"), name="x")
    found = preview(path, looked)
    assert looked.mapping.columns.time == "date" and [line for line, _, _ in found.answers] == [2, 6]
    assert [cause.lines for cause in found.causes.values()] == [[3, 4], [5]]


def test_danish_words_are_of_five_and_no_device_becomes_a_touchpoint(tmp_path):
    looked, answers = seen(tmp_path, "Device,Tilfredshed\npixel,Meget tilfreds\niphone,Utilfreds\n")
    assert looked.mapping.scale == "csat" and [answer[0] for answer in answers] == ["shop", "shop"]
    assert [answer[2] for answer in answers] == [5, 2]


def test_a_column_of_counts_is_that_many_answers(tmp_path):
    looked, answers = seen(tmp_path, "Hour,Stars,Count\n2026-05-01 08:15,5,3\n2026-05-01 09:15,1,0\n")
    assert looked.mapping.columns.count == "Count" and answers == [("shop", MAY, 5, None)] * 3


NO_TABLES = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n", "is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
    "no text": (bytes(range(256)) * 20, "no text"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + b"x" * 600, "xlsx"),
    "a cut archive": (b"PK\x03\x04" + b"x" * 100, "archive"),
}


@pytest.mark.parametrize(("content", "said"), NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_told_in_a_sentence(tmp_path, content, said):
    with pytest.raises(FileError, match=said):
        seen(tmp_path, content)


def test_formulas_without_results_are_told(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Rating"])
    book.active.append(["=2+3"])
    packed = io.BytesIO()
    book.save(packed)
    with pytest.raises(FileError, match="formulas without results"):
        seen(tmp_path, packed.getvalue())


def test_an_encoding_that_changes_in_the_middle_is_refused_by_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes("Rating,Comment\n5,größer\n".encode() + "1,kälter\n".encode("cp1252"))
    looked = look(path, Mapping(scale="stars"), name="x")
    found = preview(path, looked)
    assert [line for line, _, _ in found.answers] == [2]
    assert [cause.lines for cause in found.causes.values()] == [[3]]
