"""The one place that changes feedback.

Whatever happens to an answer, the rollup and what webhooks are told follow in the same transaction.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.db import is_sqlite
from app.errors import Code, Problem
from app.ingest import fulltext_cleanup, repeats
from app.ingest.channels import EMAIL, Answer, came_alike, is_locked, is_stranger, merged
from app.ingest.guard import DUPLICATE, UNCONFIRMED
from app.ingest.repeats import Change
from app.models import Erasure, Feedback, Touchpoint, now
from app.scores.rollup import Deltas, apply
from app.scores.slices import grouped, signed
from app.scores.splits import Held
from app.sql import Bulk, Lookup
from app.webhooks import outbox

CREATED, SAME, UPDATED, LOCKED, ERASED = "created", "duplicate", "updated", "locked", "erased"
REFUSED = "refused"  # the database cannot hold it
Key = tuple[int, int]  # touchpoint_id and the id's number: compared in C, where UUID compares in Python

COLUMNS = {
    "touchpoint_id": "int",
    "id": "uuid",
    "rating": "smallint",
    "comment": "text",
    "reasons": "text",
    "source": "text",
    "flags": "text",
    "locale": "text",
    "respondent": "text",
    "context": "json",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "claimed_at": "timestamptz",
    "device_id": "int",
    "pressed_at": "timestamptz",
    "secret_hash": "text",
}
_STORED = COLUMNS | {"words": "text"}  # what a search finds a comment by
_NAMES = ", ".join(_STORED)
_NEW = (
    f"INSERT INTO feedback ({_NAMES}) SELECT {_NAMES} FROM {{r}} WHERE NOT EXISTS "  # noqa: S608 - names of our own columns
    "(SELECT 1 FROM erasure WHERE erasure.touchpoint_id = r.touchpoint_id AND erasure.id = r.id) "
    "ON CONFLICT (touchpoint_id, id) DO NOTHING"
)
_INSERT, _INSERT_RETURNING = Bulk(_NEW, _STORED), Bulk(f"{_NEW} RETURNING touchpoint_id, id", _STORED)
_ERASED = Bulk(
    "SELECT 1 FROM {r} JOIN erasure ON erasure.touchpoint_id = r.touchpoint_id AND erasure.id = r.id",
    {"touchpoint_id": "int", "id": "uuid"},
)
_LAST, _SINCE = (
    Lookup("SELECT max(rowid) FROM feedback"),
    Lookup("SELECT touchpoint_id, id FROM feedback WHERE rowid > :last"),
)
_SET_FLAGS = Bulk(
    "UPDATE feedback SET flags = r.flags FROM {r} "
    "WHERE feedback.touchpoint_id = r.touchpoint_id AND feedback.id = r.id",
    {"touchpoint_id": "int", "id": "uuid", "flags": "text"},
)
_KEY = (col(Feedback.touchpoint_id), col(Feedback.id))
_WHO: tuple[Any, ...] = (Feedback.touchpoint_id, Feedback.respondent, Feedback.occurred_at, Feedback.id)
_SELECT = select(*(getattr(Feedback, name) for name in COLUMNS))


@dataclass(slots=True)
class Outcome:
    """What became of one answer, and the answer as it is stored now."""

    status: str
    answer: Answer


_row, _by_key = attrgetter(*_STORED), itemgetter(0)
_after, _checked_by = itemgetter(1), attrgetter("touchpoint_id", "scale")


def store(
    session: Session, answers: Sequence[Answer], settling: timedelta = timedelta(), *, restored: bool = False
) -> list[Outcome]:
    """Store a batch within the session's transaction; an outcome for each answer, in order.

    Only what was inserted is counted as new, so a retry never inflates a score. What is `restored` was judged and told
    of when it was given; other answers are told of when nothing has changed them for the time of `settling`. Problem
    overloaded when a touchpoint got another scale in the moment since its answer was checked.
    """
    if not restored:
        _flag_repeats(session, answers)
    keys = [_key(answer) for answer in answers]
    first: dict[Key, Answer] = {}
    for key, answer in zip(keys, answers, strict=True):
        first.setdefault(key, answer)
    created = _insert(session, first)
    moves: list[Change] = [(None, first[key]) for key in created]
    outcomes = [Outcome(CREATED, answer) for answer in answers]
    again = [place for place, key in enumerate(keys) if key not in created or first[key] is not answers[place]]
    _lock_people(session, [keys[place] for place in again if answers[place].repeat_days])
    present = _fetch(session, sorted({keys[place] for place in again}))
    for place in again:
        outcomes[place] = _settle(session, present, answers[place], moves)
    held = _follow(session, moves, settling, told=not restored)
    if any(one.erased for one in held.values()) and _came_back(session, created):
        raise Problem(Code.OVERLOADED, "An answer with this id is being erased in this moment.", retry_after=1)
    checked = set(map(_checked_by, filter(None, map(_after, moves))))
    if any(scale and scale != held[touchpoint_id].scale for touchpoint_id, scale in checked):
        raise Problem(Code.OVERLOADED, "The touchpoint is being changed; send this answer again.", retry_after=1)
    return outcomes


def _came_back(session: Session, created: Collection[Key]) -> bool:
    """Whether one of these was erased in the moment in which it was sent again.

    PostgreSQL's INSERT waits for whoever erases the same id, then stores it: it had looked for erasures before.
    """
    rows = [(touchpoint_id, UUID(int=number)) for touchpoint_id, number in created]
    return bool(rows) and not is_sqlite(session) and bool(list(_ERASED.returning(session, rows)))


def _follow(
    session: Session, moves: Sequence[Change], settling: timedelta = timedelta(), *, told: bool = True
) -> dict[int, Held]:
    """Let the rollup and the outbox follow what happened, each answer before and after; the touchpoints, locked."""
    moves = [*moves, *_decided_anew(session, moves)]
    deltas, answers = Deltas(), grouped(signed(moves))
    deltas.add(answers)
    held = apply(session, deltas, answers)
    if told:
        outbox.tell(session, moves, settling, {number: one.scale for number, one in held.items()})
    return held


def _key(answer: Answer) -> Key:
    return answer.touchpoint_id, answer.id.int


def _insert(session: Session, first: dict[Key, Answer]) -> Collection[Key]:
    """Insert what is new and say what that is.

    Keys in order, so that two processes never wait for each other in a circle.
    """
    rows = [_row(answer) for _, answer in sorted(first.items(), key=_by_key)]
    if not is_sqlite(session):
        return {(touchpoint_id, number.int) for touchpoint_id, number in _INSERT_RETURNING.returning(session, rows)}
    # Each row that SQLite returns lets go of the interpreter and then waits for the event loop to do the same: hundreds
    # of waits in a batch. A count is one row, and mostly all are new. New rows have the highest numbers.
    ((last,),) = _LAST.rows(session, {})
    if _INSERT.run(session, rows) == len(rows):
        return first.keys()
    return {(touchpoint_id, int(number, 16)) for touchpoint_id, number in _SINCE.rows(session, {"last": last or 0})}


def _fetch(session: Session, keys: Sequence[Key]) -> dict[Key, Answer]:
    """The stored answers with these keys, locked until the transaction ends."""
    found: dict[Key, Answer] = {}
    for start in range(0, len(keys), 400):
        within = tuple_(*_KEY).in_([(number, UUID(int=id_)) for number, id_ in keys[start : start + 400]])
        for row in session.execute(_SELECT.where(within).order_by(*_KEY).with_for_update()):
            found[row.touchpoint_id, row.id.int] = Answer(**row._mapping)
    return found


def _lock_people(session: Session, keys: Collection[Key]) -> None:
    """Lock all answers of those who gave these, in the order of their keys: one that goes lets another count.

    Locked one by one, two answers of a person that change at once would wait for each other. SQLite has one writer.
    """
    if keys and not is_sqlite(session):
        given = aliased(Feedback)
        these = tuple_(given.touchpoint_id, given.id).in_([(number, UUID(int=id_)) for number, id_ in keys])
        who = select(col(given.touchpoint_id), col(given.respondent)).where(these, col(given.respondent).is_not(None))
        theirs = tuple_(col(Feedback.touchpoint_id), col(Feedback.respondent)).in_(who)
        session.execute(select(*_KEY).where(theirs).order_by(*_KEY).with_for_update())


def _settle(session: Session, present: dict[Key, Answer], said: Answer, moves: list[Change]) -> Outcome:
    """An id seen before: the same again, a change while it may change, or refused."""
    key = _key(said)
    stored = present.get(key)
    if stored is None:
        return Outcome(ERASED, said)
    stored.zone = said.zone
    if is_stranger(stored, said):
        return Outcome(LOCKED, stored)
    after = (said.onto or merged)(stored, said)
    if after == stored:
        return Outcome(SAME, stored)
    held = stored.source == EMAIL and UNCONFIRMED in stored.flags.split()  # waits for a press, however long
    if not came_alike(stored, said) or (is_locked(stored, said.received_at) and not held):
        return Outcome(LOCKED, stored)
    after.trace = said.trace
    _replace(session, stored, after)
    moves.append((stored, after))
    present[key] = after
    return Outcome(UPDATED, after)


def _replace(session: Session, before: Answer, after: Answer) -> None:
    """Write a changed answer."""
    changed = {
        f.name: new
        for f in fields(Answer)
        if f.name in COLUMNS and (new := getattr(after, f.name)) != getattr(before, f.name)
    }
    if "comment" in changed:
        changed["words"] = after.words
        if before.comment:
            fulltext_cleanup.note(session)
    session.execute(update(Feedback).where(*_is(after)).values(**changed).execution_options(synchronize_session=False))


def _is(answer: Answer) -> tuple[Any, Any]:
    return col(Feedback.touchpoint_id) == answer.touchpoint_id, col(Feedback.id) == answer.id


def _flag_repeats(session: Session, answers: Sequence[Answer]) -> None:
    """Flag an answer of a respondent who has answered here within the touchpoint's `repeat_days` already."""
    asked = [a for a in answers if a.respondent and a.repeat_days and not a.flags]
    last: dict[tuple[int, str | None], list[tuple[datetime, UUID]]] = {}
    who = sorted({(a.touchpoint_id, a.respondent) for a in asked}, key=str)
    for start in range(0, len(who), 400):
        within = tuple_(col(Feedback.touchpoint_id), col(Feedback.respondent)).in_(who[start : start + 400])
        counted = select(*_WHO).where(within, col(Feedback.flags) == "")
        for touchpoint_id, respondent, at, number in session.execute(counted):
            last.setdefault((touchpoint_id, respondent), []).append((at, number))
    for answer in asked:
        seen = last.setdefault((answer.touchpoint_id, answer.respondent), [])
        interval = timedelta(days=answer.repeat_days or 0)
        if any(number != answer.id and abs(answer.occurred_at - at) < interval for at, number in seen):
            answer.flags = DUPLICATE
        else:
            seen.append((answer.occurred_at, answer.id))


def _decided_anew(session: Session, moves: Sequence[Change]) -> list[Change]:
    """What `moves` change for other answers of the same people: one of them may count now, or no more."""
    found: list[Change] = []
    for (touchpoint_id, respondent), changed in sorted(repeats.to_decide(moves).items(), key=str):
        touchpoint = session.get(Touchpoint, touchpoint_id)
        if touchpoint is None or not touchpoint.repeat_days:
            continue
        person = col(Feedback.touchpoint_id) == touchpoint_id, col(Feedback.respondent) == respondent
        theirs = _SELECT.where(*person, col(Feedback.flags).in_(("", DUPLICATE))).order_by(*_KEY).with_for_update()
        answers = [Answer(**row._mapping) for row in session.execute(theirs)]
        found += repeats.decide(answers, timedelta(days=touchpoint.repeat_days), changed)
    for before, after in found:
        if before and after:
            _replace(session, before, after)
    return found


def _found(session: Session, touchpoint_id: int, number: UUID) -> Answer:
    """The answer with this id at the touchpoint, locked; Problem not_found."""
    key = touchpoint_id, number.int
    _lock_people(session, [key])
    if found := _fetch(session, [key]).get(key):
        return found
    raise Problem(Code.NOT_FOUND, "There is no feedback with this id.")


def change(session: Session, touchpoint_id: int, number: UUID, to: Callable[[Answer], Answer]) -> None:
    """Change a stored answer whatever its age (flag it, un-flag it); Problem not_found."""
    before = _found(session, touchpoint_id, number)
    after = to(before)
    if after != before:
        _replace(session, before, after)
        _follow(session, [(before, after)])


def flag(session: Session, touchpoint_id: int, number: UUID, flags: Sequence[str]) -> None:
    """Set the flags of an answer: none lets it count again; Problem not_found."""
    words = " ".join(sorted(set(flags)))
    change(session, touchpoint_id, number, lambda answer: replace(answer, flags=words))


def change_flags(session: Session, keys: Iterable[tuple[int, UUID]], to: Callable[[Answer], str]) -> None:
    """Give stored answers, by touchpoint and id, the flags that `to` says; whichever are not there are left out.

    All rows are locked before the rollup is, in the order of their keys, and folded once: taken one by one, each of two
    transactions would soon hold what the other waits for.
    """
    wanted = sorted({(touchpoint_id, number.int) for touchpoint_id, number in keys})
    _lock_people(session, wanted)
    stored = _fetch(session, wanted)
    moves = [(before, replace(before, flags=to(before))) for before in stored.values()]
    changed = [(before, after) for before, after in moves if after != before]
    _SET_FLAGS.run(session, [(after.touchpoint_id, after.id, after.flags) for _, after in changed])
    _follow(session, changed)


def erase(session: Session, touchpoint_id: int, number: UUID) -> None:
    """Delete an answer for good; Problem not_found. Its id stays, so that a late retry does not bring it back."""
    answer = _found(session, touchpoint_id, number)
    session.execute(delete(Feedback).where(*_is(answer)))
    if answer.comment:
        fulltext_cleanup.note(session)
    session.execute(insert(Erasure).values(touchpoint_id=answer.touchpoint_id, id=answer.id, erased_at=now()))
    _follow(session, [(answer, None)])
    outbox.forget(session, answer)
