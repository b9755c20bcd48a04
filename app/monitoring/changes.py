"""What changed for real, in one list: levels that fell or rose, targets and actions that were decided."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from app.models import Alert
from app.monitoring.alerts import placed

KINDS = ("drop", "rise", "target", "action")


def page(session: Session, since: datetime, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Changes found from `since` on, the newest first, those before the alert `before`; no false alarms."""
    wanted: list[Any] = [col(Alert.kind).in_(KINDS)]
    wanted += [col(Alert.opened_at) >= since, col(Alert.because).is_distinct_from("false_alarm")]
    wanted += [col(Alert.id) < before] if before is not None else []
    rows = session.exec(placed().where(*wanted).order_by(col(Alert.id).desc()).limit(limit))
    return [_public(row, *where) for row, *where in rows]


def _public(row: Alert, key: str | None, journey: str | None, called: dict[str, str] | None) -> dict[str, Any]:
    said = row.evidence
    return {
        "kind": row.kind,
        "touchpoint": key,
        "journey": journey,
        "called": called,
        "evidence": said,
        "verdict": {"drop": "down", "rise": "up"}.get(row.kind) or said["verdict"],
        "since": row.since,
        "at": row.opened_at,
        "over_at": row.closed_at,
        "metric": said.get("metric", "index"),
        "from": said["level_before"],
        "to": said["level_after"],
        "alert": row.id,
        "action": said.get("action"),
    }
