"""The targets that a touchpoint had, one row for each."""

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from app.models import TargetRecord, Touchpoint, now

SHOWN = 200


def remember(session: Session, row: Touchpoint) -> None:
    """Note which target holds now; what held before has ended."""
    known = TargetRecord.touchpoint_id == row.id, col(TargetRecord.ended_at).is_(None)
    held, wanted = session.exec(select(TargetRecord).where(*known)).first(), _wanted(row)
    if held and wanted == {"metric": held.metric, "value": held.value, "by": held.by}:
        return
    if held:
        held.ended_at = now()
    if wanted:
        session.add(TargetRecord(touchpoint_id=row.id or 0, **wanted))


def _wanted(row: Touchpoint) -> dict[str, Any] | None:
    if row.target is None:
        return None
    by = row.target.get("by")
    return {"metric": row.target["metric"], "value": row.target["value"], "by": date.fromisoformat(by) if by else None}


def of(session: Session, row: Touchpoint) -> list[dict[str, Any]]:
    """The targets of a touchpoint, the newest first."""
    rows = select(TargetRecord).where(TargetRecord.touchpoint_id == row.id).order_by(col(TargetRecord.id).desc())
    found = session.exec(rows.limit(SHOWN))
    return [one.model_dump(exclude={"id", "touchpoint_id", "judged_until"}) for one in found]
