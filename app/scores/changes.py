"""Whether a touchpoint's level changed for real, as the monitoring found it."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.models import Alert

_DIRECTIONS = {"drop": "down", "rise": "up"}


def of(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """By touchpoint: the change that stands, {direction, since, from, to} in index points; of two the later one."""
    standing = col(Alert.closed_at).is_(None), col(Alert.touchpoint_id).in_(ids), col(Alert.kind).in_(_DIRECTIONS)
    columns: Any = (Alert.touchpoint_id, Alert.kind, Alert.since, Alert.evidence)
    found = session.execute(select(*columns).where(*standing).order_by(col(Alert.id)))
    return {
        number: {
            "direction": _DIRECTIONS[kind],
            "since": since,
            "from": evidence["level_before"],
            "to": evidence["level_after"],
        }
        for number, kind, since, evidence in found
    }
