"""Touchpoints that no answer reaches any more: reads the hours that `silence.py` judges."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from time import sleep
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.monitoring import silence
from app.monitoring.seen import Seen
from app.scores.buckets import to_time

KIND = "silence"
_HOUR, _DAY = 3600, 86_400
_LAST = text(
    "SELECT id, (SELECT MAX(bucket) FROM rollup WHERE touchpoint_id = touchpoint.id AND grain = 'hour' "
    "AND slice = 'counted' AND n > 0 AND bucket < :now) FROM touchpoint WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_HOURS = text(
    "SELECT touchpoint_id, bucket, CAST(SUM(n) AS bigint) FROM rollup WHERE touchpoint_id IN :ids AND grain = 'hour' "
    "AND slice = 'counted' AND bucket > :since AND bucket < :now AND n > 0 "
    "GROUP BY touchpoint_id, bucket ORDER BY touchpoint_id, bucket"
).bindparams(bindparam("ids", expanding=True))


def look(session: Session, ids: Sequence[int], at: datetime) -> list[Seen]:
    """Which of these are silent, and which are not. The hours of one that answered within a day are not even read."""
    now = int(at.timestamp())
    rows = session.execute(_LAST, {"ids": ids, "now": now})
    last: dict[int, int] = {number: bucket for number, bucket in rows if bucket is not None}
    long = {number: bucket for number, bucket in last.items() if now - bucket >= _DAY}
    hours = _hours(session, long, now)
    return [_seen(number, bucket, hours.get(number, []), now) for number, bucket in last.items()]


def _hours(session: Session, last: dict[int, int], now: int) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if last:
        since = min(last.values()) - silence.WEEKS * 7 * _DAY
        for number, hour, n in session.execute(_HOURS, {"ids": list(last), "since": since, "now": now}):
            found[number].append((hour, n))
    return found


def _seen(number: int, last: int, hours: list[tuple[int, int]], now: int) -> Seen:
    sleep(0)  # for the thread that takes answers
    found = silence.look(hours, now) if hours else None
    evidence: dict[str, Any] = {"hours": found.hours, "usual": round(found.usual, 2)} if found else {}
    return Seen(number, KIND, bool(found and found.told), to_time(last + _HOUR), evidence)
