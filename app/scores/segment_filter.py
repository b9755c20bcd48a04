"""Which answers lie in a segment, told from the answers themselves: for lists, exports and words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlmodel import Session

from app.errors import Code, Place, Problem
from app.scores.cuts import CLOCK
from app.scores.segment_rows import naming
from app.scores.segment_values import value_of
from app.touchpoints.registry import Known

READ_MOST = 20_000  # answers that are looked at for one request
UNDECLARED = ("locale", "device")  # told without being declared
Test = Callable[[Any], bool]  # of an answer with context, locale, device_id, source and occurred_at


def pairs(said: Sequence[str]) -> dict[str, str]:
    """Value by key of segments such as `store:nord`; Problem invalid_request when one key has two."""
    found = [part.partition(":") for part in said]
    if len({key for key, _, _ in found}) < len(found):
        raise refused("names two values of one key, and no answer has both", "Ask for one of them.")
    return {key: value_of(value) for key, _, value in found}


def inside(session: Session, known: Known, wanted: Mapping[str, str]) -> Test:
    """Tells whether an answer at the touchpoint is counted under all of these values; Problem as `declares`."""
    for key in wanted:
        if not declares(known, key):
            raise undeclared(key, known.key)
    tests = [(_naming(session, known, key), value) for key, value in wanted.items()]
    return lambda answer: all(value_of_(answer) == value for value_of_, value in tests)


def declares(known: Known, key: str) -> bool:
    """Whether the touchpoint's answers can be told apart by the key."""
    return key in known.row.segments or key in (*UNDECLARED, *CLOCK, "source")


def undeclared(key: str, touchpoint: str | None = None) -> Problem:
    """Problem invalid_request: no touchpoint declares the key, or this one does not."""
    where = f"at {touchpoint}" if touchpoint else "by any touchpoint"
    mend = f'Declare it with PATCH /v1/touchpoints/{touchpoint or "{key}"} {{"segments": ["{key}"]}}.'
    return refused(f"{key} is not declared {where}", mend)


def refused(message: str, mend: str, headers: Mapping[str, str] | None = None) -> Problem:
    """Problem invalid_request: why a segment cannot be told."""
    place = Place(place="query.segment", message=message, mend=mend)
    return Problem(Code.INVALID_REQUEST, "These answers cannot be told by segment.", errors=[place], headers=headers)


def _naming(session: Session, known: Known, key: str) -> Callable[[Any], str]:
    if key == "source":
        return lambda answer: str(answer.source)
    if key in CLOCK:
        return lambda answer: CLOCK[key](answer.occurred_at.astimezone(known.zone))
    return naming(session, known.id, key)
