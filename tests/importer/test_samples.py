"""A made-up export of each service goes in without an option, with its counts and means."""

from pathlib import Path

import pytest

from app.importer.look import look
from app.importer.mapping import Mapping, from_toml, to_toml
from app.importer.presets import NAMES
from app.importer.preview import ratings_of
from app.importer.run import Import, Wish
from app.secret import pseudonym

SAMPLES = Path(__file__).parent / "samples"
# By sample: what its answers are (ratings, comments), the touchpoints, the scale, and how many rows say nothing.
EXPECTED = {
    "delighted": ([9, 3, 10], 2, {"delighted"}, "nps", 0),
    "formbricks": ([10, 0, 8], 2, {"formbricks"}, "nps", 0),
    "typeform": ([5, 2, 4], 2, {"typeform"}, "csat", 0),
    "google-forms": ([5, 2, 4], 2, {"google-forms"}, "csat", 0),
    "surveymonkey": ([5, 3, 1], 2, {"surveymonkey"}, "csat", 1),
    "happyornot": ([4, 4, 4, 3, 3, 1, 4, 3, 2, 2], 0, {"nuernberg-ausgang", "koebenhavn-h"}, "smiley", 1),
    "zendesk": ([1, 0, 1], 2, {"zendesk"}, "thumbs", 2),
    "google-reviews": ([5, 2], 1, {"google-reviews"}, "stars", 0),
    "limesurvey": ([9, 4], 1, {"limesurvey"}, "nps", 1),
    "chatwoot": ([5, 1, 4], 2, {"chatwoot"}, "csat", 1),
    "qualtrics": ([10, 7], 1, {"qualtrics"}, "nps", 1),
}


@pytest.fixture
def database_url(sqlite_url):
    """One database: what is read out of a file hangs on neither, and storing it is tried on both elsewhere."""
    return sqlite_url


def sample(name: str) -> Path:
    return next(SAMPLES.glob(f"{name}.*"))


async def moved_in(app, path: Path, said: Mapping | None = None, name: str = "file"):
    """Import what `look` understands; the tally and the mapping."""
    looked = look(path, said or Mapping(), name=name)
    assert looked.mapping is not None and not looked.questions, looked.questions
    mapping = looked.mapping
    wish = Wish(
        mapping.scale, create_touchpoints=True, layout=looked.layout, ratings=ratings_of(mapping),
        day_first=mapping.day_first, person=lambda text: pseudonym(b"secret", text),
    )  # fmt: skip
    return await Import(app.state.db, mapping.columns, wish).run(path, lambda *_: None), mapping


def test_each_preset_has_a_sample():
    assert set(NAMES) == set(EXPECTED) == {path.stem for path in SAMPLES.iterdir()}


@pytest.mark.parametrize("name", NAMES)
async def test_the_sample_goes_in_whole_and_only_once(app, client, name):
    ratings, comments, places, scale, left = EXPECTED[name]
    tally, mapping = await moved_in(app, sample(name))
    assert (tally.created, tally.refused, tally.left_out) == (len(ratings), 0, left), tally.errors
    items = (await client.get("/v1/feedback?limit=200")).json()["items"]
    assert sorted(item["rating"] for item in items) == sorted(ratings)
    assert sum(1 for item in items if item["comment"]) == comments
    assert {item["touchpoint"] for item in items} == places == set(tally.of_file)
    assert sorted(rating for count in tally.of_file.values() for rating in count.elements()) == sorted(ratings)
    assert all("2026-05-01" <= item["occurred_at"] < "2026-05-15" for item in items)
    assert {(await client.get(f"/v1/touchpoints/{key}")).json()["scale"] for key in places} == {scale}
    assert not any("@" in (item["respondent"] or "") for item in items)
    again, _ = await moved_in(app, sample(name), from_toml(to_toml(mapping)))
    assert (again.created, again.same, again.refused) == (0, len(ratings), 0)


async def test_delighteds_properties_and_tags_stand_beside_the_answer(app, client):
    await moved_in(app, sample("delighted"))
    items = {item["rating"]: item for item in (await client.get("/v1/feedback")).json()["items"]}
    assert items[9]["context"] == {"Tags": "shipping,happy", "Location": "Berlin", "Plan": "Pro"}
    assert items[10]["context"] == {"Location": "Berlin"}
    assert items[9]["respondent"] == pseudonym(b"secret", "ANN@example.com ")


async def test_the_names_of_places_are_kept_as_they_were_written(app, client):
    await moved_in(app, sample("happyornot"))
    assert (await client.get("/v1/touchpoints/nuernberg-ausgang")).json()["name"] == {"en": "Nürnberg Ausgang"}
