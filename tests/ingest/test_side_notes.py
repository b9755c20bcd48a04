"""A rating and a comment are kept whatever goes with them; what had to give way is said."""

import asyncio
import json
import uuid
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.ingest.channels import API
from app.ingest.routes import refusal, to_answer
from app.ingest.schemas import AnswerIn
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY, client_of, running

URL = "/v1/touchpoints/checkout/feedback"
SHOP = {"Origin": "https://shop.example"}
REASONS = [{"key": "staff", "label": "Staff"}, {"key": "price", "label": "Price"}]
LONG = "https://shop.example/?gclid=" + "x" * 900
NOTES = {
    "a long address": ({"context": {"page": LONG}}, "context.page", {"context": {"page": LONG[:500]}}),
    "nested context": ({"context": {"a": {"b": 1}, "c": 2}}, "context.a", {"context": {"c": 2}}),
    "context that is a text": ({"context": "checkout"}, "context", {"context": None}),
    "too many entries": (
        {"context": {f"key{n}": "x" * n for n in range(30)} | {"test": True}},
        "context.key29",
        {"context": {f"key{n}": "x" * n for n in range(19)} | {"test": True}},
    ),
    "large context": (
        {"context": dict.fromkeys("abcde", "x" * 499) | {"store": "nord"}},
        "context.e",
        {"context": dict.fromkeys("abc", "x" * 499) | {"store": "nord"}},
    ),
    "control characters in context": ({"context": {"a": "1\x0b2\0"}}, "context.a", {"context": {"a": "1\n2"}}),
    "a removed reason": ({"reasons": ["staff", "gone"]}, "reasons", {"reasons": ["staff"]}),
    "reasons that are none": ({"reasons": {"staff": True}}, "reasons", {"reasons": []}),
    "a word processor's line": ({"comment": "a\x0bb\x0cc\x85d"}, "comment", {"comment": "a\nb\nc\nd"}),
    "an escape sequence": ({"comment": "\x1b[31mred\0"}, "comment", {"comment": "[31mred"}),
    "a system's locale": ({"locale": "en_US.UTF-8"}, "locale", {"locale": "en_US"}),
    "a locale with a modifier": ({"locale": "de_DE@currency=EUR"}, "locale", {"locale": "de_DE"}),
    "no language": ({"locale": "C"}, "locale", {"locale": None}),
}  # fmt: skip
PERSONAL = {
    "a long respondent": ({"respondent": "x" * 300}, "respondent", {"respondent": None}),
    "an address in clear": ({"respondent": "a@b.example"}, "respondent", {"respondent": None}),
    "an unknown field": ({"screen": "wide"}, "screen", {}),
    "a time without its offset": ({"occurred_at": "2026-01-01T10:00:00"}, "occurred_at", {}),
}


def places(answer):
    return {warning["place"] for warning in answer["warnings"]}


@pytest.fixture
async def checkout(make):
    return await make("checkout", origins=["https://shop.example"], reasons=REASONS)


@pytest.mark.parametrize("who", ["key", "browser"])
async def test_side_notes_cost_no_answer(client, anybody, checkout, who):
    sender, headers = (client, {}) if who == "key" else (anybody, SHOP)
    for name, (body, place, kept) in (NOTES | (PERSONAL if who == "browser" else {})).items():
        sent = await sender.post(URL, json={"rating": 4} | body, headers=headers)
        assert sent.status_code == 201, (name, sent.text)
        assert f"body.{place}" in places(sent.json()), (name, sent.json()["warnings"])
        assert all(warning["message"] for warning in sent.json()["warnings"])
        stored = (await client.get(f"/v1/feedback/{sent.json()['id']}")).json()
        assert {key: stored[key] for key in kept} == kept and stored["rating"] == 4, name
    plain = await sender.post(URL, json={"rating": 4, "comment": "good"}, headers=headers)
    assert plain.json()["warnings"] == []


async def test_a_key_may_ask_for_strictness(client, anybody, checkout):
    for name, (body, place, _) in (NOTES | PERSONAL).items():
        strict = await client.post(f"{URL}?strict=true", json={"rating": 4} | body)
        assert strict.status_code == 422, (name, strict.text)
        assert strict.json()["errors"][0]["place"].startswith(f"body.{place.partition('.')[0]}")
        assert strict.json()["code"] == ("unknown_reason" if name == "a removed reason" else "invalid_request")
        item = {"touchpoint": "checkout", "rating": 4} | body
        batch = (await client.post("/v1/feedback/batch?strict=true", json={"items": [item]})).json()
        assert batch["rejected"] == 1, name
    assert (await client.post(f"{URL}?strict=maybe", json={"rating": 4})).status_code == 422
    assert (await client.get("/v1/feedback")).json()["items"] == []
    asked = await anybody.post(f"{URL}?strict=true", json={"rating": 4, "locale": "C"}, headers=SHOP)
    assert asked.status_code == 201, "a browser's answer is kept whatever its address says"


async def test_what_is_wrong_with_the_answer_itself_stays_wrong(client, anybody, checkout):
    for body in ({"rating": 9}, {"rating": None}, {"comment": " \x0b "}, {"comment": "x" * 4001}, {"rating": "4"}, []):
        for sender, headers in ((client, {}), (anybody, SHOP)):
            answer = await sender.post(URL, json=body, headers=headers)
            assert answer.status_code == 422, (body, answer.text)
    for body in ({"rating": 4, "respondent": "a@b.example"}, {"rating": 4, "coment": "typo"}):
        assert (await client.post(URL, json=body)).status_code == 422, "a program is told at once"


@pytest.mark.parametrize("ndjson", [False, True])
async def test_a_batch_keeps_each_item_and_says_what_gave_way(client, checkout, ndjson):
    items = [{"touchpoint": "checkout", "rating": 4} | body for body, _, _ in NOTES.values()]
    items += [{"touchpoint": "checkout", "rating": 9}, {"touchpoint": "checkout", "rating": 5}]
    if ndjson:
        content = "\n".join(map(json.dumps, items))
        answer = await client.post(
            "/v1/feedback/batch", content=content, headers={"Content-Type": "application/x-ndjson"}
        )
    else:
        answer = await client.post("/v1/feedback/batch", json={"items": items})
    said = answer.json()
    assert (said["created"], said["rejected"]) == (len(NOTES) + 1, 1)
    assert all(result["warnings"] for result in said["results"][: len(NOTES)])
    assert not said["results"][-1]["warnings"]


async def test_a_tablets_answers_outlive_their_reasons(app, client, checkout):
    made = (await client.post("/v1/devices", json={"name": "Exit", "touchpoints": ["checkout"]})).json()
    key = (await client.post("/v1/devices/pair", json={"code": made["pairing_code"]})).json()["key"]
    items = [
        {"id": str(uuid.uuid4()), "touchpoint": "checkout", "rating": n, "reasons": ["price"], "locale": "C"}
        for n in (1, 2, 3)
    ]
    await client.patch("/v1/touchpoints/checkout", json={"reasons": REASONS[:1]})
    async with client_of(app, headers={"Authorization": f"Bearer {key}"}) as tablet:
        said = (await tablet.post("/v1/feedback/batch", json={"items": items})).json()
    assert said["created"] == 3 and all(len(result["warnings"]) == 2 for result in said["results"])


async def test_an_emoji_cut_in_two_costs_a_browser_nothing(client, anybody, checkout):
    half = b'{"rating":4,"comment":"cut \\ud83d","context":{"a\\ude00":"b"},"\\ud83dx":1}'
    sent = await anybody.post(URL, content=half, headers=SHOP | {"Content-Type": "text/plain"})
    assert sent.status_code == 201 and sent.json()["comment"] == "cut ?" and "body" in places(sent.json())
    for body in (b'{"rating":4,"comment":"\\ud83d"', b'{"rating":NaN,"comment":"\\ud83d"}'):
        broken = await anybody.post(URL, content=body, headers=SHOP | {"Content-Type": "text/plain"})
        assert broken.status_code == 400 and broken.json()["code"] == "malformed_body"


async def test_what_was_stored_before_is_json_too(sqlite_url):
    settings = Settings(database_url=sqlite_url, admin_key=ADMIN_KEY)
    async with running(settings) as app, client_of(app, headers=ADMIN) as client:
        await client.post("/v1/touchpoints", json={"key": "checkout"})
        await client.post(URL, json={"rating": 4, "context": {"x": 1}})
        spoilt = text("""UPDATE feedback SET context = '{"x": NaN, "y": -Infinity}'""")
        await app.state.db.write(lambda session: session.execute(spoilt))
        listed, exported = await client.get("/v1/feedback"), await client.get("/v1/feedback/export?format=ndjson")
    for answer in (json.loads(listed.content)["items"][0], json.loads(exported.content)):
        assert answer["context"] == {"x": None, "y": None}


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 600]


async def test_numbers_that_are_none_are_refused_wherever_json_is_read(app, client, anybody, checkout):
    made = (await client.post("/v1/devices", json={"name": "Exit", "touchpoints": ["checkout"]})).json()
    key = (await client.post("/v1/devices/pair", json={"code": made["pairing_code"]})).json()["key"]
    tablet = {"Authorization": f"Bearer {key}"}
    bodies = [
        ("POST", URL, '{"rating":3,"context":{"x":%s}}', {}),
        ("POST", f"{URL}?strict=true", '{"rating":3,"context":{"x":%s}}', {}),
        ("POST", URL, '{"rating":3,"context":{"x":[1,{"y":%s}]}}', {}),
        ("PUT", f"{URL}/{uuid.uuid4()}", '{"rating":3,"context":{"x":%s}}', {}),
        ("POST", "/v1/links", '{"touchpoint":"checkout","recipients":[{"context":{"x":%s}}]}', {}),
        ("POST", "/v1/touchpoints", '{"kind":"payment","target":{"metric":"mean","value":%s}}', {}),
        ("PATCH", "/v1/touchpoints/checkout", '{"target":{"metric":"mean","value":%s}}', {}),
        ("POST", "/v1/journeys", '{"key":"way","name":"Way","target":{"value":%s}}', {}),
        ("POST", "/v1/webhooks", '{"url":"https://a.example","events":["feedback.created"],"touchpoints":[%s]}', {}),
        ("POST", "/v1/devices/heartbeat", '{"queue_depth":0,"oldest_age_s":%s}', tablet),
        ("POST", "/v1/devices/heartbeat", '{"queue_depth":0,"asked":[{"touchpoint":"checkout","age_s":%s}]}', tablet),
    ]  # fmt: skip
    for number in NO_NUMBERS:
        for method, path, body, headers in bodies:
            sent = {"Content-Type": "application/json"} | headers
            answer = await client.request(method, path, content=body % number, headers=sent)
            assert answer.status_code in (400, 422), (number[:9], path, answer.status_code)
        keyless = await anybody.post(URL, content=bodies[0][2] % number, headers=SHOP | {"Content-Type": "text/plain"})
        assert keyless.status_code == 400 and keyless.json()["code"] == "malformed_body"
        good = '{"touchpoint":"checkout","rating":4}'
        bad = good.replace("4", '3,"context":{"x":number}').replace("number", number)
        for content, kind in (('{"items":[' + good + "," + bad + "]}", "json"), (f"{good}\n{bad}", "x-ndjson")):
            said = await client.post(
                "/v1/feedback/batch", content=content, headers={"Content-Type": f"application/{kind}"}
            )
            assert [result["status"] for result in said.json()["results"]] == ["created", "rejected"], number[:9]
    listed = await client.get("/v1/feedback?limit=200")
    assert {item["rating"] for item in json.loads(listed.content, parse_constant=pytest.fail)["items"]} == {4}


@pytest.mark.parametrize(
    "fault", [{"rating": 2**70}, {"comment": "\ud800"}, {"respondent": "a\0b", "touchpoint_id": 2**40}]
)
async def test_whatever_the_database_refuses_its_neighbours_are_stored(app, client, checkout, fault):
    known = await app.state.registry.get("checkout")

    def answers(count):
        return [to_answer(known, AnswerIn(rating=4), API, None, datetime.now(UTC)) for _ in range(count)]

    bad, many = answers(1)[0], answers(40)
    for name, value in fault.items():
        setattr(bad, name, value)
    alone = [app.state.writer.submit([answer]) for answer in (*answers(3), bad, *answers(3))]
    came = await asyncio.gather(*alone, return_exceptions=True)
    assert [isinstance(each, Exception) for each in came] == [False] * 3 + [True] + [False] * 3
    together = await app.state.writer.submit([*many[:17], bad, *many[17:]])
    assert [place for place, outcome in enumerate(together) if refusal(outcome)] == [17]
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 46
    assert app.state.writer.depth == 0
