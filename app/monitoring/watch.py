"""Looks at every touchpoint. Nothing is remembered between looks but the alerts: all else is in the rollup."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.db import Database
from app.models import Alert, Rollup, Touchpoint
from app.monitoring import alerts, drop
from app.monitoring.drop import Cell, Found
from app.touchpoints.scales import SCALES

AT_A_TIME = 100  # touchpoints in one statement
TOLD_FROM = 0.03  # of the scale: a smaller change is none to act on
_HOUR, _QUARTER, _DAY = 3600, 6 * 3600, 24 * 3600
_DAYS_READ = drop.BASE_DAYS + drop.LAG_MAX
_KINDS: dict[str, Callable[..., Found]] = {"drop": drop.look, "rise": drop.look_up}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at one touchpoint found."""

    touchpoint_id: int
    key: str
    kind: str
    since: datetime
    found: Found


async def once(db: Database, at: datetime) -> tuple[list[Seen], int, int]:
    """Look at all touchpoints as of `at`. Gives the changes, how many were looked at and how many still learn."""
    touchpoints = await db.read(_touchpoints)
    changes, learning = [], 0
    for start in range(0, len(touchpoints), AT_A_TIME):
        these = touchpoints[start : start + AT_A_TIME]
        seen = await db.read(partial(_look, these=these, at=at, fleet=len(touchpoints)))
        learning += sum(one.found.learning for one in seen if one.kind == "drop")
        wanted = [one for one in seen if not one.found.learning]
        await db.write(partial(_write, seen=wanted))
        changes += [one for one in seen if one.found.fell]
    return changes, len(touchpoints), learning


def _touchpoints(session: Session) -> list[tuple[int, str, str, str]]:
    columns: Any = (Touchpoint.id, Touchpoint.key, Touchpoint.scale, Touchpoint.timezone)
    rows = session.execute(select(*columns).where(col(Touchpoint.archived_at).is_(None)).order_by(Touchpoint.id))
    return [(number, key, scale, zone) for number, key, scale, zone in rows]


def _look(session: Session, these: Sequence[tuple[int, str, str, str]], at: datetime, fleet: int) -> list[Seen]:
    local = {number: _local(at, ZoneInfo(zone)) // _HOUR * _HOUR for number, _, _, zone in these}
    cells = _cells(session, {number: SCALES[scale].ratings for number, _, scale, _ in these}, local)
    seen: list[Seen] = []
    learned_from = _baselines(session, {number: ZoneInfo(zone) for number, _, _, zone in these})
    for number, key, _, zone in these:
        today = local[number] // _DAY
        for kind, look in _KINDS.items():
            found = look(cells[number], today, baseline_from=learned_from.get(number, 0), per_alarm=4 * max(fleet, 1))
            midnight = datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=found.since)
            if found.fell and abs(found.after - found.before) < TOLD_FROM:
                continue
            seen.append(Seen(number, key, kind, midnight.astimezone(UTC), found))
    return seen


def _local(at: datetime, zone: ZoneInfo) -> int:
    """The local time as seconds since 1970, as the rollup's buckets have it."""
    return int(at.astimezone(zone).replace(tzinfo=UTC).timestamp())


def _cells(session: Session, ratings: dict[int, range], local: dict[int, int]) -> dict[int, list[Cell]]:
    """The counts by touchpoint; an hour that is not over does not count yet."""
    sums: Any = [func.sum(getattr(Rollup, f"n{rating}")) for rating in range(11)]
    part: Any = col(Rollup.bucket) // _QUARTER
    whose: Any = (
        col(Rollup.touchpoint_id).in_(list(ratings)),
        Rollup.grain == "hour",
        Rollup.slice == "counted",
        col(Rollup.bucket) >= min(local.values()) - _DAYS_READ * _DAY,
    )
    cells: dict[int, list[Cell]] = defaultdict(list)
    keys: Any = (Rollup.touchpoint_id, part, Rollup.source)
    ends = max(local.values())
    statement: Any = select(*keys, *sums).where(*whose, col(Rollup.bucket) < ends).group_by(*keys)
    for number, quarter, source, *counts in session.execute(statement):
        within = ratings[number]
        day, of_day = divmod(int(quarter), 4)
        cells[number].append(Cell(day, of_day, source, tuple(int(counts[rating]) for rating in within)))
    return cells


def _baselines(session: Session, zones: dict[int, ZoneInfo]) -> dict[int, int]:
    """From which day to learn where a person said that an alert was false, or that this is the new level."""
    said = col(Alert.because).in_(["false_alarm", "not_a_problem"]), col(Alert.touchpoint_id).in_(list(zones))
    columns: Any = (Alert.touchpoint_id, func.max(Alert.since))
    rows = session.execute(select(*columns).where(*said).group_by(Alert.touchpoint_id))
    return {number: _local(since, zones[number]) // _DAY for number, since in rows}


def _write(session: Session, seen: Sequence[Seen]) -> None:
    for one in seen:
        found = one.found
        if found.fell:
            alerts.opened(session, one.kind, one.touchpoint_id, one.since, _evidence(found))
    over = {(one.touchpoint_id, one.kind) for one in seen if _over(one.found)}
    for row in session.exec(select(Alert).where(col(Alert.closed_at).is_(None))).all():
        if (row.touchpoint_id, row.kind) in over:
            alerts.ended(session, row.kind, row.touchpoint_id)


def _over(found: Found) -> bool:
    """Whether a change that was told is over: well below where it was told, so that it does not flicker."""
    return not found.fell and found.w <= max(found.h - 5, 0)


def _evidence(found: Found) -> dict[str, Any]:
    """The numbers, levels as index points (0 to 100)."""
    return {
        "level_before": round(100 * found.before, 1),
        "level_after": round(100 * found.after, 1),
        "answers": found.n,
        "statistic": round(found.w, 2),
        "threshold": round(found.h, 2),
    }
