"""Which answers lie in a segment, told from the answers themselves: for lists, exports and words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from sqlmodel import Session

from app.errors import Code, Place, Problem
from app.scores.cuts import CLOCK
from app.scores.schemas import Source
from app.scores.segment_rows import naming
from app.scores.segment_values import value_of
from app.touchpoints.registry import Known

READ_MOST = 20_000  # answers that are looked at for one request
UNDECLARED = ("locale", "device")  # told without being declared
# What was never counted has no answers; what can never be counted is a mistake.
_ALL: Mapping[str, tuple[Sequence[str], str]] = {
    "hour": ([f"{hour:02}" for hour in range(24)], "Send 00 to 23."),
    "weekday": ("1234567", "Send 1 (Monday) to 7 (Sunday)."),
    "source": (get_args(Source), f"Send one of {', '.join(get_args(Source))}."),
}
Test = Callable[[Any], bool]  # of an answer with context, locale, device_id, source and occurred_at


def meant(key: str, said: str) -> str:
    """The value that is asked for, as it is counted; Problem invalid_request where there can be none like it."""
    value = value_of(said)
    values, mend = _ALL.get(key, ((value,), ""))
    if value not in values:
        raise refused(f"{value} is no {key}", mend)
    return value


def pairs(said: Sequence[str]) -> dict[str, str]:
    """Value by key of segments such as `store:nord`; Problem invalid_request when one key has two, or as `meant`."""
    found = [part.partition(":") for part in said]
    if len({key for key, _, _ in found}) < len(found):
        raise refused("names two values of one key, and no answer has both", "Ask for one of them.")
    return {key: meant(key, value) for key, _, value in found}


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


def undeclared(key: str, touchpoint: str | None = None, place: str = "segment") -> Problem:
    """Problem invalid_request: no touchpoint declares the key, or this one does not."""
    where = f"at {touchpoint}" if touchpoint else "by any touchpoint"
    said = f'PATCH /v1/touchpoints/{touchpoint or "{key}"} {{"segments": [..., "{key}"]}}'
    return refused(f"{key} is not declared {where}", f"Declare it beside the others: {said}.", place=place)


def refused(message: str, mend: str, headers: Mapping[str, str] | None = None, place: str = "segment") -> Problem:
    """Problem invalid_request: why a segment cannot be told."""
    where = Place(place=f"query.{place}", message=message, mend=mend)
    return Problem(Code.INVALID_REQUEST, "These answers cannot be told by segment.", errors=[where], headers=headers)


def _naming(session: Session, known: Known, key: str) -> Callable[[Any], str]:
    if key == "source":
        return lambda answer: str(answer.source)
    if key in CLOCK:
        return lambda answer: CLOCK[key](answer.occurred_at.astimezone(known.zone))
    return naming(session, known.id, key)
