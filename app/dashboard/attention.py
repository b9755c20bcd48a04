"""Silence: touchpoints and tablets that no longer report."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.dashboard.levels import Level
from app.devices import tablets
from app.scores.buckets import to_time

SURPRISE = 0.001  # how improbable a silence must be
_LONG = -log(SURPRISE)  # expected answers whose absence is that improbable (Poisson)
_WEEKS = 4
_WEEK_S = 7 * 86_400
_MOST = 6
_TABLETS = 1000
_LAST = text(
    "SELECT id, (SELECT MAX(bucket) FROM rollup WHERE touchpoint_id = touchpoint.id AND grain = 'hour' "
    "AND slice = 'counted' AND n > 0) FROM touchpoint WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))


_SINCE = text(
    "SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM rollup "
    "WHERE touchpoint_id = :id AND grain = 'hour' AND slice = 'counted' AND bucket >= :since AND bucket < :until"
)


def silent_tablets(session: Session, keys: Collection[str], now: int) -> list[dict[str, Any]]:
    """The paired tablets at one of these touchpoints that have not reported for a while, the latest loss first."""
    shown = [tablets.shown(row, to_time(now)) for row in tablets.page(session, 0, _TABLETS)]
    silent = [row for row in shown if row["silent"] and not set(row["touchpoints"]).isdisjoint(keys)]
    return sorted(silent, key=lambda row: row["last_seen_at"] or row["created_at"], reverse=True)[:_MOST]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A touchpoint that had `usual` answers a day and none for `days` days."""

    standing: Level
    days: int
    usual: float


def alarms(session: Session, standings: Sequence[Level], now: int) -> list[Alarm]:
    """The touchpoints that fell silent, the longest silence first; at most a handful."""
    ids = [standing.known.id for standing in standings]
    last: dict[int, int | None] = {}
    if ids:
        last = {row[0]: row[1] for row in session.connection().execute(_LAST, {"ids": ids})}
    found = [alarm for s in standings if (alarm := silent(s, last.get(s.known.id), now))]
    found = [alarm for alarm in found if expected(session, alarm, last[alarm.standing.known.id] or 0, now) >= _LONG]
    return sorted(found, key=lambda alarm: -alarm.days)[:_MOST]


def expected(session: Session, alarm: Alarm, last: int, now: int) -> float:
    """How many answers the same hours of the last weeks brought: a shop is no less well on its Sundays."""
    found = 0
    for week in range(1, _WEEKS + 1):
        span = {"since": last + 3600 - week * _WEEK_S, "until": now - week * _WEEK_S}
        found += session.connection().execute(_SINCE, {"id": alarm.standing.known.id, **span}).scalar_one()
    return found / _WEEKS


def silent(standing: Level, last: int | None, now: int) -> Alarm | None:
    """An alarm when answers came at a steady pace and the silence since is no chance (Poisson), a day at least."""
    if last is None:
        return None
    seconds = standing.window.until - standing.window.since
    usual = standing.before[0] * 86_400 / seconds
    days = (now - last - 3600) / 86_400
    if usual <= 0 or days < 1 or usual * days < _LONG:
        return None
    return Alarm(standing, int(days), usual)
