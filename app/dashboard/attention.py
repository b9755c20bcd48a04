"""Silence: touchpoints and tablets that no longer report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.devices import tablets
from app.monitoring import silence
from app.scores.buckets import to_time
from app.touchpoints.registry import Known

DAY_S = 86_400
_MOST = 6
_TABLETS = 1000
_LAST = text(
    "SELECT id, (SELECT MAX(bucket) FROM rollup WHERE touchpoint_id = touchpoint.id AND grain = 'hour' "
    "AND slice = 'counted' AND n > 0) FROM touchpoint WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))
_HOURS = text(
    "SELECT bucket, CAST(SUM(n) AS bigint) FROM rollup WHERE touchpoint_id = :id AND grain = 'hour' "
    "AND slice = 'counted' AND bucket > :since AND bucket <= :last AND n > 0 GROUP BY bucket ORDER BY bucket"
)


def silent_tablets(session: Session, keys: Collection[str], now: int) -> list[dict[str, Any]]:
    """The paired tablets at one of these touchpoints that have not reported for a while, the latest loss first."""
    shown = [tablets.shown(row, to_time(now)) for row in tablets.page(session, 0, _TABLETS)]
    silent = [row for row in shown if row["silent"] and not set(row["touchpoints"]).isdisjoint(keys)]
    return sorted(silent, key=lambda row: row["last_seen_at"] or row["created_at"], reverse=True)[:_MOST]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A touchpoint that had `usual` answers a day and none for `days` days."""

    known: Known
    days: int
    usual: float


def alarms(session: Session, touchpoints: Sequence[Known], now: int) -> list[Alarm]:
    """The touchpoints that fell silent, the longest silence first; at most a handful."""
    ids = [known.id for known in touchpoints]
    last: dict[int, int | None] = {}
    if ids:
        last = {row[0]: row[1] for row in session.connection().execute(_LAST, {"ids": ids})}
    found = [alarm for one in touchpoints if (alarm := _silent(session, one, last.get(one.id), now))]
    return sorted(found, key=lambda alarm: -alarm.days)[:_MOST]


def _silent(session: Session, known: Known, last: int | None, now: int) -> Alarm | None:
    if last is None or now - last < DAY_S:
        return None  # the hours of a busy touchpoint are not even read
    span = {"id": known.id, "since": last - silence.WEEKS * 7 * DAY_S, "last": last}
    hours = [(row[0], row[1]) for row in session.connection().execute(_HOURS, span)]
    found = silence.look(hours, now)
    return Alarm(known, found.hours // 24, found.usual) if found and found.told else None
