"""What somebody should look at although no score says so: a touchpoint that fell silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.pages.dashboard.standing import Standing

SURPRISE = 0.001  # how improbable a silence must be
_MOST = 6
_LAST = text(
    "SELECT id, (SELECT MAX(bucket) FROM rollup WHERE touchpoint_id = touchpoint.id AND grain = 'hour' "
    "AND slice = 'counted' AND n > 0) FROM touchpoint WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class Alarm:
    """A touchpoint that had `usual` answers a day and none for `days` days."""

    standing: Standing
    days: int
    usual: float


def alarms(session: Session, standings: Sequence[Standing], now: int) -> list[Alarm]:
    """The touchpoints that fell silent, the longest silence first; at most a handful."""
    ids = [standing.known.id for standing in standings]
    last: dict[int, int | None] = {}
    if ids:
        last = {row[0]: row[1] for row in session.connection().execute(_LAST, {"ids": ids})}
    found = [alarm for s in standings if (alarm := silent(s, last.get(s.known.id), now))]
    return sorted(found, key=lambda alarm: -alarm.days)[:_MOST]


def silent(standing: Standing, last: int | None, now: int) -> Alarm | None:
    """An alarm when answers came at a steady pace and the silence since is no chance (Poisson), a day at least."""
    if last is None:
        return None
    seconds = standing.window.until - standing.window.since
    usual = standing.before[0] * 86_400 / seconds
    days = (now - last - 3600) / 86_400
    if usual <= 0 or days < 1 or usual * days < -log(SURPRISE):
        return None
    return Alarm(standing, int(days), usual)
