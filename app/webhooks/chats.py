"""What a chat shows of an event: a plain sentence with a link, and the customer's words as words only. Pure.

Slack's and Teams' own markup, links and mentions must not come alive in what a customer wrote.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json

from app.webhooks import chat_alerts
from app.webhooks.events import ALERTS, CHANGED, CREATED, LINK_CREATED, LOW_RATING, TEST, WITHDRAWN

STANDARD, SLACK, TEAMS = FORMATS = ("standard", "slack", "teams")
COMMENT_MOST, CONTEXT_MOST = 500, 300  # characters; the whole text is behind the link
MASK = "***"
_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_ALIVE = re.compile(r"(?<=[.@:/#\\])(?=\S)|(?<=\S)(?=[@#*_~`\[])|^(?=[@#*_~`>\[-])")
_KEYS = {
    CREATED: "created",
    CHANGED: "changed",
    LOW_RATING: "low",
    WITHDRAWN: "withdrawn",
    TEST: "test",
    LINK_CREATED: "link",
}
Say = Callable[..., str]


def masked(url: str, format_: str) -> str:
    """The address as it may be shown: who knows the path of a chat's address can write there."""
    if format_ == STANDARD:
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?]', rest, maxsplit=1)[0]}/{MASK}"


def inert(text: str, most: int) -> str:
    """One line of at most so many characters without control of direction, where nothing is a link or a mention.

    A word joiner, which nobody sees, parts what a chat would recognize; isolates keep the direction to itself.
    """
    line = " ".join(_BIDI.sub("", text).split())
    line = line if len(line) <= most else f"{line[:most].rstrip()}…"
    return f"\u2068{_ALIVE.sub(chr(0x2060), line)}\u2069"


def lines(event: Mapping[str, Any], name: str, high: int, say: Say) -> list[str]:
    """What there is to say: a sentence, and what was said, as far as the event holds it. `name` is the touchpoint's."""
    if event["type"] in ALERTS:
        return [chat_alerts.sentence(event, inert(name, 200), inert, say)]
    data, key = event["data"], _KEYS[event["type"]]
    rating = data.get("rating")
    which = f"{key}_rated" if rating is not None else key
    said = [say(which, touchpoint=inert(name, 200), rating=rating, high=high)]
    if comment := data.get("comment"):
        said.append(inert(comment, COMMENT_MOST))
    elif data.get("has_comment"):
        said.append(say("has_comment"))
    if context := data.get("context"):
        said.append(inert(", ".join(f"{key}: {value}" for key, value in context.items()), CONTEXT_MOST))
    return said


def body(format_: str, said: list[str], label: str, link: str | None) -> str:
    """The JSON that the chat takes, with a link of ours behind the text."""
    return to_json(_slack(said, label, link) if format_ == SLACK else _teams(said, label, link)).decode()


def _slack(said: list[str], label: str, link: str | None) -> dict[str, Any]:
    text = "\n".join(said).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text += f"\n<{link}|{label}>" if link else ""
    return {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def _teams(said: list[str], label: str, link: str | None) -> dict[str, Any]:
    """An adaptive card, as Workflows take it. Only a RichTextBlock shows text without reading it as Markdown."""
    blocks = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]} for line in said]
    opening = [{"type": "Action.OpenUrl", "title": label, "url": link}] if link else []
    card = {"type": "AdaptiveCard", "version": "1.4", "body": blocks, "actions": opening}
    card["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json"
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
