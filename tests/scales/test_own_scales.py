"""A company's own scale: everything follows from its entry, in every process, on both databases."""

import asyncio

import pytest

from app.answers import inbox
from app.answers.schemas import AnswerFilter
from app.ids import uuid7
from app.importer.answers import Columns
from app.importer.rows import FileError
from app.importer.run import Import, Tally, Wish
from app.settings import Settings
from app.touchpoints.scales import SCALES
from tests.conftest import client_of, running

GRADES = {
    "key": "grades",
    "from": 1,
    "to": 6,
    "satisfied_from": 2,
    "reversed": True,
    "drawing": "numbers",
    "labels": {"1": {"de": "sehr gut", "en": "very good"}, "6": {"de": "ungenügend", "en": "insufficient"}},
}
SIX = {
    "key": "six",
    "from": 1,
    "to": 6,
    "satisfied_from": 5,
    "drawing": "numbers",
    "labels": {"1": "awful", "6": "superb"},
}


WRONG = [
    ({"to": 1}, "body.to"),
    ({"to": 11}, "body.to"),
    ({"from": "1"}, "body.from"),
    ({"satisfied_from": 1}, "body.satisfied_from"),
    ({"satisfied_from": 7}, "body.satisfied_from"),
    ({"drawing": "stars"}, "body.drawing"),
    ({"drawing": "thumbs"}, "body.drawing"),
    ({"nps": True}, "body.nps"),
    ({"labels": {"1": "awful"}}, "body.labels.6"),
    ({"labels": {"1": "awful", "6": "superb", "9": "?"}}, "body.labels.9"),
    ({"labels": {"1": "awful", "6": {}}}, "body.labels.6"),
    ({"key": "x" * 17}, "body.key"),
    ({"key": "Ünï"}, "body.key"),
    ({"colour": "red"}, "body.colour"),
]


async def rate(client, *ratings, touchpoint="shop"):
    items = [{"touchpoint": touchpoint, "rating": rating} for rating in ratings]
    done = (await client.post("/v1/feedback/batch", json={"items": items})).json()
    assert done["created"] == len(ratings), done


async def test_the_scales_of_the_product_are_listed_with_words_in_each_language(client):
    items = {item["key"]: item for item in (await client.get("/v1/scales")).json()["items"]}
    assert list(items) == list(SCALES)
    assert items["csat"]["labels"]["5"]["de"] == "Sehr zufrieden" and items["nps"]["labels"].keys() == {"0", "10"}
    assert (items["stars4"]["from"], items["stars4"]["to"], items["stars4"]["drawing"]) == (1, 4, "stars")
    assert (await client.get("/v1/scales/yes_no")).json() == items["yes_no"]
    assert (await client.patch("/v1/scales/stars", json={"labels": {}})).json()["code"] == "scale_built_in"
    assert (await client.delete("/v1/scales/stars")).status_code == 409


async def test_what_follows_from_a_scale_of_ones_own(client, make, anybody):
    made = await client.post("/v1/scales", json=SIX)
    assert made.status_code == 201 and made.json()["metrics"] == ["mean", "index", "csat"]
    assert made.json()["labels"] == {"1": {"en": "awful"}, "6": {"en": "superb"}} and not made.json()["used"]
    shop = await make("shop", scale="six", public=True, target={"metric": "mean", "value": 6})
    assert shop["question"]["en"] == "How was it?" and shop["warnings"] == []
    refused = await client.post("/v1/touchpoints/shop/feedback", json={"rating": 7})
    assert refused.json()["code"] == "rating_out_of_scale" and "1 to 6" in refused.json()["errors"][0]["message"]
    await rate(client, 6, 6, 5, 2)
    score = (await client.get("/v1/touchpoints/shop/score")).json()
    assert score["scale"] == "six" and list(score["distribution"]) == ["1", "2", "3", "4", "5", "6"]
    assert (score["metrics"]["mean"]["value"], score["metrics"]["csat"]["value"]) == (4.75, 75.0)
    widget = (await anybody.get("/v1/touchpoints/shop/widget")).json()
    assert (widget["scale"], widget["low"]) == ("ces", "awful")
    assert widget["choices"][3] | {"icon": None} == widget["choices"][3] and widget["choices"][3]["word"] == "4 of 6"
    rating = (await anybody.get("/v1/touchpoints/shop/aggregate-rating")).json()
    assert (rating["ratingValue"], rating["bestRating"], rating["worstRating"]) == (4.75, 6, 1)
    assert "4.8/6" in (await anybody.get("/v1/touchpoints/shop/badge.svg")).text
    link = (await client.post("/v1/links", json={"touchpoint": "shop", "recipients": [{}]})).json()["items"][0]
    assert len(link["urls"]) == 6 and "1 is “awful”, 6 is “superb”" in link["html"]
    page = (await anybody.get(link["urls"]["4"].removeprefix("http://testserver"))).text
    assert "4 of 6" in page and "superb" in page
    assert "scale ces n6" in (await anybody.get("/t/shop")).text


async def test_of_school_grades_one_is_best_everywhere(client, make, anybody):
    await client.post("/v1/scales", json=GRADES)
    wrong = await client.post(
        "/v1/touchpoints", json={"key": "shop", "scale": "grades", "target": {"metric": "mean", "value": 2}}
    )
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["place"] == "body.target.metric"
    await make("shop", scale="grades", public=True, target={"metric": "csat", "value": 80})
    await rate(client, 1, 1, 1, 2, 6)
    metrics = (await client.get("/v1/touchpoints/shop/score")).json()["metrics"]
    assert [metrics[name]["value"] for name in ("mean", "index", "csat")] == [2.2, 76.0, 80.0]
    assert (await anybody.get("/v1/touchpoints/shop/aggregate-rating")).json()["ratingValue"] == 4.8
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 6, "comment": "Never again."})
    await client.post("/v1/touchpoints/shop/feedback", json={"rating": 1, "comment": "Thank you."})
    new = (await client.get("/v1/feedback", params={"handling": "new"})).json()["items"]
    assert [item["comment"] for item in new] == ["Never again."]


async def test_a_scale_that_cannot_be_is_refused_with_its_place(client):
    for change, place in WRONG:
        answer = await client.post("/v1/scales", json=SIX | change)
        assert answer.status_code == 422 and answer.json()["code"] == "invalid_request"
        assert place in [error["place"] for error in answer.json()["errors"]], answer.text


async def test_a_scale_in_use_keeps_its_ratings_and_its_labels_may_change(client, make, anybody):
    await client.post("/v1/scales", json=SIX)
    assert (await client.post("/v1/scales", json=SIX)).json()["code"] == "key_taken"
    assert (await client.post("/v1/scales", json=SIX | {"key": "nps"})).json()["code"] == "key_taken"
    free = await client.patch("/v1/scales/six", json={"to": 5, "labels": {"1": "awful", "5": "superb"}})
    assert free.json()["to"] == 5 and free.json()["satisfied_from"] == 5
    await make("shop", scale="six")
    for change in ({"to": 4}, {"satisfied_from": 4}, {"ces": True}, {"reversed": True, "satisfied_from": 2}):
        whole = change | ({"labels": {"1": "awful", "4": "superb"}, "satisfied_from": 4} if "to" in change else {})
        assert (await client.patch("/v1/scales/six", json=whole)).json()["code"] == "scale_in_use", change
    assert (await client.delete("/v1/scales/six")).json()["code"] == "scale_in_use"
    said = await client.patch("/v1/scales/six", json={"labels": {"1": "oh no", "5": {"en": "wow", "de": "toll"}}})
    assert said.status_code == 200 and said.json()["used"]
    assert (await anybody.get("/v1/touchpoints/shop/widget")).json()["high"] == "wow"
    await client.patch("/v1/touchpoints/shop", json={"scale": "stars"})
    assert (await client.delete("/v1/scales/six")).status_code == 204
    assert (await client.get("/v1/scales/six")).json()["code"] == "scale_unknown"
    nothing = await client.patch("/v1/scales/other", json={"labels": None})
    assert nothing.json()["code"] == "scale_unknown"
    unknown = await client.patch("/v1/touchpoints/shop", json={"scale": "six"})
    assert unknown.json()["errors"][0]["place"] == "body.scale"


async def test_a_question_that_does_not_fit_a_scale_of_ones_own_is_told(client, make):
    await client.post("/v1/scales", json=SIX | {"asks": "agree"})
    made = await make("shop", scale="six", question="How was it?")
    assert made["warnings"][0]["place"] == "body.question.en"
    assert (await make("desk", scale="six"))["question"]["en"].startswith("It was easy")
    assert (await make("yes", scale="yes_no", question="How was it?"))["warnings"]
    assert not (await make("other", scale="agree7", question="It was easy to pay."))["warnings"]


async def test_another_process_sees_a_new_scale_and_new_labels(client, make, database_url):
    async with running(Settings(database_url=database_url, admin_key="other" * 8)) as other, client_of(other) as there:
        await make("shop")
        assert (await there.get("/v1/touchpoints/shop/widget")).json()["scale"] == "stars"
        await client.post("/v1/scales", json=SIX)
        await client.patch("/v1/touchpoints/shop", json={"scale": "six"})
        await asyncio.sleep(1.1)
        assert (await there.get("/v1/touchpoints/shop/widget")).json()["low"] == "awful"
        await client.patch("/v1/scales/six", json={"labels": {"1": "oh no", "6": "superb"}})
        await asyncio.sleep(1.1)
        assert (await there.get("/v1/touchpoints/shop/widget")).json()["low"] == "oh no"


async def test_a_tablet_gets_a_scale_of_ones_own_with_its_words(client, make, anybody):
    await client.post("/v1/scales", json=GRADES)
    await make("shop", scale="grades")
    await make("desk", scale="points7")
    device = (await client.post("/v1/devices", json={"name": "Exit", "touchpoints": ["shop", "desk"]})).json()
    config = (await anybody.post("/v1/devices/pair", json={"code": device["pairing_code"]})).json()
    shop, desk = config["touchpoints"]
    assert desk["drawn"] is None and shop["drawn"]["de"]["ends"] == ["sehr gut", "ungenügend"]
    assert (shop["drawn"]["de"]["look"], len(shop["drawn"]["de"]["choices"])) == ("ces", 6)


async def test_a_file_is_imported_onto_a_scale_of_ones_own(app, client, tmp_path):
    await client.post("/v1/scales", json=SIX)
    (tmp_path / "six.csv").write_text("shop,stars\nHamburg,6\nKiel,7\n")
    columns = Columns(touchpoint_column="shop", rating="stars")

    async def run(scale: str, *, dry_run: bool) -> Tally:
        wish = Wish(scale, create_touchpoints=True, dry_run=dry_run)
        return await Import(app.state.db, columns, wish).run(tmp_path / "six.csv", lambda *_: None)

    for dry_run in (True, False):
        tally = await run("six", dry_run=dry_run)
        assert (tally.created, tally.refused) == (1, 1) and "scale 1 to 6" in tally.errors[0][1]
    assert (await client.get("/v1/touchpoints/hamburg")).json()["scale"] == "six"
    with pytest.raises(FileError, match="There is no scale hearts"):
        await run("hearts", dry_run=True)


async def test_the_unhappiest_stand_first_whatever_the_scale(app, client, make):
    await client.post("/v1/scales", json=GRADES)
    await client.post("/v1/scales", json=SIX)
    for key, scale, rating in (("a", "stars", 2), ("b", "grades", 6), ("c", "six", 6), ("d", "grades", 2)):
        await make(key, scale=scale)
        await client.post(f"/v1/touchpoints/{key}/feedback", json={"rating": rating, "comment": "Well."})
    found = await app.state.db.read(lambda session: inbox.page(session, AnswerFilter(), "unhappy", 0, 9))
    assert [item["touchpoint"] for item in found] == ["b", "a", "d", "c"]


async def test_a_low_rating_on_a_reversed_scale_is_told_to_a_webhook(app, client, make):
    await client.post("/v1/scales", json=GRADES)
    await make("shop", scale="grades")
    hook = {"url": "https://93.184.216.34/", "events": ["feedback.low_rating"]}
    number = (await client.post("/v1/webhooks", json=hook)).json()["id"]
    for rating in (1, 6):
        said = {"rating": rating, "comment": "So it was.", "id": str(uuid7())}
        assert (await client.post("/v1/touchpoints/shop/feedback", json=said)).status_code == 201
    sent = (await client.get(f"/v1/webhooks/{number}/deliveries")).json()["items"]
    assert [item["type"] for item in sent] == ["feedback.low_rating"]
