"""What changed for real, in one list: levels that fell or rose, targets and actions that were decided."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.models import Alert, Touchpoint

KINDS = ("drop", "rise", "target", "action")


def page(session: Session, since: datetime, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Changes found from `since` on, the newest first, those before the alert `before`; no false alarms."""
    wanted: list[Any] = [col(Alert.touchpoint_id) == col(Touchpoint.id), col(Alert.kind).in_(KINDS)]
    wanted += [col(Alert.opened_at) >= since, col(Alert.because).is_distinct_from("false_alarm")]
    wanted += [col(Alert.id) < before] if before is not None else []
    rows = session.exec(select(Alert, Touchpoint.key).where(*wanted).order_by(col(Alert.id).desc()).limit(limit))
    return [_public(row, key) for row, key in rows]


def _public(row: Alert, key: str) -> dict[str, Any]:
    said = row.evidence
    return {
        "kind": row.kind,
        "touchpoint": key,
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
