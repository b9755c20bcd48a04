"""Touchpoints that somebody should look at again."""

from collections.abc import Sequence
from datetime import datetime, time

from app.monitoring.seen import Seen
from app.touchpoints.registry import Known

KIND = "review_due"


def look(these: Sequence[Known], at: datetime) -> list[Seen]:
    """Where a review is due on the local day of `at`, and where none is."""
    return [_seen(known, at) for known in these]


def _seen(known: Known, at: datetime) -> Seen:
    due, reviewed = known.row.review_due, known.row.reviewed_at
    if due is None or due > at.astimezone(known.zone).date():
        return Seen(known.id, KIND, False, at)
    since = datetime.combine(due, time.min, known.zone)
    evidence = {"due": due.isoformat(), "reviewed_at": reviewed.isoformat() if reviewed else None}
    return Seen(known.id, KIND, True, since, evidence)
