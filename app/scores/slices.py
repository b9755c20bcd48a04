"""Which counts an answer belongs to, in the rollup and in the segments alike. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

COUNTED, ASKED = "counted", "asked"
EVERY_ID = UUID(int=2**128 - 1)  # no id is greater
COUNTS = ("n", "comments", *(f"n{rating}" for rating in range(11)))


class Answered(Protocol):
    """What the rollup asks of an answer."""

    touchpoint_id: int
    rating: int | None
    comment: str | None
    reasons: str
    source: str
    flags: str
    occurred_at: datetime


@dataclass(slots=True)
class Alike:
    """Answers of one quarter of an hour that are counted alike."""

    touchpoint_id: int
    rating: int | None
    comment: str | None
    reasons: str
    source: str
    flags: str
    occurred_at: datetime
    context: dict[str, Any] | None = None
    locale: str | None = None
    device_id: int | None = None
    id: UUID = EVERY_ID


def slices(answer: Answered) -> list[str]:
    """Where an answer is counted: under its first flag when it has one, else as counted and under each reason."""
    if answer.flags:
        return [f"flag:{answer.flags.split()[0]}"]
    return [COUNTED, *(f"reason:{reason}" for reason in answer.reasons.split())] if answer.reasons else [COUNTED]


def none_yet() -> list[int]:
    """Counts (COUNTS) before anything is counted."""
    return [0] * len(COUNTS)
