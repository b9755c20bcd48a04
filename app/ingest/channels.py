"""The sources of answers: each becomes one `Answer`, and locks after its own time. Pure."""

from collections.abc import Callable, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.folding import searchable

WEB, EMAIL, KIOSK, PAGE, API, IMPORT = SOURCES = ("web", "email", "kiosk", "page", "api", "import")
KEYLESS = frozenset({WEB, PAGE})

# How long an answer may be changed, on the way it came. What comes from a tablet or a file is final at once.
LOCKS_AFTER = {
    WEB: timedelta(minutes=30),
    PAGE: timedelta(minutes=30),
    EMAIL: timedelta(days=14),
    KIOSK: timedelta(0),
    API: timedelta(minutes=30),
    IMPORT: timedelta(0),
}


@dataclass(slots=True)
class Answer:
    """One customer's answer on its way to the table `feedback`, with what storing it needs to know of the touchpoint.

    `flags` and `reasons` are words parted by spaces; `claimed_at` is the time the client gave, as it gave it;
    `pressed_at` is when a rating link was last pressed; `secret_hash` is of what only the sender knows. `given` names
    what he said, empty or not: the rest was left out. `onto` makes of the stored answer and this one what is stored
    from now on; without it that is `merged`. `scale` is the one that the rating was checked against; `trace` is the
    `traceparent` of the request, if those are kept.
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
    secret_hash: str | None = None
    zone: ZoneInfo | None = field(default=None, compare=False)
    repeat_days: int | None = field(default=None, compare=False)
    given: Set[str] = field(default=frozenset(), compare=False)
    scale: str | None = field(default=None, compare=False)
    onto: "Callable[[Answer, Answer], Answer] | None" = field(default=None, compare=False)
    trace: str | None = field(default=None, compare=False)

    @property
    def words(self) -> str | None:
        """What a search finds the comment by."""
        return searchable(self.comment)


def is_locked(answer: Answer, at: datetime) -> bool:
    """Whether the customer can no longer change this answer.

    One that was received before `answer` and stored after it, by another process, say, comes at its first moment.
    """
    return max(at - answer.received_at, timedelta()) >= LOCKS_AFTER[answer.source]


def came_alike(stored: Answer, said: Answer) -> bool:
    """Whether `said` comes on the way that `stored` came: by its link, from its tablet, with a key, from a page.

    Only so may it change what is stored: an id is not a secret, whoever is told of an answer knows it.
    """
    return _way(stored) == _way(said)


def is_stranger(stored: Answer, said: Answer) -> bool:
    """Whether somebody without a key does not know what the browser that gave the answer keeps to itself."""
    return said.source in KEYLESS and stored.secret_hash not in (None, said.secret_hash)


def _way(answer: Answer) -> tuple[str, int | None]:
    return WEB if answer.source in KEYLESS else answer.source, answer.device_id


_SAID, _AROUND = frozenset({"rating", "comment", "reasons"}), frozenset({"locale", "respondent", "context"})


def merged(stored: Answer, said: Answer) -> Answer:
    """The stored answer with what is said anew: what is given replaces what was, also when it is empty.

    What is left out stays: a late retry of the bare rating cannot erase a comment. Without a key nothing around the
    answer changes, such as whose it is.
    """
    moved = said.claimed_at is not None and said.claimed_at != stored.claimed_at
    names = said.given & (_SAID if said.source in KEYLESS else _SAID | _AROUND)
    after = replace(
        stored,
        **{name: getattr(said, name) for name in names},
        occurred_at=said.occurred_at if moved else stored.occurred_at,
        claimed_at=said.claimed_at if moved else stored.claimed_at,
        zone=said.zone,
    )
    if after != stored:
        after.flags = " ".join(sorted({*stored.flags.split(), *said.flags.split()}))
    return after
