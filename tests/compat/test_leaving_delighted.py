"""The walk of somebody who leaves Delighted: his export, a look, the import, the same figures, his old client."""

import asyncio
import csv
import os
import random
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.conftest import ADMIN
from tests.reliability.server import Server

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # the package says that the service was closed
    import delighted

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests/importer/samples/delighted.csv"
FIRST = datetime(2025, 3, 1, 7, 30, tzinfo=UTC)
COMMENTS = ("", "", "Quick delivery", 'He said "soon", and\nnothing came', "größer als gedacht 👍", "=1+1", "  ")


class Response(NamedTuple):
    """A survey response as it stands in the export."""

    email: str
    score: int
    comment: str
    at: datetime


@pytest.fixture(scope="module")
def responses() -> list[Response]:
    """A year of one shop: 60 people, some of whom answered several times."""
    dice = random.Random(7)
    people = [f"Person{number}@Example.com" for number in range(60)]
    scores = [0, 3, 5, 6, 7, 8, 8, 9, 9, 10, 10, 10]
    return [
        Response(dice.choice(people), dice.choice(scores), dice.choice(COMMENTS), FIRST + timedelta(hours=number * 29))
        for number in range(300)
    ]


@pytest.fixture
def export(tmp_path, responses) -> Path:
    path = tmp_path / "delighted.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        file.write(SAMPLE.read_text(encoding="utf-8").partition("\n")[0] + "\n")
        for number, one in enumerate(responses):
            at = f"{one.at:%Y-%m-%d %H:%M:%S} UTC"
            said = [7000 + number, one.email, "Ann", one.score, one.comment, at, at]
            writer.writerow([*said, f"https://app.delighted.com/r/{number}", "shop,new", "", "Aarhus", "Pro"])
    return path


@pytest.fixture
def touchstone(sqlite_url, tmp_path):
    """Runs the command on the database of this test: touchstone("import", path)."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TOUCHSTONE_DATABASE_URL": sqlite_url}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def nps(found: list[Response]) -> int:
    """By the definition: promoters (9, 10) less detractors (0 to 6), in per cent of all."""
    return round(100 * sum((one.score >= 9) - (one.score <= 6) for one in found) / len(found))


def test_who_leaves_delighted_has_his_history_his_figures_and_his_client(
    sqlite_url, tmp_path, export, responses, touchstone
):
    looked = touchstone("import", export)
    assert looked.returncode == 2 and "Nothing was imported" in looked.stderr
    for said in ("recognised as an export of delighted", "300 rows", "column 'Score'", "column 'Created At'", "nps"):
        assert said in looked.stdout, looked.stdout
    assert "2025-03-01" in looked.stdout and "@" not in looked.stdout, "the first rows are shown, and no address"

    moved = touchstone("import", export, "--yes")
    assert moved.returncode == 0, moved.stderr
    mean = f"{sum(one.score for one in responses) / len(responses):.2f}"
    assert moved.stdout.count(mean) == 2 and moved.stdout.count("300") >= 2, "of the file, and of what is stored"
    again = touchstone("import", export, "--yes")
    assert again.returncode == 0 and "300 there already" in " ".join(again.stdout.split()), again.stdout

    scopes = [f"--scope={scope}" for scope in ("feedback:read", "feedback:write", "scores:read", "links:write")]
    made = touchstone("keys", "create", "old-client", "--touchpoint", "delighted", *scopes)
    key = next(word for word in made.stdout.split() if word.startswith("tsk_"))
    server = Server(sqlite_url, tmp_path / "log")
    server.start()
    try:
        asyncio.run(server.ready())
        address = f"http://127.0.0.1:{server.port}"
        client = delighted.Client(key, f"{address}/compat/delighted/v1/", delighted.http_adapter)
        goes_on(client, responses)
        score = httpx.get(f"{address}/v1/touchpoints/delighted/score", headers=ADMIN).raise_for_status().json()
    finally:
        server.stop()
    assert score["count"] == 301 and score["distribution"]["10"] == 1 + sum(one.score == 10 for one in responses)


def goes_on(client: delighted.Client, responses: list[Response]) -> None:
    """What his scripts do: figures, pages, times, a person's answers, and a new one."""
    figures = delighted.Metrics.retrieve(client=client)
    assert (figures.nps, figures.response_count) == (nps(responses), 300)
    assert figures.promoter_count == sum(one.score >= 9 for one in responses)
    half = FIRST + timedelta(days=180)
    since = [one for one in responses if one.at >= half]
    assert delighted.Metrics.retrieve(client=client, since=half).response_count == len(since)

    pages = [delighted.SurveyResponse.all(client=client, per_page=100, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100, 100, 100, 0]
    listed = [item for page in pages for item in page]
    assert [item.score for item in listed] == [one.score for one in responses], "the oldest first"
    assert [item.created_at for item in listed] == [int(one.at.timestamp()) for one in responses]
    assert [item.comment or "" for item in listed] == [one.comment.strip() for one in responses]
    assert listed[0].tags == ["shop", "new"] and listed[0].person_properties == {"Location": "Aarhus", "Plan": "Pro"}
    recent = delighted.SurveyResponse.all(client=client, since=half, per_page=100, order="desc")
    assert [item.score for item in recent] == [one.score for one in reversed(since)][:100]

    email = responses[0].email
    of_one = [one.score for one in responses if one.email == email]
    assert len(of_one) > 1, "he answered more than once"
    found = delighted.SurveyResponse.all(client=client, person_email=email.lower())
    assert [item.score for item in found] == of_one and len({item.person for item in found}) == 1
    person = delighted.Person.create(client=client, email=email)
    assert person.id == found[0].person == delighted.Person.create(client=client, email=email).id
    delighted.SurveyResponse.create(client=client, person=person.id, score=10, comment="Again")
    after = delighted.SurveyResponse.all(client=client, person_id=person.id, order="desc", expand=["person"])
    assert [item.score for item in after][:1] == [10] and len(after) == len(of_one) + 1
    assert after[0].person.id == person.id
