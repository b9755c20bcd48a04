"""Files that say ratings by the labels of a company's own scale, in whichever of its languages."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboard.company import press
from tests.uploads.bringing import brought, facts, imported

ROOT = Path(__file__).parents[2]
LABELS = {
    "1": {"en": "Excellent", "de": "Hervorragend", "da": "Fremragende", "pl": "Znakomicie"},
    "2": {"en": "Good", "de": "Gut", "da": "Godt", "pl": "Dobrze"},
    "3": {"en": "Fair", "de": "Mittelmäßig", "da": "Nogenlunde", "pl": "Średnio"},
    "4": {"en": "Bad", "de": "Schlecht", "da": "Dårligt", "pl": "Źle"},
}
SCALE = {"key": "visit", "from": 1, "to": 4, "satisfied_from": 2, "drawing": "numbers", "reversed": True}
# Two stores on that scale and a till with stars, as a survey tool gives them: a row in each of four languages and more.
FILE = """Filiale;Datum;Bewertung;Kommentar
Nord;01.05.2026 08:15;Hervorragend;größer als gedacht
Nord;02.05.2026 09:00; GUT ;
Süd;03.05.2026 10:30;Fremragende;venligt personale
Süd;04.05.2026 11:00;średnio;długa kolejka
Nord;05.05.2026 12:45;Bad;no parking
Süd;06.05.2026 16:20;Mittelmässig;
Süd;07.05.2026 17:20;Dårligt.;for dyrt
Nord;08.05.2026 18:00;4;
Nord;09.05.2026 18:30;Super;weiter so
Kasse;10.05.2026 19:00;5;
"""
NORD = {(1, "größer als gedacht"), (2, None), (4, "no parking"), (4, None)}
SUED = {(1, "venligt personale"), (3, "długa kolejka"), (3, None), (4, "for dyrt")}


@pytest.fixture
async def stores(client, make) -> None:
    made = await client.post("/v1/scales", json=SCALE | {"labels": LABELS})
    assert made.status_code == 201, made.text
    for key in ("nord", "sued"):
        await make(key, scale="visit")
    await make("kasse", scale="stars")


async def answers(client, key: str) -> set[tuple[int | None, str | None]]:
    items = (await client.get(f"/v1/feedback?touchpoint={key}&limit=100")).json()["items"]
    return {(item["rating"], item["comment"]) for item in items}


async def test_labels_in_four_languages_are_ratings_and_a_word_that_is_none_is_refused_by_its_line(
    client, person, stores
):
    path = await brought(person, "umfrage.csv", FILE)
    page = (await person.get(path)).text
    said = "Fremragende = 1, Hervorragend = 1, GUT = 2, Mittelmässig = 3, średnio = 3, Bad = 4, Dårligt. = 4."
    assert f"Read as labels of the scale visit: {said}" in page, page
    assert "their rows are refused: super." in page, page
    report = await imported(person, path)
    assert (facts(report)["Answers stored"], facts(report)["Refused"]) == (9, 1)
    assert "“Super” is no rating" in report and "Line 10" in report, report
    assert (await answers(client, "nord"), await answers(client, "sued")) == (NORD, SUED)
    assert await answers(client, "kasse") == {(5, None)}


async def test_the_command_reads_labels_and_what_map_says_of_a_word_comes_first(client, stores, database_url, tmp_path):
    path = tmp_path / "umfrage.csv"
    path.write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "app.cli", "import", str(path), "--touchpoint-column", "Filiale", "--day-first"]
    command += ["--rating-column", "Bewertung", "--comment-column", "Kommentar", "--map", "gut=3"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOUCHSTONE_DATABASE_URL": database_url}
    run = lambda: subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)  # noqa: E731
    done = await asyncio.to_thread(run)
    assert done.returncode == 1 and "1 refused" in done.stdout, done.stdout + done.stderr
    assert "'Super' is not" in done.stdout + done.stderr
    assert await answers(client, "nord") == NORD - {(2, None)} | {(3, None)}


async def test_a_label_that_two_ratings_share_is_refused(client, person, make):
    labels = {"1": {"en": "Poor"}, "2": {"en": "Fair", "da": "OK"}, "3": {"en": "OK"}, "4": {"en": "Great"}}
    scale = SCALE | {"key": "odd", "reversed": False, "satisfied_from": 3, "labels": labels}
    assert (await client.post("/v1/scales", json=scale)).status_code == 201
    await make("hall", scale="odd")
    path = await brought(person, "hall.csv", "Rating,Comment\nOK,a\nFair,b\nGREAT,c\n")
    assert facts(await imported(person, path))["Answers stored"] == 2
    assert await answers(client, "hall") == {(2, "b"), (4, "c")}


async def test_a_touchpoint_that_is_made_on_the_scale_is_rated_by_its_labels(client, person, stores):
    path = await brought(person, "hall.csv", "Rating,Comment\nGut,a\nfremragende,b\n")
    said = {"touchpoint": "hall", "rating": "0", "comment": "1", "scale": "visit"}
    assert (await press(person, path, path, **said)).status_code == 303
    german = (await person.get(f"{path}?lang=de")).text
    assert "Als Beschriftungen der Skala visit gelesen: fremragende = 1, Gut = 2." in german, german
    await person.get(f"{path}?lang=en")
    assert facts(await imported(person, path))["Answers stored"] == 2
    assert await answers(client, "hall") == {(2, "a"), (1, "b")}
