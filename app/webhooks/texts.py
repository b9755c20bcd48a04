"""What is sent of an event, made when it is delivered: a customer's words are read then, and kept nowhere else.

So a comment that was erased or changed meanwhile is not told as it was.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from app.models import Delivery, Feedback, Journey, Touchpoint, Webhook
from app.pages.i18n import in_language, messages
from app.touchpoints.scales import scale_of
from app.webhooks import chat_alerts, chats
from app.webhooks.chats import STANDARD
from app.webhooks.events import ALERTS, WITHDRAWN

Places = dict[tuple[str, str | None], Touchpoint | Journey]  # by what it is, and key


def is_plain(hook: Webhook) -> bool:
    """Whether what the outbox holds is sent as it is."""
    return hook.format == STANDARD and not hook.include


def bodies(session: Session, hook: Webhook, rows: Sequence[Delivery], service: str | None) -> dict[UUID, str]:
    """The text of each delivery, by its id; `service` is the public address, which links begin with."""
    events = {row.id: json.loads(row.body) for row in rows}
    if hook.include:
        _include(session, hook.include.split(), rows, events)
    if hook.format == STANDARD:
        return {number: to_json(event).decode() for number, event in events.items()}
    places = _named(session, Touchpoint, events.values()) | _named(session, Journey, events.values())
    return {number: _chat(hook, event, places, service) for number, event in events.items()}


def _named(session: Session, table: Any, events: Iterable[Any]) -> Places:
    """The touchpoints or journeys that events are about."""
    what = table.__name__.lower()
    keys = {event["data"].get(what) for event in events} - {None}
    rows = session.exec(select(table).where(table.key.in_(keys))) if keys else ()
    return {(what, row.key): row for row in rows}


def _include(session: Session, names: list[str], rows: Sequence[Delivery], events: Mapping[UUID, Any]) -> None:
    """Put what the webhook may have into the events; nothing into those of an answer that is gone."""
    keys = [(row.touchpoint_id, row.feedback_id) for row in rows if row.feedback_id and row.type != WITHDRAWN]
    key = tuple_(col(Feedback.touchpoint_id), col(Feedback.id))
    stored = {(one.touchpoint_id, one.id): one for one in session.exec(select(Feedback).where(key.in_(keys)))}
    for row in rows:
        if one := stored.get((row.touchpoint_id or 0, row.feedback_id or row.id)):
            events[row.id]["data"] |= {name: getattr(one, name) for name in names}


def _chat(hook: Webhook, event: Any, places: Places, service: str | None) -> str:
    say, data = messages("chat", hook.language), event["data"]
    row = places.get(("touchpoint", data.get("touchpoint"))) or places.get(("journey", data.get("journey")))
    name = in_language(row.name, hook.language) or row.key if row else ""
    high = scale_of(row).high if isinstance(row, Touchpoint) else 0
    path = chat_alerts.path(data) if event["type"] in ALERTS else f"/touchpoints/{row.key}#comments" if row else ""
    link = f"{service}{path}" if service else None
    return chats.body(hook.format, chats.lines(event, name, high, say), say("open"), link)
