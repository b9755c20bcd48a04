"""Alerts: one per trouble. It opens, grows and ends; each is told in the transaction that wrote it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.errors import Code, Problem
from app.mail import outbox as mail
from app.models import Action, Alert, Touchpoint, now
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

    Whoever comes second waits for the touchpoint's row and finds the alert of the first: nothing is told twice.
    """
    standing = _open(session, {one.touchpoint_id for one in seen})
    for one in seen:
        if one.there:
            _opened(session, one, at)
        elif one.which in standing:
            _ended(session, one, at)


def _open(session: Session, touchpoints: set[int]) -> set[tuple[int, str, str]]:
    columns: Any = (Alert.touchpoint_id, Alert.kind, Alert.about)
    whose = col(Alert.closed_at).is_(None), col(Alert.touchpoint_id).in_(sorted(touchpoints))
    return {(number, kind, about) for number, kind, about in session.execute(select(*columns).where(*whose))}


def _opened(session: Session, one: Seen, at: datetime) -> None:
    """What a person closed is not opened again for a trouble that began before that."""
    key = _locked(session, one.touchpoint_id)
    last = _newest(session, one)
    if last and not last.closed_at:
        first = {"since": last.evidence["since"]} if "since" in last.evidence else {}
        last.evidence = {**one.evidence, **first}  # when it began is told once: later days see only the steepest part
    elif last is None or not (last.closed_at and last.closed_by and one.since <= last.closed_at):
        row = Alert(**_columns(one), opened_at=at, evidence=dict(one.evidence))
        session.add(row)
        session.flush()
        too = _TOLD_TOO.get(one.kind) or _OF_TARGETS.get(one.evidence.get("verdict", ""))
        for name in filter(None, (events.OPENED, too)):
            outbox.announce(session, name, one.touchpoint_id, key, _said(row, key), segments(row))
        mail.alert_opened(session, row)


def _columns(one: Seen) -> dict[str, Any]:
    return {"kind": one.kind, "touchpoint_id": one.touchpoint_id, "about": one.about, "since": one.since}


def _ended(session: Session, one: Seen, at: datetime) -> None:
    key = _locked(session, one.touchpoint_id)
    row = _newest(session, one)
    if row and not row.closed_at:
        _close(session, row, key, at)


def change(session: Session, number: int, state: str, because: str | None, who: str) -> dict[str, Any]:
    """Acknowledge, close or open an alert again; Problem not_found."""
    row = by_id(session, number)
    key = _locked(session, row.touchpoint_id)
    session.refresh(row)
    if state == "closed":
        if not row.closed_at:
            _close(session, row, key, now(), because or "other", who)
    elif row.closed_at:
        raise Problem(Code.INVALID_REQUEST, "This alert is closed; a trouble that comes again opens a new one.")
    else:
        row.acknowledged_at = now() if state == "acknowledged" else None
    return public(session, row, key)


def comment(session: Session, number: int, text: str, who: str) -> dict[str, Any]:
    """Write below an alert; Problem not_found."""
    row = by_id(session, number)
    key = _locked(session, row.touchpoint_id)
    session.refresh(row)
    row.comments = [*row.comments, {"text": text, "by": who, "at": now().isoformat()}]
    return public(session, row, key)


def by_id(session: Session, number: int) -> Alert:
    """The alert with this id; Problem not_found."""
    row = session.get(Alert, number) if 0 < number < 2**31 else None
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no alert with this id.")
    return row


def read(session: Session, number: int) -> dict[str, Any]:
    row = by_id(session, number)
    return public(session, row, session.exec(select(Touchpoint.key).where(Touchpoint.id == row.touchpoint_id)).one())


def page(
    session: Session,
    before: int | None,
    limit: int,
    *,
    state: str | None,
    kind: str | None,
    touchpoint: str | None,
    segment: str | None = None,
) -> list[dict[str, Any]]:
    """Alerts, the newest first, those before the id `before`; with a `segment` those that name it in their evidence."""
    wanted: list[Any] = [col(Alert.touchpoint_id) == col(Touchpoint.id)]
    wanted += [col(Alert.kind) == kind] if kind else []
    wanted += [col(Touchpoint.key) == touchpoint] if touchpoint else []
    closed, seen = col(Alert.closed_at), col(Alert.acknowledged_at)
    wanted += {
        None: [],
        "closed": [closed.is_not(None)],
        "acknowledged": [closed.is_(None), seen.is_not(None)],
        "open": [closed.is_(None), seen.is_(None)],
    }[state]
    rows = _newest_first(session, select(Alert, Touchpoint.key).where(*wanted), before, limit)
    found = list(islice((one for one in rows if segment is None or segment in segments(one[0])), limit))
    made = _actions(session, [row.id for row, _ in found])
    return [_shown(row, key) | {"action": made.get(str(row.id))} for row, key in found]


def _newest_first(session: Session, wanted: Any, before: int | None, most: int) -> Iterator[tuple[Alert, str]]:
    """One after the other: which segments an alert names, no index knows."""
    part = most
    while part == most:
        earlier = wanted.where(col(Alert.id) < before) if before is not None else wanted
        rows = session.exec(earlier.order_by(col(Alert.id).desc()).limit(most)).all()
        yield from rows
        part, before = len(rows), rows[-1][0].id if rows else None


def segments(row: Alert) -> list[str]:
    """In which segments it happened, as far as that was found."""
    return [one["segment"] for one in row.evidence.get("segments", ())]


def public(session: Session, row: Alert, key: str) -> dict[str, Any]:
    """An alert as the API shows it."""
    return _shown(row, key) | {"action": _actions(session, [row.id]).get(str(row.id))}


def _actions(session: Session, numbers: Sequence[int | None]) -> dict[str | None, int | None]:
    """The first action that was made of each alert."""
    columns: Any = (Action.alert, func.min(Action.id))
    of_them = col(Action.alert).in_([str(number) for number in numbers])
    rows: Any = session.execute(select(*columns).where(of_them).group_by(Action.alert))
    return dict(rows.all())


def _shown(row: Alert, key: str) -> dict[str, Any]:
    state = "closed" if row.closed_at else "acknowledged" if row.acknowledged_at else "open"
    return {"touchpoint": key, "state": state, **row.model_dump(exclude={"touchpoint_id", "about"})}


def _said(row: Alert, key: str) -> dict[str, Any]:
    return {name: value for name, value in _shown(row, key).items() if name not in ("comments", "closed_by")}


def _close(
    session: Session, row: Alert, key: str, at: datetime, because: str | None = None, who: str | None = None
) -> None:
    row.closed_at, row.because, row.closed_by = max(at, row.opened_at), because, who
    session.flush()
    outbox.announce(session, events.CLOSED, row.touchpoint_id, key, _said(row, key), segments(row))


def _locked(session: Session, touchpoint_id: int) -> str:
    """Its key. Answers refer to the row meanwhile: this lock lets them."""
    wanted = select(Touchpoint.key).where(Touchpoint.id == touchpoint_id).with_for_update(key_share=True)
    return session.exec(wanted).one()


def _newest(session: Session, one: Seen) -> Alert | None:
    whose = Alert.kind == one.kind, Alert.touchpoint_id == one.touchpoint_id, Alert.about == one.about
    return session.exec(select(Alert).where(*whose).order_by(col(Alert.id).desc()).limit(1)).first()
