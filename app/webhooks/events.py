"""The events that a webhook can subscribe to. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

from app.scores.segment_values import NONE, Said, reader
from app.scores.slices import Answered

CREATED, CHANGED, WITHDRAWN, LOW_RATING = EVENTS = (
    "feedback.created",
    "feedback.changed",
    "feedback.withdrawn",
    "feedback.low_rating",
)
OPENED, CLOSED, DROPPED, RISEN = "alert.opened", "alert.closed", "score.dropped", "score.risen"
TARGET_MET, TARGET_MISSED, ACTION_DECIDED = "target.met", "target.missed", "action.decided"
DEVICE_SILENT, SILENT, REVIEW_DUE = "device.silent", "touchpoint.silent", "review.due"
ALERTS = (
    *(OPENED, CLOSED, DROPPED, RISEN),
    *(TARGET_MET, TARGET_MISSED, ACTION_DECIDED),
    *(DEVICE_SILENT, SILENT, REVIEW_DUE),
)
LINK_CREATED = "link.created"
TEST = "webhook.test"
# How many times the settling time an answer waits to be told, unless its comment is there. A press on a rating link may
# be contradicted for two minutes, and then counts no more: a score can take an answer back, a message cannot. What a
# machine sends is whole.
SETTLES = {"web": 1, "page": 1, "email": 2}


class Told(Answered, Said, Protocol):
    """What an event says of an answer, or is decided by."""

    id: UUID
    trace: str | None


def happened(before: Told | None, after: Told | None, poor: range) -> list[str]:
    """The events in an answer's change from `before` to `after`; None: it was not there, or it is gone.

    Only what counts is told: a held press, spam or a test becomes an event when somebody lets it count, and an answer
    that no longer counts is withdrawn. `poor` are the ratings that are low on the touchpoint's scale.
    """
    was, now = _counting(before), _counting(after)
    if now is None:
        return [WITHDRAWN] * (was is not None)
    changed = was is not None and _said(was) != _said(now)
    low = is_low(now, poor) and not (was is not None and is_low(was, poor))
    return [CREATED] * (was is None) + [CHANGED] * changed + [LOW_RATING] * low


def settled(answer: Told, at: datetime, settling: timedelta) -> datetime:
    """When to tell of an answer that was changed `at`: when its comment is there, or nothing came for so long."""
    return at if answer.comment else at + settling * SETTLES.get(answer.source, 0)


def folded(untold: Collection[str], since: Collection[str], *, low: bool) -> list[str]:
    """What there is to tell in all, of what was not told yet and what happened since; whether the answer is low now."""
    names = {*untold, *since}
    names -= {CHANGED} if CREATED in names else set()
    names -= set() if low else {LOW_RATING}
    return [name for name in EVENTS if name in names]


def counts(answer: Told | None) -> bool:
    """Whether it is there, and no flag keeps it out of the scores."""
    return answer is not None and not answer.flags


def _counting(answer: Told | None) -> Told | None:
    return answer if counts(answer) else None


def _said(answer: Told) -> tuple[Any, ...]:
    return answer.rating, answer.comment, answer.reasons, answer.occurred_at


def is_low(answer: Told, poor: range) -> bool:
    return answer.rating is not None and answer.rating in poor


def segments(answer: Told, keys: Iterable[str]) -> list[str]:
    """Where an answer was given, by the keys that its touchpoint declares, such as `store:nord`."""
    said = ((key, reader(key)(answer)) for key in keys)
    return [f"{key}:{value}" for key, value in said if value != NONE]


def about(name: str, answer: Told, touchpoint: str, scale: str, where: Sequence[str] = ()) -> Mapping[str, Any]:
    """What is said of an answer: nothing that a customer wrote and no person; who may read that, asks for the id.

    `where` are its `segments`.
    """
    which = {"id": answer.id, "touchpoint": touchpoint}
    if name == WITHDRAWN:
        return which
    return which | {
        "scale": scale,
        "rating": answer.rating,
        "has_comment": bool(answer.comment),
        "reasons": answer.reasons.split(),
        "source": answer.source,
        "segments": where,
        "occurred_at": answer.occurred_at,
    }


def about_link(number: UUID, touchpoint: str, ends: datetime) -> Mapping[str, Any]:
    """What is said of a rating link: the answer that it may give, and neither the link nor whose it is."""
    return {"id": number, "touchpoint": touchpoint, "expires_at": ends}


def body(name: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The JSON text that is signed and sent, the same at each try."""
    return to_json({"type": name, "timestamp": at, "data": data}).decode()
