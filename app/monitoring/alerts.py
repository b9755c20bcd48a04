"""Alerts: one per trouble. It opens, grows and ends; each is told in the transaction that wrote it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.errors import Code, Problem
from app.mail import outbox as mail
from app.models import Action, Alert, Journey, Stage, Touchpoint, now
from app.monitoring.seen import Seen
from app.webhooks import events, outbox

_TOLD_TOO = {
    "drop": events.DROPPED,
    "rise": events.RISEN,
    "silence": events.SILENT,
    "device_silent": events.DEVICE_SILENT,
    "review_due": events.REVIEW_DUE,
    "action": events.ACTION_DECIDED,
}
_OF_TARGETS = {"met": events.TARGET_MET, "missed": events.TARGET_MISSED}


def note(session: Session, seen: Sequence[Seen], at: datetime) -> None:
    """As of `at`: open an alert for each trouble that is there or let the open one grow; close what is over.

    Whoever comes second waits for the touchpoint's row, or the journey's, and finds the alert of the first: nothing is
    told twice.
    """
    standing = _open(session, seen)
    for one in seen:
        if one.there:
            _opened(session, one, at)
        elif one.which in standing:
            _ended(session, one, at)


class Place(NamedTuple):
    """What an alert is about: a touchpoint, or a journey with its name; and whom it concerns, the touchpoints' keys."""

    touchpoint: str | None
    journey: str | None
    called: dict[str, str]
    keys: frozenset[str] = frozenset()


def _open(session: Session, seen: Sequence[Seen]) -> set[tuple[int | None, int | None, str, str]]:
    columns: Any = (Alert.touchpoint_id, Alert.journey_id, Alert.kind, Alert.about)
    here = col(Alert.touchpoint_id).in_(sorted({one.touchpoint_id for one in seen if one.touchpoint_id}))
    along = col(Alert.journey_id).in_(sorted({one.journey_id for one in seen if one.journey_id}))
    rows = session.execute(select(*columns).where(col(Alert.closed_at).is_(None), here | along))
    return {(number, journey, kind, about) for number, journey, kind, about in rows}


def _opened(session: Session, one: Seen, at: datetime) -> None:
    """What a person closed is not opened again for a trouble that began before that."""
    place = _locked(session, one)
    last = _newest(session, one)
    if last and not last.closed_at:
        # When it began is told once: later days see only the steepest part. Journeys are linked by their own look.
        kept: dict[str, Any] = {name: last.evidence[name] for name in ("since", "journeys") if name in last.evidence}
        last.evidence = {**one.evidence, **kept}
    elif last is None or not (last.closed_at and last.closed_by and one.since <= last.closed_at):
        row = Alert(**_columns(one), opened_at=at, evidence=dict(one.evidence))
        session.add(row)
        session.flush()
        too = _TOLD_TOO.get(one.kind) or _OF_TARGETS.get(one.evidence.get("verdict", ""))
        for name in filter(None, (events.OPENED, too)):
            _announce(session, name, row, place)
        mail.alert_opened(session, row, place.keys)


def _columns(one: Seen) -> dict[str, Any]:
    where = {"touchpoint_id": one.touchpoint_id, "journey_id": one.journey_id}
    return {"kind": one.kind, **where, "about": one.about, "since": one.since}


def _ended(session: Session, one: Seen, at: datetime) -> None:
    place = _locked(session, one)
    row = _newest(session, one)
    if row and not row.closed_at:
        _close(session, row, place, at)


def link(session: Session, numbers: Sequence[int], journey: str) -> None:
    """Say in these alerts of touchpoints that the level of a journey moved with them."""
    for row in session.exec(select(Alert).where(col(Alert.id).in_(numbers)).with_for_update()):
        said = row.evidence.get("journeys", [])
        if journey not in said:
            row.evidence = {**row.evidence, "journeys": [*said, journey]}


def change(session: Session, number: int, state: str, because: str | None, who: str) -> dict[str, Any]:
    """Acknowledge, close or open an alert again; Problem not_found."""
    row = by_id(session, number)
    place = _locked(session, row)
    session.refresh(row)
    if state == "closed":
        if not row.closed_at:
            _close(session, row, place, now(), because or "other", who)
    elif row.closed_at:
        raise Problem(Code.INVALID_REQUEST, "This alert is closed; a trouble that comes again opens a new one.")
    else:
        row.acknowledged_at = now() if state == "acknowledged" else None
    return public(session, row, place)


def comment(session: Session, number: int, text: str, who: str) -> dict[str, Any]:
    """Write below an alert; Problem not_found."""
    row = by_id(session, number)
    place = _locked(session, row)
    session.refresh(row)
    row.comments = [*row.comments, {"text": text, "by": who, "at": now().isoformat()}]
    return public(session, row, place)


def by_id(session: Session, number: int) -> Alert:
    """The alert with this id; Problem not_found."""
    row = session.get(Alert, number) if 0 < number < 2**31 else None
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no alert with this id.")
    return row


def read(session: Session, number: int) -> dict[str, Any]:
    row = by_id(session, number)
    return public(session, row, _place(session, row))


def page(
    session: Session,
    before: int | None,
    limit: int,
    *,
    state: str | None,
    kind: str | None,
    touchpoint: str | None = None,
    journey: str | None = None,
    segment: str | None = None,
) -> list[dict[str, Any]]:
    """Alerts, the newest first, those before the id `before`; with a `segment` those that name it in their evidence."""
    wanted: list[Any] = [col(Alert.kind) == kind] if kind else []
    wanted += [col(Touchpoint.key) == touchpoint] if touchpoint else []
    wanted += [col(Journey.key) == journey] if journey else []
    closed, seen = col(Alert.closed_at), col(Alert.acknowledged_at)
    wanted += {
        None: [],
        "closed": [closed.is_not(None)],
        "acknowledged": [closed.is_(None), seen.is_not(None)],
        "open": [closed.is_(None), seen.is_(None)],
    }[state]
    rows = _newest_first(session, placed().where(*wanted), before, limit)
    found = list(islice((one for one in rows if segment is None or segment in segments(one[0])), limit))
    made = _actions(session, [row.id for row, _ in found])
    return [_shown(row, place) | {"action": made.get(str(row.id))} for row, place in found]


def placed() -> Any:
    """Alerts, each with its touchpoint's key, or its journey's and how that is called."""
    columns: Any = (Alert, Touchpoint.key, Journey.key, Journey.name)
    there = select(*columns).select_from(Alert).outerjoin(Touchpoint, col(Touchpoint.id) == Alert.touchpoint_id)
    return there.outerjoin(Journey, col(Journey.id) == Alert.journey_id)


def _newest_first(session: Session, wanted: Any, before: int | None, most: int) -> Iterator[tuple[Alert, Place]]:
    """One after the other: which segments an alert names, no index knows."""
    part = most
    while part == most:
        earlier = wanted.where(col(Alert.id) < before) if before is not None else wanted
        rows = session.exec(earlier.order_by(col(Alert.id).desc()).limit(most)).all()
        yield from ((row, Place(key, journey, called or {})) for row, key, journey, called in rows)
        part, before = len(rows), rows[-1][0].id if rows else None


def segments(row: Alert) -> list[str]:
    """In which segments it happened, as far as that was found."""
    return [one["segment"] for one in row.evidence.get("segments", ())]


def public(session: Session, row: Alert, place: Place) -> dict[str, Any]:
    """An alert as the API shows it."""
    return _shown(row, place) | {"action": _actions(session, [row.id]).get(str(row.id))}


def _actions(session: Session, numbers: Sequence[int | None]) -> dict[str | None, int | None]:
    """The first action that was made of each alert."""
    columns: Any = (Action.alert, func.min(Action.id))
    of_them = col(Action.alert).in_([str(number) for number in numbers])
    rows: Any = session.execute(select(*columns).where(of_them).group_by(Action.alert))
    return dict(rows.all())


def _shown(row: Alert, place: Place) -> dict[str, Any]:
    state = "closed" if row.closed_at else "acknowledged" if row.acknowledged_at else "open"
    where = {"touchpoint": place.touchpoint, "journey": place.journey, "called": place.called}
    return {**where, "state": state, **row.model_dump(exclude={"touchpoint_id", "journey_id", "about"})}


def _announce(session: Session, name: str, row: Alert, place: Place) -> None:
    said = {key: value for key, value in _shown(row, place).items() if key not in ("comments", "closed_by", "called")}
    outbox.announce(session, name, row.touchpoint_id, place.keys, said, segments(row))


def _close(
    session: Session, row: Alert, place: Place, at: datetime, because: str | None = None, who: str | None = None
) -> None:
    row.closed_at, row.because, row.closed_by = max(at, row.opened_at), because, who
    session.flush()
    _announce(session, events.CLOSED, row, place)


def _locked(session: Session, one: Seen | Alert) -> Place:
    """Where it is. Answers refer to a touchpoint's row meanwhile: this lock lets them."""
    table: Any = Journey if one.journey_id else Touchpoint
    number = one.journey_id or one.touchpoint_id
    session.exec(select(table.id).where(table.id == number).with_for_update(key_share=True)).one()
    return _place(session, one)


def _place(session: Session, one: Seen | Alert) -> Place:
    if journey := session.get(Journey, one.journey_id) if one.journey_id else None:
        stages = session.exec(select(Stage.touchpoints).where(Stage.journey_id == journey.id))
        return Place(None, journey.key, journey.name, frozenset(key for keys in stages for key in keys))
    key = session.exec(select(Touchpoint.key).where(Touchpoint.id == one.touchpoint_id)).one()
    return Place(key, None, {}, frozenset((key,)))


def _newest(session: Session, one: Seen) -> Alert | None:
    where = Alert.touchpoint_id == one.touchpoint_id, Alert.journey_id == one.journey_id
    whose = *where, Alert.kind == one.kind, Alert.about == one.about
    return session.exec(select(Alert).where(*whose).order_by(col(Alert.id).desc()).limit(1)).first()
