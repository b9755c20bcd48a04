"""A chat shows a plain sentence with a link, and nothing in a customer's words comes alive there."""

import json

import pytest

from app.webhooks import chats

HOSTILE = (
    "*bold* <!channel> <https://evil.example|click> @everyone [x](https://evil.example) \u202eesrever\n# Touchstone: ok"
)


@pytest.fixture
async def shop(make):
    return await make("shop", name={"en": "Shop", "de": "Laden"})


async def give(client, **answer):
    given = await client.post("/v1/touchpoints/shop/feedback", json=answer)
    assert given.status_code == 201, given.text
    return given.json()["id"]


async def key_with(client, *scopes):
    made = await client.post("/v1/keys", json={"name": "a", "scopes": list(scopes)})
    return {"Authorization": f"Bearer {made.json()['key']}"}


async def test_slack_gets_one_text_in_the_webhook_s_language_with_the_customer_s_words_inert(
    client, shop, subscribe, deliver, receiver
):
    hook = await subscribe("feedback.low_rating", format="slack", language="de", include=["comment", "context"])
    assert (hook["format"], hook["include"]) == ("slack", ["comment", "context"])
    await give(client, rating=1, comment=HOSTILE, context={"order": "<@U1>"})
    await deliver()
    (said,) = receiver.events
    assert said["text"].startswith("Jemand ist unzufrieden mit \u2068Laden\u2069: 1 von 5.\n") and not said["mrkdwn"]
    assert "bold" in said["text"] and "reverse"[::-1] in said["text"]
    for alive in ("<", ">", "evil.example", "://", "@everyone", "*bold*", "\u202e", "\n#"):
        assert alive not in said["text"], alive


async def test_teams_gets_a_card_whose_text_is_never_read_as_markdown(client, shop, subscribe, deliver, receiver):
    await subscribe("feedback.created", format="teams", include=["comment"])
    await give(client, comment=HOSTILE)
    await deliver()
    card = receiver.events[0]["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"} and card["type"] == "AdaptiveCard"
    assert "bold" in card["body"][1]["inlines"][0]["text"] and "evil.example" not in json.dumps(card)


async def test_without_the_opt_in_a_chat_hears_only_that_there_is_a_comment(client, shop, subscribe, deliver, receiver):
    await subscribe("feedback.low_rating", format="slack")
    await give(client, rating=1, comment="secret words")
    await deliver()
    assert "secret words" not in receiver.seen[0][1] and "wrote something" in receiver.events[0]["text"]


async def test_a_standard_webhook_may_include_the_comment_and_it_is_signed(client, shop, subscribe, deliver, receiver):
    await subscribe("feedback.created", include=["comment"])
    await give(client, rating=4, comment="Nice", context={"order": "1"})
    await deliver()
    data = receiver.events[0]["data"]
    assert data["comment"] == "Nice" and "context" not in data and "webhook-signature" in receiver.seen[0][0]


async def test_a_comment_that_was_erased_before_it_is_delivered_is_not_told(
    client, shop, subscribe, deliver, receiver, clock
):
    await subscribe("feedback.created", format="slack", include=["comment"])
    receiver.statuses = [503, 200]
    erased = await give(client, rating=1, comment="erased words")
    await deliver()  # this was told of once, and was not taken
    await client.delete(f"/v1/feedback/{erased}")
    clock.goes(minutes=10)
    await deliver()
    assert sum("erased" in body for _, body in receiver.seen) == 1


async def test_a_comment_that_was_changed_before_it_is_taken_is_told_as_it_is_then(
    client, shop, subscribe, deliver, receiver, clock
):
    await subscribe("feedback.created", format="slack", include=["comment"])
    receiver.statuses = [503, 200]
    number = await give(client, rating=1, comment="first words")
    await deliver()
    again = {"id": number, "rating": 1, "comment": "other words"}
    assert (await client.post("/v1/touchpoints/shop/feedback", json=again)).status_code == 200
    clock.goes(minutes=10)
    await deliver()
    assert ["first" in body for _, body in receiver.seen] == [True, False] and "other" in receiver.seen[1][1]


async def test_only_who_may_read_answers_makes_or_turns_a_webhook_that_includes_them(client, shop, subscribe, anybody):
    writer = await key_with(client, "webhooks:write", "webhooks:read")
    said = {"url": "https://hooks.example/x", "events": ["feedback.created"], "include": ["comment"]}
    assert (await anybody.post("/v1/webhooks", json=said, headers=writer)).status_code == 403
    made = (await client.post("/v1/webhooks", json=said)).json()
    turned = await anybody.patch(f"/v1/webhooks/{made['id']}", json={"url": "https://mine.example/"}, headers=writer)
    assert turned.status_code == 403 and turned.json()["code"] == "scope_missing"


async def test_the_secret_in_a_chat_s_address_is_shown_nowhere(client, shop, caplog):
    url = "https://hooks.slack.com/services/T0/B0/verysecret"
    said = {"url": url, "events": ["feedback.created"], "format": "slack"}
    made = await client.post("/v1/webhooks", json=said)
    number = made.json()["id"]
    shown = [made, await client.get("/v1/webhooks"), await client.get(f"/v1/webhooks/{number}")]
    back = await client.patch(f"/v1/webhooks/{number}", json={"url": made.json()["url"], "language": "pl"})
    assert back.json()["url"] == "https://hooks.slack.com/***"
    assert not [answer.text for answer in (*shown, back) if "verysecret" in answer.text]
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize("status", [404, 410])
async def test_a_chat_that_is_gone_is_switched_off_and_shown(client, shop, subscribe, deliver, receiver, status):
    hook = await subscribe("feedback.created", format="slack")
    receiver.statuses = [status]
    await give(client, rating=4)
    await deliver()
    found = (await client.get(f"/v1/webhooks/{hook['id']}")).json()
    assert not found["enabled"] and str(status) in found["disabled_because"]


async def test_a_chat_that_is_busy_gets_the_rest_when_it_said_and_one_at_a_time(
    client, shop, subscribe, deliver, receiver, clock
):
    await subscribe("feedback.created", format="teams")
    receiver.statuses, receiver.extra = [429, 200], "Retry-After: 30\r\n"
    for rating in (3, 4):
        await give(client, rating=rating)
    await deliver()
    await deliver()
    assert len(receiver.seen) == 1
    for _ in range(2):
        clock.goes(seconds=31)
        await deliver()
    assert len(receiver.seen) == 3


def test_a_long_text_is_shortened_and_keeps_its_direction_to_itself():
    said = chats.inert("א" * 4000, 500)
    assert said[0] == "\u2068" and said[-1] == "\u2069" and len(said) == 503


def test_a_link_of_ours_is_the_only_one():
    event = {"type": "feedback.low_rating", "data": {"rating": 1}}
    said = chats.lines(event, "Shop", 5, lambda key, **values: f"{key} {values['touchpoint']}")
    text = json.loads(chats.body(chats.SLACK, said, "Open", "https://us.example/touchpoints/shop"))["text"]
    assert text.endswith("<https://us.example/touchpoints/shop|Open>")
