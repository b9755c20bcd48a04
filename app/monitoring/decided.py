"""Actions whose effect was decided. Each is told once, and then is news for two weeks."""

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from app.actions import history, report
from app.actions.effect import LOOKS
from app.models import Action, Alert
from app.monitoring import fleet
from app.monitoring.seen import Seen

KIND = "action"
NEWS = timedelta(days=14)
_FOR_GOOD = ("better", "worse")
Looked = MutableMapping[int, int]  # by action, the look at which it was found undecided


def look(session: Session, at: datetime, looked: Looked) -> list[Seen]:
    """The actions that are decided now and were not, and the news that is old. `looked` saves to work it out again."""
    told, begun = session.exec(select(Alert).where(Alert.kind == KIND)).all(), history.begun(session, at)
    by_key = fleet.keyed(session, (key for action in begun for key in action.touchpoints))
    known, there = {row.about for row in told}, {f"{KIND}:{action.id}" for action in begun}
    old = [row for row in told if not row.closed_at and (at - row.opened_at > NEWS or row.about not in there)]
    seen = [Seen(row.touchpoint_id, KIND, False, at, about=row.about) for row in old]
    for action in begun:
        place = next((by_key[key] for key in action.touchpoints if key in by_key), None)
        look = _last_look(action, at)
        if place and look and f"{KIND}:{action.id}" not in known and looked.get(action.id or 0) != look:
            found = _decision(session, action, at, final=look == LOOKS[-1])
            looked[action.id or 0] = look
            seen += [Seen(place.id, KIND, True, action.started_at or at, found, f"{KIND}:{action.id}")] if found else []
    return seen


def _last_look(action: Action, at: datetime) -> int | None:
    """The last of the days on which the action was to be judged; None when there was none yet."""
    taken = history.taken(action, ZoneInfo("UTC"), at)
    passed = taken.passed - 1 if taken else 0  # a day later, when every time zone has that day behind it
    return max((look for look in LOOKS if look <= passed), default=None)


def _decision(session: Session, action: Action, at: datetime, *, final: bool) -> dict[str, Any]:
    """What there is to tell of an action; nothing while another look comes."""
    found = report.read(session, action, at)
    whole = found["overall"]
    level = found["touchpoints"][0] if len(found["touchpoints"]) == 1 else whole
    if whole["verdict"] not in _FOR_GOOD and not (final and whole["verdict"] in ("no_evidence", "too_few")):
        return {}
    return {
        "action": action.id,
        "title": action.title,
        "verdict": whole["verdict"],
        "metric": whole["metric"],
        "level_before": (level["before"] or {}).get("value"),
        "level_after": (level["after"] or {}).get("value"),
        "difference": whole["difference"],
        "touchpoints": action.touchpoints,
    }
