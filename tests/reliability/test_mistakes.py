"""Whoever makes a mistake is told in our own words what it is and how to mend it."""

import re
from typing import Any

import pytest

from tests.conftest import ADMIN_KEY

LIBRARY = re.compile(r"Input |String |List |Value |Field |Extra |UUID input|Dictionary |Value error|pydantic")
FEEDBACK = "/v1/touchpoints/shop/feedback?strict=true"
SCORE = "/v1/touchpoints/shop/score"
MISTAKES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", FEEDBACK, {"json": {"rating": "4"}}, "body.rating"),
    ("POST", FEEDBACK, {"json": {"rating": 4.5, "comment": 5, "x": 1}}, "body.rating body.comment body.x"),
    ("POST", FEEDBACK, {"json": {"comment": "x" * 5000, "reasons": "x"}}, "body.comment body.reasons"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "id": "x"}}, "body.id"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "occurred_at": "x"}}, "body.occurred_at"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "occurred_at": "2026-01-01T10:00:00"}}, "body.occurred_at"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "occurred_at": 5}}, "body.occurred_at"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "respondent": "a@b.example"}}, "body.respondent"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "context": {"a": {"b": 1}}}}, "body.context.a"),
    ("POST", FEEDBACK, {"json": {"rating": 4, "context": "x", "locale": "C"}}, "body.context body.locale"),
    ("POST", FEEDBACK, {"json": []}, "body"),
    ("POST", FEEDBACK, {"content": b"{", "headers": {"Content-Type": "application/json"}}, "body"),
    ("POST", "/v1/touchpoints", {"json": {}}, "body"),
    (
        "POST",
        "/v1/touchpoints",
        {"json": {"kind": "x", "importance": 9, "public": "yes"}},
        "body.kind body.importance body.public",
    ),
    (
        "POST",
        "/v1/touchpoints",
        {"json": {"key": "A B", "name": {"x": "a"}, "tags": ["a b"]}},
        "body.key body.name.x.[key] body.tags.0",
    ),
    (
        "POST",
        "/v1/touchpoints",
        {"json": {"key": "a", "timezone": "Mars", "origins": ["x"]}},
        "body.timezone body.origins.0",
    ),
    (
        "POST",
        "/v1/touchpoints",
        {"json": {"key": "a", "target": {"metric": "x", "value": "1", "by": "x"}}},
        "body.target.metric body.target.value body.target.by",
    ),
    (
        "POST",
        "/v1/links",
        {"json": {"touchpoint": "shop", "recipients": [], "expires_in": 1}},
        "body.recipients body.expires_in",
    ),
    ("POST", "/v1/webhooks", {"json": {"url": "", "events": ["x"]}}, "body.url body.events.0"),
    ("POST", "/v1/keys", {"json": {"name": "", "scopes": ["x"]}}, "body.name body.scopes.0"),
    ("POST", "/v1/devices", {"json": {"name": "x\0", "touchpoints": []}}, "body.name body.touchpoints"),
    ("GET", SCORE, {"params": {"since": "x", "days": 0, "interval": "year"}}, "query.since query.days query.interval"),
    ("GET", SCORE, {"params": {"since": "1900-01-01", "until": "5"}}, "query.since query.until"),
    (
        "GET",
        "/v1/feedback",
        {"params": {"limit": "x", "has_comment": "x", "rating_min": "-1", "q": ""}},
        "query.limit query.has_comment query.rating_min query.q",
    ),
]


async def test_every_kind_of_mistake_has_a_sentence_and_a_mend_of_ours_at_its_place(client, make):
    await make("shop")
    for method, path, sent, places in MISTAKES:
        answer = await client.request(method, path, **sent)
        assert answer.status_code in (400, 422), (path, sent, answer.text)
        errors = answer.json()["errors"]
        assert {error["place"] for error in errors} == set(places.split()), (sent, errors)
        for error in errors:
            assert error["message"] and not LIBRARY.search(error["message"]), error
            assert error["mend"] and error["mend"][0].isupper() and "{" not in error["message"], error


@pytest.mark.parametrize(
    ("language", "said"), [("de", "Wählen Sie"), ("da", "Vælg"), ("pl", "Prosimy"), ("en", "Choose")]
)
async def test_a_form_says_it_in_the_readers_language(anybody, make, language, said):
    await make("shop")
    await anybody.post("/login", data={"key": ADMIN_KEY})
    for path, data in (("/devices", {"name": "Exit"}), ("/keys", {"name": "Shop"})):
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await anybody.get(path)).text)
        assert token
        answer = await anybody.post(f"{path}?lang={language}", data={"csrf": token[1], **data})
        assert (
            answer.status_code == 422 and said in answer.text and not LIBRARY.search(answer.text.partition("<main")[2])
        )


async def test_a_mistake_in_one_of_several_forms_is_told_for_the_form_that_was_meant(client, make):
    await make("shop")
    long = await client.post(FEEDBACK, json={"rating": 4, "context": {"page": "x" * 501}})
    assert [error["message"] for error in long.json()["errors"]] == ["has more than 500 characters"]
    never = await client.get(SCORE, params={"since": "2026-13-01"})
    assert [error["message"] for error in never.json()["errors"]] == ["is neither a time nor a date"]
