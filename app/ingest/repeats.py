"""Within a touchpoint's `repeat_days` one answer of a respondent counts, others are flagged `duplicate`. Pure.

The first one stored counts. When it goes (erased, flagged as a test) or moves, what is left is decided anew: a person
who answered twice still counts once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from app.ingest.channels import Answer
from app.ingest.guard import DUPLICATE

Change = tuple[Answer | None, Answer | None]
Person = tuple[int, str]  # touchpoint_id and respondent


def to_decide(moves: Iterable[Change]) -> dict[Person, set[UUID]]:
    """Whose answers are to be decided anew after these changes, with the ids of those that changed."""
    found: dict[Person, set[UUID]] = {}
    for before, after in moves:
        if before and before.respondent and (_left(before, after) or (after and _came_back(before, after))):
            found.setdefault((before.touchpoint_id, before.respondent), set()).add(before.id)
    return found


def _left(before: Answer, after: Answer | None) -> bool:
    """Whether an answer that counted does so no more, or not where it did."""
    if before.flags:
        return False
    place = before.respondent, before.occurred_at
    return after is None or bool(after.flags) or place != (after.respondent, after.occurred_at)


def _came_back(before: Answer, after: Answer) -> bool:
    """Whether it counts again after all. Who lets a duplicate count wants just that, and is not corrected."""
    return bool(before.flags) and not after.flags and DUPLICATE not in before.flags.split()


def decide(answers: Sequence[Answer], interval: timedelta, changed: Collection[UUID]) -> list[Change]:
    """What follows from `changed` for one person's answers, of which each counts or is a duplicate.

    One that came back and one that took its place do not both count: the first one stored does. Nothing else that
    counts is touched, and what was flagged just now stays so.
    """
    order = sorted(answers, key=lambda answer: (answer.received_at, answer.id))
    flags = {answer.id: answer.flags for answer in order}

    def near(one: Answer) -> list[Answer]:
        """Others that count within the interval, by the flags as they are now."""
        return [
            other
            for other in order
            if other.id != one.id and not flags[other.id] and abs(other.occurred_at - one.occurred_at) < interval
        ]

    for one in order:
        for other in near(one) if one.id in changed and not flags[one.id] else ():
            flags[max(one, other, key=order.index).id] = DUPLICATE
    for one in order:
        if flags[one.id] and one.id not in changed and not near(one):
            flags[one.id] = ""
    return [(one, replace(one, flags=flags[one.id])) for one in order if flags[one.id] != one.flags]
