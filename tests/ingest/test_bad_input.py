"""What cannot be used gets a clear error, and nothing is stored."""

import gzip
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import client_of

URL = "/v1/touchpoints/checkout/feedback"
JSON = {"Content-Type": "application/json"}


def ago(**span: float) -> str:
    return (datetime.now(UTC) - timedelta(**span)).isoformat()


BODIES = {
    "a rating beyond the scale": ({"rating": 6}, 422, "rating_out_of_scale", "body.rating"),
    "a fraction": ({"rating": 4.5}, 422, "invalid_request", "body.rating"),
    "a whole number as a fraction": ({"rating": 4.0}, 422, "invalid_request", "body.rating"),
    "a rating in quotes": ({"rating": "4"}, 422, "invalid_request", "body.rating"),
    "a truth value": ({"rating": True}, 422, "invalid_request", "body.rating"),
    "a huge number": ({"rating": 10**30}, 422, None, "body.rating"),
    "neither rating nor comment": ({"rating": None}, 422, "empty_feedback", "body.rating"),
    "a comment of blanks alone": ({"comment": "  \n "}, 422, "empty_feedback", "body.rating"),
    "a comment of 5,000 characters": ({"comment": "x" * 5000}, 422, "invalid_request", "body.comment"),
    "a comment of control characters alone": ({"comment": "\0\x1b"}, 422, "empty_feedback", "body.rating"),
    "an unknown field": ({"rating": 4, "ip": "1"}, 422, "invalid_request", "body.ip"),
    "a time 91 days ago": ({"rating": 4, "occurred_at": ago(days=91)}, 422, "occurred_too_long_ago", "body.occurred"),
    "the year 1": ({"rating": 4, "occurred_at": "0001-01-01T00:00:00Z"}, 422, None, "body.occurred_at"),
    "a time without its offset": (
        {"rating": 4, "occurred_at": "2026-01-01T10:00:00"},
        422,
        "invalid_request",
        "body.occurred_at",
    ),
    "an id that is none": ({"rating": 4, "id": "../../etc"}, 422, "invalid_request", "body.id"),
    "an e-mail address as respondent": ({"rating": 4, "respondent": "a@b.example"}, 422, "invalid_request", None),
    "a list instead of an answer": ([{"rating": 4}], 422, "invalid_request", "body"),
}


@pytest.mark.parametrize("body,status,code,place", BODIES.values(), ids=BODIES.keys())
async def test_a_bad_answer_is_refused_with_its_place_and_not_stored(client, make, body, status, code, place):
    await make("checkout", scale="stars")
    answer = await client.post(URL, json=body)
    problem = answer.json()
    assert answer.status_code == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert code is None or problem["code"] == code
    assert place is None or any(error["place"].startswith(place) for error in problem["errors"]), problem
    assert (await client.get("/v1/feedback")).json()["items"] == []


RAW = {
    "broken JSON": (b'{"rating": 4', JSON, 400, "malformed_body"),
    "no body": (b"", JSON, 400, "malformed_body"),
    "a lone surrogate": (b'{"comment": "\\ud800"}', JSON, None, None),
    "bytes that are no UTF-8": (b'{"comment": "\xff\xfe"}', JSON, 400, "malformed_body"),
    "deep nesting": (b"[" * 30_000, JSON, 400, "malformed_body"),
    "deep nesting inside a field": (b'{"context":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, JSON, None, None),
    "ten megabytes": (b'{"comment": "' + b"x" * 10_000_000 + b'"}', JSON, 413, "body_too_large"),
    "a form": (b"rating=4", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    "no content type": (b'{"rating": 4}', {}, 415, "unsupported_media_type"),
    "a compressed body": (gzip.compress(b'{"rating": 4}'), JSON | {"Content-Encoding": "gzip"}, None, None),
}


@pytest.mark.parametrize("body,headers,status,code", RAW.values(), ids=RAW.keys())
async def test_a_body_that_cannot_be_read_is_refused(client, make, body, headers, status, code):
    await make("checkout")
    answer = await client.post(URL, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert status is None or answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 0


@pytest.mark.parametrize("key", ["..%2f..%2fetc%2fpasswd", "%00", "nothing", "CHECKOUT", "a" * 500, "checkout%20"])
async def test_an_unknown_touchpoint_is_refused_whatever_its_name(client, make, key):
    await make("checkout")
    answer = await client.post(f"/v1/touchpoints/{key}/feedback", json={"rating": 4})
    assert answer.status_code == 404
    assert answer.json()["code"] in ("touchpoint_unknown", "not_found")


async def test_an_archived_touchpoint_takes_no_answers_and_keeps_the_old_ones(client, make):
    await make("checkout")
    await client.post(URL, json={"rating": 4})
    assert (await client.delete("/v1/touchpoints/checkout")).json()["archived_at"]
    refused = await client.post(URL, json={"rating": 4})
    assert refused.status_code == 410 and refused.json()["code"] == "touchpoint_archived"
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 1
    await client.patch("/v1/touchpoints/checkout", json={"archived": False})
    assert (await client.post(URL, json={"rating": 4})).status_code == 201


async def test_four_byte_characters_and_every_script_come_back_as_sent(client, make):
    await make("checkout")
    comment = "😀 żółć Größe ærø 漢字 עברית \u200f"
    sent = await client.post(URL, json={"comment": comment})
    assert sent.status_code == 201
    stored = await client.get(f"/v1/feedback/{sent.json()['id']}")
    assert stored.json()["comment"] == comment.strip()


async def test_a_page_from_elsewhere_may_not_post_and_learns_nothing(client, anybody, make):
    await make("checkout", origins=["https://shop.example", "https://*.shop.example:8443"])
    for origin in ("https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"):
        refused = await anybody.post(URL, json={"rating": 1}, headers={"Origin": origin})
        assert refused.status_code == 403 and refused.json()["code"] == "origin_not_allowed"
        assert "access-control-allow-origin" not in refused.headers
    for origin in ("https://shop.example", "https://www.shop.example:8443"):
        taken = await anybody.post(URL, json={"rating": 5}, headers={"Origin": origin})
        assert taken.status_code == 201 and taken.json()["source"] == "web"
        assert taken.headers["access-control-allow-origin"] == origin
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 2


async def test_a_page_that_may_post_can_read_why_it_was_refused(anybody, make):
    await make("checkout", origins=["https://shop.example"])
    refused = await anybody.post(URL, json={"rating": 9}, headers={"Origin": "https://shop.example"})
    assert refused.status_code == 422
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"


async def test_without_key_and_origin_nothing_is_taken(anybody, make):
    await make("checkout")
    refused = await anybody.post(URL, json={"rating": 5})
    assert refused.status_code == 401 and refused.json()["code"] == "key_required"
    assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_a_wrong_or_revoked_key_is_refused_even_with_a_good_origin(app, client, make):
    await make("checkout", origins=["https://shop.example"])
    made = (await client.post("/v1/keys", json={"name": "shop", "scopes": ["feedback:write"]})).json()
    async with client_of(app, headers={"Authorization": f"Bearer {made['key']}"}) as shop:
        assert (await shop.post(URL, json={"rating": 5})).status_code == 201
        assert (await shop.get("/v1/touchpoints/checkout/score")).json()["code"] == "scope_missing"
        await client.delete(f"/v1/keys/{made['id']}")
        assert (await shop.post(URL, json={"rating": 5})).json()["code"] == "key_invalid"
        with_origin = await shop.post(URL, json={"rating": 5}, headers={"Origin": "https://shop.example"})
        assert with_origin.status_code == 401


async def test_a_filled_trap_is_stored_as_spam_and_not_counted(client, anybody, make):
    await make("checkout", origins=["https://shop.example"])
    web = {"Origin": "https://shop.example"}
    trapped = await anybody.post(URL, json={"rating": 1, "website": "http://spam.example"}, headers=web)
    linked = await anybody.post(URL, json={"rating": 1, "comment": "http://a.example www.b.example"}, headers=web)
    assert [trapped.json()["flags"], linked.json()["flags"]] == [["spam"], ["spam"]]
    score = (await client.get("/v1/touchpoints/checkout/score")).json()
    assert score["count"] == 0 and score["excluded"] == {"spam": 2}
    assert score["metrics"]["mean"] is None
    await client.patch(f"/v1/feedback/{linked.json()['id']}", json={"flags": []})
    score = (await client.get("/v1/touchpoints/checkout/score")).json()
    assert score["count"] == 1 and score["excluded"] == {"spam": 1}


async def test_a_batch_of_a_thousand_and_one_is_refused_whole(client, make):
    await make("checkout")
    items = [{"touchpoint": "checkout", "rating": 4}] * 1001
    refused = await client.post("/v1/feedback/batch", json={"items": items})
    assert refused.status_code == 422 and refused.json()["errors"][0]["place"] == "body.items"
    lines = "\n".join(json.dumps(item) for item in items)
    refused = await client.post("/v1/feedback/batch", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert refused.status_code == 422
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 0


async def test_bad_items_in_the_middle_of_a_batch_do_not_sink_the_others(client, make):
    await make("checkout")
    good = {"touchpoint": "checkout", "rating": 4}
    items = [good, {"touchpoint": "nowhere", "rating": 4}, good | {"rating": 9}, "text", None, good | {"x": 1}, good]
    answer = (await client.post("/v1/feedback/batch", json={"items": items})).json()
    assert [result["status"] for result in answer["results"]] == ["created", *["rejected"] * 5, "created"]
    assert [result["index"] for result in answer["results"]] == list(range(7))
    assert answer["created"] == 2 and answer["rejected"] == 5
    assert answer["results"][2]["error"]["code"] == "rating_out_of_scale"
    assert (await client.get("/v1/touchpoints/checkout/score")).json()["count"] == 2


async def test_a_torn_last_line_is_refused_and_the_lines_before_it_are_stored(client, make):
    await make("checkout")
    lines = [json.dumps({"touchpoint": "checkout", "rating": 4, "id": str(uuid.uuid4())}) for _ in range(3)]
    torn = "\n".join([*lines, lines[0][:20]])
    ndjson = {"Content-Type": "application/x-ndjson"}
    answer = (await client.post("/v1/feedback/batch", content=torn, headers=ndjson)).json()
    assert answer["created"] == 3 and answer["results"][3]["error"]["code"] == "malformed_body"
    again = (await client.post("/v1/feedback/batch", content="\n".join(lines), headers=ndjson)).json()
    assert again["duplicate"] == 3 and again["created"] == 0


async def test_the_same_id_belongs_to_one_touchpoint_only(client, make):
    await make("checkout")
    await make("invoice")
    number = str(uuid.uuid4())
    for key in ("checkout", "invoice"):
        answer = await client.put(f"/v1/touchpoints/{key}/feedback/{number}", json={"rating": 4})
        assert answer.status_code == 201
