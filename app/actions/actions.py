"""Actions in the database, and the state that follows from their dates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import Session, col, select

from app.actions.schemas import ActionChange, ActionIn, ActionPatch, State
from app.errors import Code, Place, Problem
from app.models import Action, Touchpoint, now
from app.touchpoints.scales import Scale, scale_of

_NEVER_EMPTY = ("title", "touchpoints", "state")
_NO_MORE: dict[str, tuple[str, ...]] = {
    "planned": ("started_at", "finished_at", "dropped_at"),
    "running": ("finished_at", "dropped_at"),
    "finished": ("dropped_at",),
    "dropped": (),
}


def state_of(row: Action, at: datetime) -> State:
    """What follows from the dates: what is to start or to end in the future has not done so yet."""
    if row.dropped_at is not None:
        return "dropped"
    if row.finished_at is not None and row.finished_at <= at:
        return "finished"
    return "running" if row.started_at is not None and row.started_at <= at else "planned"


def public(row: Action, at: datetime) -> dict[str, Any]:
    """An action as the API shows it."""
    return {**row.model_dump(), "state": state_of(row, at)}


def by_id(session: Session, number: int, *, locked: bool = False) -> Action:
    """The action with this id; Problem not_found."""
    wanted = select(Action).where(Action.id == number)
    row = session.exec(wanted.with_for_update() if locked else wanted).first() if 0 < number < 2**31 else None
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no action with this id.")
    return row


def page(
    session: Session,
    at: datetime,
    before: int | None,
    limit: int,
    *,
    state: State | None = None,
    touchpoint: str | None = None,
    owner: str | None = None,
) -> list[Action]:
    """Actions, the newest first, those before the id `before`."""
    wanted: list[ColumnElement[bool]] = []
    if before is not None:
        wanted.append(col(Action.id) < before)
    if state is not None:
        wanted.append(_in_state(state, at))
    if touchpoint is not None:
        wanted.append(concerns(touchpoint))
    if owner is not None:
        wanted.append(col(Action.owner) == owner)
    return list(session.exec(select(Action).where(*wanted).order_by(col(Action.id).desc()).limit(limit)))


def concerns(touchpoint: str) -> ColumnElement[bool]:
    """Whether an action is taken there: a key has no quotes, so quoted it stands in the JSON only as a whole."""
    return cast(Action.touchpoints, String).contains(f'"{touchpoint}"', autoescape=True)


def _in_state(state: State, at: datetime) -> ColumnElement[bool]:
    """`state_of`, as a condition."""
    dropped, finished, started = col(Action.dropped_at), col(Action.finished_at), col(Action.started_at)
    if state == "dropped":
        return dropped.is_not(None)
    over, begun = finished.is_not(None) & (finished <= at), started.is_not(None) & (started <= at)
    which = {"finished": over, "running": ~over & begun, "planned": ~over & ~begun}[state]
    return dropped.is_(None) & which


def create(session: Session, body: ActionIn, who: str) -> Action:
    """Write an action down; Problem invalid_request."""
    row = Action(title=body.title, touchpoints=body.touchpoints, created_by=who)
    _put(row, body)
    _check(session, row)
    session.add(row)
    session.flush()
    return row


def change(session: Session, number: int, body: ActionPatch) -> Action:
    """Change what is sent; Problem not_found, invalid_request."""
    row = by_id(session, number, locked=True)
    for name in _NEVER_EMPTY:
        if name in body.model_fields_set and getattr(body, name) is None:
            raise _wrong(name, "cannot be empty", "Leave the field out to keep it.")
    _put(row, body)
    row.updated_at = now()
    _check(session, row)
    session.flush()
    return row


def remove(session: Session, number: int) -> None:
    """Delete an action; Problem not_found."""
    session.delete(by_id(session, number, locked=True))


def _put(row: Action, body: ActionChange) -> None:
    said = {name: getattr(body, name) for name in body.model_fields_set}
    state = said.pop("state", None)
    for name, value in said.items():
        setattr(row, name, [] if name == "compare_with" and value is None else value)
    if state is not None and state != state_of(row, now()):
        _put_state(row, state, now())


def _put_state(row: Action, state: State, at: datetime) -> None:
    """The dates that make this state; those that make it already stay."""
    for name in _NO_MORE[state]:
        setattr(row, name, None)
    if state in ("running", "finished") and (row.started_at is None or row.started_at > at):
        row.started_at = at
    if state == "finished":
        row.finished_at = at
    if state == "dropped":
        row.dropped_at = at


def _check(session: Session, row: Action) -> None:
    """Problem invalid_request for dates that cannot be, unknown touchpoints, and a metric that one lacks."""
    if row.finished_at is not None:
        if row.started_at is None:
            raise _wrong("started_at", "is missing, though it is finished", "Say when it started.")
        if row.finished_at < row.started_at:
            raise _wrong("finished_at", "is before `started_at`", "Let it finish after it started.")
    named = {"touchpoints": row.touchpoints, "compare_with": row.compare_with}
    keys = {key for part in named.values() for key in part}
    columns: Any = (Touchpoint.key, Touchpoint.scale, Touchpoint.own_scale)
    rows = session.execute(select(*columns).where(col(Touchpoint.key).in_(keys)))
    scales = {found.key: scale_of(found) for found in rows}
    wrong = [place for name, part in named.items() for place in _misplaced(name, part, scales, row)]
    if wrong:
        raise Problem(Code.INVALID_REQUEST, "Some touchpoints of the action cannot be used.", errors=wrong[:20])


def _misplaced(name: str, keys: Sequence[str], scales: dict[str, Scale], row: Action) -> list[Place]:
    """What is wrong with the touchpoints of one field."""
    found = []
    for place, key in enumerate(keys):
        where = f"body.{name}.{place}"
        if key not in scales:
            found.append(Place(place=where, message=f"there is no touchpoint {key}", mend="Register it first."))
        elif name == "compare_with" and key in row.touchpoints:
            mend = "Compare with touchpoints where nothing is done."
            found.append(Place(place=where, message=f"the action is taken at {key}", mend=mend))
        elif row.metric and row.metric not in (metrics := scales[key].aims):
            mend = f"Use one of {', '.join(metrics)}, or leave it out for the index."
            found.append(Place(place="body.metric", message=f"{key} does not report {row.metric}", mend=mend))
    return found


def _wrong(name: str, message: str, mend: str) -> Problem:
    return Problem(
        Code.INVALID_REQUEST,
        f"{name} {message}.",
        errors=[Place(place=f"body.{name}", message=message, mend=mend)],
    )
