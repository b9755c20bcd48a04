"""The state machine of a press on a rating link: counted, or held with the flag `unconfirmed`. Pure.

    pressed --> counted           deliberate as far as can be told; the score counts it at once
            --> held              doubtful; shown with the flag, in no score, and never counted by itself
    counted --> counted           the last deliberate answer wins, until it locks
            --> held              contradicted within CONTRADICTION: neither answer can be believed
    held    --> counted           confirmed on the page that answered the press, or pressed anew later,
                                  or a person takes the flag away

A press is doubtful when it comes sooner than FASTEST after its page was made, when it has no nonce (nobody looked at a
page), when the hidden link was followed a moment ago, when many links of the touchpoint are pressed from one network at
once, or when it says something else than another press on the same link within CONTRADICTION without having been
pressed on the page that answered it.

Webhooks are told of an answer when CONTRADICTION has passed, or its comment is there (`webhooks/events.py`): a score
can take an answer back, a message cannot. What is held tells nobody.

A program that waits and presses exactly one button cannot be told from a person, here or anywhere, without a challenge.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.ingest.channels import Answer
from app.ingest.guard import UNCONFIRMED

FASTEST = timedelta(milliseconds=700)
CONTRADICTION = timedelta(minutes=2)
FAST, NO_NONCE, TRAP, BURST = "fast", "no_nonce", "trap", "burst"


@dataclass(frozen=True, slots=True)
class Press:
    """One press. `doubts` are known from the press alone; `parent` is the `mark` of the answer that its page showed.

    0 is the page that the mail opens: it shows no answer.
    """

    at: datetime
    doubts: frozenset[str]
    parent: int


def doubts(at: datetime, made: int | None, parent: int, *, trapped: bool, burst: bool) -> frozenset[str]:
    """What makes a press doubtful by itself. `made` is when its page was made, in milliseconds; None without a nonce.

    On the page that answers a press somebody has been asked already, so there only haste counts.
    """
    if made is None:
        return frozenset({NO_NONCE})
    # What was made or pressed a good while ahead was so while a clock was wrong: that is no haste.
    found = {FAST} if abs(milliseconds(at) - made) < FASTEST / timedelta(milliseconds=1) else set()
    if not parent:
        found |= {name for name, holds in ((TRAP, trapped), (BURST, burst)) if holds}
    return frozenset(found)


def milliseconds(at: datetime) -> int:
    """A time in whole milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def settle(press: Press) -> Callable[[Answer, Answer], Answer]:
    """How `press` changes the answer already stored for its link."""

    def onto(stored: Answer, said: Answer) -> Answer:
        answers = press.parent != 0 and press.parent == mark(stored)
        if said.rating == stored.rating and not is_held(stored):
            return _commented(stored, said, answers) if answers or not press.doubts else stored
        if press.doubts or (not answers and abs(press.at - _last(stored)) < CONTRADICTION):
            return _held(stored, said)
        return _counted(stored, said, answers)

    return onto


def is_held(answer: Answer) -> bool:
    """Whether an answer waits to be confirmed."""
    return UNCONFIRMED in answer.flags.split()


def mark(stored: Answer) -> int:
    """Which state of an answer a page shows: when it was last pressed, in milliseconds, times 16, plus its rating."""
    return milliseconds(_last(stored)) * 16 + (stored.rating or 0)


def _last(stored: Answer) -> datetime:
    return stored.pressed_at or stored.occurred_at


def _commented(stored: Answer, said: Answer, answers: bool) -> Answer:
    """The same rating again: what is said beside it may be new. A page that shows the comment may also take it away."""
    return replace(stored, comment=said.comment if answers else said.comment or stored.comment, zone=said.zone)


def _held(stored: Answer, said: Answer) -> Answer:
    """A doubtful press takes back what was pressed a moment ago, but not an answer that has stood for longer."""
    if not is_held(stored) and abs(said.occurred_at - stored.occurred_at) >= CONTRADICTION:
        return replace(stored, pressed_at=said.pressed_at)
    return replace(
        stored,
        rating=said.rating,
        comment=said.comment or stored.comment,
        flags=" ".join(sorted({*stored.flags.split(), *said.flags.split(), UNCONFIRMED})),
        occurred_at=said.occurred_at,
        pressed_at=said.pressed_at,
        zone=said.zone,
    )


def _counted(stored: Answer, said: Answer, answers: bool) -> Answer:
    """The deliberate answer. For one that was held, the time until it locks starts now: only now somebody answered."""
    return replace(
        stored,
        rating=said.rating,
        comment=said.comment if answers else said.comment or stored.comment,
        flags=" ".join(sorted({*stored.flags.split(), *said.flags.split()} - {UNCONFIRMED})),
        locale=said.locale or stored.locale,
        occurred_at=said.occurred_at,
        received_at=said.received_at if is_held(stored) else stored.received_at,
        pressed_at=said.pressed_at,
        zone=said.zone,
    )
