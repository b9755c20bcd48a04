"""Which counts an answer belongs to, in the rollup and in the segments alike. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.scores.buckets import quarter_of

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


def slices(flags: str, reasons: str) -> list[str]:
    """Where an answer is counted: under its first flag when it has one, else as counted and under each reason."""
    if flags:
        return [f"flag:{flags.split()[0]}"]
    return [COUNTED, *(f"reason:{reason}" for reason in reasons.split())] if reasons else [COUNTED]


A = TypeVar("A", bound=Answered)
# Touchpoint, quarter of an hour, source, flags, reasons, and how many times more they are counted.
Shared = tuple[int, int, str, str, str, int]
Grouped = Mapping[Shared, tuple[Sequence[A], Sequence[int]]]  # answers, and the kind of each (`kind_of`)


def signed(moves: Iterable[tuple[A | None, A | None]]) -> Iterator[tuple[A, int]]:
    """Answers before, which are taken from the counts, and after."""
    for before, after in moves:
        if before:
            yield before, -1
        if after:
            yield after, 1


def grouped(answers: Iterable[tuple[A, int]]) -> Grouped[A]:
    """Answers that are counted so many times more, by what those of a batch mostly share."""
    found: defaultdict[Shared, tuple[list[A], list[int]]] = defaultdict(lambda: ([], []))
    for answer, times in answers:
        quarter = quarter_of(answer.occurred_at)
        alike, kinds = found[answer.touchpoint_id, quarter, answer.source, answer.flags, answer.reasons, times]
        alike.append(answer)
        kinds.append(kind_of(answer))
    return found


def kind_of(answer: Answered) -> int:
    """What an answer adds to counts, as a number: its rating, and whether it has a comment."""
    rating = answer.rating
    return (0 if rating is None else 2 * rating + 2) + (1 if answer.comment else 0)


def count(counts: list[int], kind: int, times: int) -> None:
    """Add answers of a kind to counts."""
    counts[0] += times
    if kind & 1:
        counts[1] += times
    if kind > 1:
        counts[1 + kind // 2] += times


def none_yet() -> list[int]:
    """Counts (COUNTS) before anything is counted."""
    return [0] * len(COUNTS)
