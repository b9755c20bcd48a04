"""What the monitoring found changed and nobody has closed: the one verdict on change that pages of many show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from app.models import Alert


class Change(NamedTuple):
    """A level fell (`drop`) or rose (`rise`), and the alert that says so."""

    kind: str
    since: datetime
    alert: int
    evidence: Mapping[str, Any]


def open_ones(session: Session) -> dict[int, Change]:
    """The change of each touchpoint that has one, by its id; of two the later."""
    columns: Any = (Alert.touchpoint_id, Alert.kind, Alert.since, Alert.id, Alert.evidence)
    wanted = select(*columns).where(col(Alert.closed_at).is_(None), col(Alert.kind).in_(("drop", "rise")))
    rows = session.execute(wanted.order_by(col(Alert.since)))
    return {number: Change(kind, since, alert, evidence) for number, kind, since, alert, evidence in rows}
