"""Whatever the importer says can be said on a page, in each language and with the same values."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from app.dashboard.import_words import said_in_words
from app.dashboard.localized import Localized, texts
from app.importer import encodings, scale_guess
from app.importer.answers import Columns
from app.importer.look import look
from app.importer.mapping import Mapping, from_toml, of_json, to_json, to_toml
from app.importer.preview import preview
from app.importer.sentence import Sentence

APP = Path(__file__).parents[2] / "app"
CODES = {f"file.is_{name}" for _, name, _ in encodings._NO_TABLES} | {"note.preset", "note.preset_by_api"}
CODES |= {f"why.{name}" for name in ("no_scale", "spread", "named", "ten", "several")}


def codes() -> set[str]:
    """The codes that stand in the importer: the first argument of `Sentence`, or of what makes one."""
    found = set(CODES)
    for path in [*(APP / "importer").glob("*.py"), *(APP / "uploads").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                group, _, name = node.value.partition(".")
                if group in ("file", "row", "left", "note", "ask", "order", "why") and re.fullmatch(
                    r"\w+[a-z0-9]", name
                ):
                    found.add(node.value)
    return found


@pytest.mark.parametrize("language", ["en", "de", "da", "pl"])
def test_each_code_has_a_text(language):
    lacking = {code for code in codes() if f"import.{code}" not in texts(language)}
    assert len(codes()) > 70 and not lacking


def test_each_text_of_a_code_is_used():
    groups = ("import.file.", "import.row.", "import.left.", "import.note.", "import.ask.", "import.why.")
    assert not {key for key in texts("en") if key.startswith(groups)} - {f"import.{code}" for code in codes()}


SAID = [
    "Rating,Comment\n" + "".join(f"{n},x\n" for n in (1, 9, 10)),
    "Rating,Comment\n4.5,x\n80 %,y\nso so,z\n7/10,z\n",
    "Rating,When\n5,03/04/2026\n4,\n3,1950-01-01\n2,2026-01-01 10:00 QST\n1\n",
]


@pytest.mark.parametrize("language", ["en", "de", "da", "pl"])
@pytest.mark.parametrize("content", SAID)
def test_what_is_said_of_a_file_has_the_values_that_its_texts_need(tmp_path, language, content):
    (tmp_path / "a.csv").write_text(content)
    said: list[Sentence] = []
    for columns in (Columns(), Columns(touchpoint="a", rating="Rating", time="When" if "When" in content else None)):
        looked = look(tmp_path / "a.csv", Mapping(columns, timezone="UTC"))
        found = preview(tmp_path / "a.csv", looked)
        said += [*looked.notes, *(question.text for question in looked.questions), *found.left]
        said += [cause.example for cause in found.causes.values()]
    t = Localized(language, texts(language))
    assert len(said) > 1 and all("{" not in said_in_words(t, one.told) for one in said)


def test_a_sentence_is_its_english_text_and_keeps_its_values():
    said = Sentence("row.width", "has {cells} cells where the header has {width}", cells=3, width="{4}")
    assert said == "has 3 cells where the header has {4}" and f"{said}." == "has 3 cells where the header has {4}."
    assert said.told == {"code": "row.width", "values": {"cells": 3, "width": "{4}"}}
    outer = Sentence("why.other", "{why}!", why=said)
    assert outer.told["values"]["why"] == said.told


def test_the_values_of_a_code_are_those_that_its_texts_name():
    """Where the code stands in the call: `Sentence("row.width", text, cells=..., width=...)`."""
    seen = 0
    for path in [*(APP / "importer").glob("*.py"), *(APP / "uploads").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
                code, values = node.args[0], {keyword.arg for keyword in node.keywords}
                if isinstance(code, ast.Constant):
                    text = str(texts("pl")[f"import.{code.value}"])
                    assert {name for _, name, _, _ in Formatter().parse(text) if name} <= values, code.value
                    seen += 1
    assert seen > 50
    for code in ("no_scale", "spread", "named", "ten", "several"):
        assert scale_guess._spread(code, "", 1, 9).values.keys() == {"low", "high"}


def test_a_mapping_comes_back_from_json_and_from_toml():
    said = Mapping(words={"😀 great": 5, "so so": 3}, day_first=False, timezone="Europe/Berlin")
    assert of_json(to_json(said)) == said == from_toml(to_toml(said))
