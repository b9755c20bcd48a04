"""Whatever way an answer comes in, it becomes one `Answer`. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

WEB, EMAIL, KIOSK, PAGE, API, IMPORT = SOURCES = ("web", "email", "kiosk", "page", "api", "import")

# How long a customer may change an answer of his own. What a machine sends is final at once.
LOCKS_AFTER = {
    WEB: timedelta(minutes=30),
    PAGE: timedelta(minutes=30),
    EMAIL: timedelta(days=14),
    KIOSK: timedelta(0),
    API: timedelta(0),
    IMPORT: timedelta(0),
}


@dataclass(slots=True)
class Answer:
    """One customer's answer on its way to the table `feedback`, with what storing it needs to know of the touchpoint.

    `flags` and `reasons` are words parted by spaces; `claimed_at` is the time the client gave, as it gave it;
    `pressed_at` is when a rating link was last pressed. `onto` makes of the stored answer and this one what is stored
    from now on; without it that is `merged`. `scale` is the one that the rating was checked against.
    """

    touchpoint_id: int
    id: UUID
    rating: int | None
    comment: str | None
    reasons: str
    source: str
    flags: str
    locale: str | None
    respondent: str | None
    context: dict[str, Any] | None
    occurred_at: datetime
    received_at: datetime
    claimed_at: datetime | None = None
    device_id: int | None = None
    pressed_at: datetime | None = None
    zone: ZoneInfo | None = field(default=None, compare=False)
    review_interval_days: int | None = field(default=None, compare=False)
    onto: "Callable[[Answer, Answer], Answer] | None" = field(default=None, compare=False)
    scale: str | None = field(default=None, compare=False)


def is_locked(answer: Answer, at: datetime) -> bool:
    """Whether the customer can no longer change this answer.

    One that was received before `answer` and stored after it, by another process, say, comes at its first moment.
    """
    return max(at - answer.received_at, timedelta()) >= LOCKS_AFTER[answer.source]


def merged(stored: Answer, said: Answer) -> Answer:
    """The stored answer with what is said anew.

    What is left out stays: a late retry of the bare rating cannot erase a comment.
    """
    moved = said.claimed_at is not None and said.claimed_at != stored.claimed_at
    after = Answer(
        touchpoint_id=stored.touchpoint_id,
        id=stored.id,
        rating=stored.rating if said.rating is None else said.rating,
        comment=said.comment or stored.comment,
        reasons=said.reasons or stored.reasons,
        source=stored.source,
        flags=stored.flags,
        locale=said.locale or stored.locale,
        respondent=said.respondent or stored.respondent,
        context=said.context or stored.context,
        occurred_at=said.occurred_at if moved else stored.occurred_at,
        received_at=stored.received_at,
        claimed_at=said.claimed_at if moved else stored.claimed_at,
        device_id=stored.device_id,
        pressed_at=stored.pressed_at,
        zone=said.zone,
    )
    if after != stored:
        after.flags = " ".join(sorted({*stored.flags.split(), *said.flags.split()}))
    return after
