"""What may come in, what is flagged, what is refused. Pure rules; nothing here is dropped in silence."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.errors import Code, Place, Problem
from app.ingest.channels import IMPORT
from app.ingest.spam import is_spam

SPAM, MISUSE, BURST, TEST, DUPLICATE, UNCONFIRMED = FLAGS = (
    "spam",
    "misuse",
    "burst",
    "test",
    "duplicate",
    "unconfirmed",
)
OLDEST = timedelta(days=90)
CLOCK_TOLERANCE = timedelta(minutes=5)
SKEW_TOLERANCE = timedelta(seconds=120)  # more than a round trip on a bad line, far less than a wrong time zone
TAPS_MAX, TAPS_WITHIN = 5, timedelta(seconds=10)


def occurred(
    claimed: datetime | None, received: datetime, source: str, warnings: list[Place] | None = None
) -> datetime:
    """When the customer answered: the claimed time, or when it was received.

    What lies ahead is taken as now, for one of the two clocks is wrong, perhaps ours; by more than five minutes it is
    told in `warnings`, or Problem occurred_in_future without them. Problem occurred_too_long_ago beyond 90 days (an
    import may be older: it brings history).
    """
    if claimed is None:
        return received
    if claimed > received + CLOCK_TOLERANCE:
        place = Place(place="body.occurred_at", message="lies in the future", mend="Check the clock, or leave it out.")
        if warnings is None:
            raise Problem(Code.OCCURRED_IN_FUTURE, "An answer cannot come from the future.", errors=[place])
        warnings.append(Place(place=place.place, message="lies in the future: taken as now", mend=place.mend))
    if claimed < received - OLDEST and source != IMPORT:
        place = Place(
            place="body.occurred_at", message="is older than 90 days", mend="Use `touchstone import` for history."
        )
        raise Problem(
            Code.OCCURRED_TOO_LONG_AGO, "Answers older than 90 days are taken by import only.", errors=[place]
        )
    return min(claimed, received)


def by_clock(
    claimed: datetime | None, sent_at: datetime | None, received: datetime, age: timedelta | None = None
) -> datetime:
    """When the customer answered on a device whose clock may be wrong, within the last 90 days; never refuses.

    `sent_at` is the device's clock when it sent. Differing from ours by more than 120 s, it is wrong, and only how long
    before `sent_at` the answer was given is believed; so the error is the time the request took. `age` is that, told by
    the device itself, when its clock was set in between. A future time without `sent_at` becomes `received`.
    """
    if age is None and claimed is not None and sent_at is not None and abs(received - sent_at) > SKEW_TOLERANCE:
        age = sent_at - claimed
    if age is not None:
        return received - min(max(age, timedelta()), OLDEST)
    return received if claimed is None else min(max(claimed, received - OLDEST), received)


def taps_in_bursts(times: Sequence[datetime]) -> set[int]:
    """Places in `times` (the answers given on one tablet) that lie in a run of more than 5 answers within 10 s.

    A customer has to touch the screen awake, read, choose and let go: about four seconds, in the busiest store too.
    A hand that hammers the screen gives one answer and more per second.
    """
    return in_runs(times, TAPS_MAX, TAPS_WITHIN)


def in_runs(times: Sequence[datetime], most: int, within: timedelta) -> set[int]:
    """Places in `times` that lie in a run of more than `most` within so long a time; the times in any order."""
    order = sorted(range(len(times)), key=times.__getitem__)
    found: set[int] = set()
    for first, (start, end) in enumerate(zip(order, order[most:], strict=False)):
        if times[end] - times[start] <= within:
            found.update(order[first : first + most + 1])
    return found


def not_empty(rating: int | None, comment: str | None) -> None:
    """Problem empty_feedback when there is neither a rating nor a comment."""
    if rating is None and comment is None:
        place = Place(place="body.rating", message="is missing", mend="Send a rating, a comment, or both.")
        raise Problem(Code.EMPTY_FEEDBACK, "An answer has a rating, a comment, or both.", errors=[place])


def rating_fits(rating: int | None, low: int, high: int) -> None:
    """Problem rating_out_of_scale unless the rating is on the scale (or left out)."""
    if rating is not None and not low <= rating <= high:
        mend = f"Send a whole number from {low} to {high}."
        place = Place(place="body.rating", message=f"is not on the scale {low} to {high}", mend=mend)
        raise Problem(Code.RATING_OUT_OF_SCALE, f"This touchpoint is rated from {low} to {high}.", errors=[place])


def reasons_known(reasons: Iterable[str], known: frozenset[str], warnings: list[Place] | None = None) -> str:
    """The reasons as sorted words. One that the touchpoint does not offer is left out and told in `warnings`.

    Problem unknown_reason without `warnings`.
    """
    said = set(reasons)
    unknown = said - known
    if unknown and warnings is not None:
        left = ", ".join(sorted(unknown))
        warnings.append(Place(place="body.reasons", message=f"{left} was left out: not offered here (any more)"))
        said &= known
    elif unknown:
        offered = ", ".join(sorted(known)) or "none"
        place = Place(place="body.reasons", message=f"{min(unknown)!r} is not offered", mend=f"Offered are: {offered}.")
        raise Problem(Code.UNKNOWN_REASON, "The touchpoint does not offer this reason.", errors=[place])
    return " ".join(sorted(said))


def sayable(
    context: dict[str, Any], closed: frozenset[str], warnings: list[Place] | None = None
) -> dict[str, Any] | None:
    """The context without segment keys that a browser may not say, for anybody can make up what it sends."""
    for key in sorted(closed & context.keys()):
        if warnings is not None:
            mend = f'Let browsers say it with PATCH /v1/touchpoints/{{key}} {{"open_segments": [..., "{key}"]}}.'
            message = "was left out: browsers may not say this segment"
            warnings.append(Place(place=f"body.context.{key}", message=message, mend=mend))
    return {name: value for name, value in context.items() if name not in closed} or None


def flags(comment: str | None, trap: str | None, origins: Iterable[str] | None, *, test: bool) -> str:
    """Why this answer does not count, as sorted words; empty when it does.

    `trap` is a field that people cannot see and robots fill. The comment of somebody without a key is looked at, with
    the touchpoint's `origins`; None for whom is trusted.
    """
    spam = bool(trap) or (origins is not None and comment is not None and is_spam(comment, origins))
    return " ".join([SPAM] * spam + [TEST] * test) if spam or test else ""
