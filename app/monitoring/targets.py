"""Targets: reads which are to be judged, and decides each once, by the target rule of scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.models import Alert, TargetRecord
from app.monitoring.seen import Seen
from app.scores import baseline, counts, formulas, score, verdicts
from app.scores.buckets import hour_start
from app.scores.counts import ratings
from app.touchpoints.registry import Known

KIND = "target"
PERIOD = timedelta(days=30)  # up to the date by which a target is wanted
HELD = timedelta(days=14)  # before the end of a month that a target is judged by
NEWS = timedelta(days=14)  # how long good news stays open
_STATUS = {"met": "met", "not_met": "missed"}


class Period(NamedTuple):
    """Local midnights between which a target is judged."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """That a target was judged up to `until`, and what came of it; None: nothing new."""

    number: int
    until: datetime
    status: str | None


def periods(row: TargetRecord, zone: ZoneInfo, at: datetime) -> list[Period]:
    """What is to be judged now and was not, none that was over when the target was set.

    The 30 days up to `by`; without it the last calendar month, if the target held for HELD of it, and the running one.
    """
    if row.by:
        end = _midnight(row.by + timedelta(days=1), zone)
        wanted = [Period(end - PERIOD, end)]
    else:
        first = at.astimezone(zone).date().replace(day=1)
        starts = (_midnight(day, zone) for day in (_month_before(first), first, _month_after(first)))
        last, running = (Period(*pair) for pair in pairwise(starts))
        wanted = [last, running] if last.until - row.set_at >= HELD else [running]
    judged = max(filter(None, (row.judged_until, row.set_at)))
    return [one for one in wanted if one.since < at and one.until > judged]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _month_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)


def look(session: Session, these: Sequence[Known], at: datetime) -> tuple[list[Seen], list[Decision]]:
    """What is decided now of these touchpoints' targets, and the alerts that come of it or are over."""
    by_id = {known.id: known for known in these}
    held = col(TargetRecord.touchpoint_id).in_(list(by_id)), col(TargetRecord.ended_at).is_(None)
    seen: list[Seen] = []
    decisions: list[Decision] = []
    stands: set[str] = set()
    for row in session.exec(select(TargetRecord).where(*held).order_by(col(TargetRecord.id))):
        known, status = by_id[row.touchpoint_id], row.status
        for period in periods(row, known.zone, at):
            found = _judge(session, known, row, period, at)
            if found.status is None and period.until > at:
                continue
            decisions.append(Decision(row.id or 0, period.until, found.status))
            if found.status and found.status in _STATUS.values() and found.status != status:
                seen.append(Seen(known.id, KIND, True, at, found.evidence, _about(row, found.status)))
            status = found.status or status
        stands.add(_about(row, status))
    return [*_over(session, list(by_id), stands, at), *seen], decisions


def write(session: Session, decisions: Sequence[Decision], at: datetime) -> None:
    """Note what was decided `at`."""
    for one in decisions:
        row = session.get_one(TargetRecord, one.number)
        row.judged_until = one.until
        if one.status and one.status != row.status:
            row.status, row.decided_at = one.status, at


class _Judged(NamedTuple):
    status: str | None
    evidence: dict[str, Any]


def _judge(session: Session, known: Known, row: TargetRecord, period: Period, at: datetime) -> _Judged:
    """The status that a period gives; None: it is open, or a month told nothing, and the target goes on.

    A period that runs may be decided as met, by an interval for any look. What looks missed may still be reached.
    """
    if row.metric not in known.scale.aims:
        return _Judged(None, {})
    since, over = int(period.since.timestamp()), period.until <= at
    until = hour_start(int(min(period.until, at).timestamp()), known.zone)
    spans = counts.window(since, until, known.zone) if until > since else []
    given = ratings(score.counted(counts.read(session, [known.id], spans).get(known.id, {})))
    if sum(given) < verdicts.FEW:
        return _Judged("too_few" if over and row.by else None, {})
    days = baseline.of(session, [known], since, metric=row.metric)[known.id]
    asked = known.scale, row.metric
    length = (until - since) / 86_400
    found = _STATUS.get(verdicts.target(*asked, row.value, given, length, days, over=over))
    found = found if over or found == "met" else None
    stands = formulas.rounded(row.metric, verdicts.level(*asked, given, length, days)) or {}
    evidence = {"metric": row.metric, "verdict": found, "target": row.value, "by": row.by and row.by.isoformat()}
    evidence |= {"level_before": None, "level_after": stands.get("value"), "low": stands.get("low")}
    evidence |= {"high": stands.get("high"), "answers": sum(given), "since": period.since.date().isoformat()}
    return _Judged(found or ("undecided" if over and row.by else None), evidence)


def _about(row: TargetRecord, status: str) -> str:
    return f"{KIND}:{row.id}:{status}"


def _over(session: Session, ids: list[int], stands: set[str], at: datetime) -> list[Seen]:
    """The alerts of targets that hold no more or were decided otherwise since, and good news that is old."""
    these = col(Alert.touchpoint_id).in_(ids), Alert.kind == KIND, col(Alert.closed_at).is_(None)
    found = session.exec(select(Alert).where(*these)).all()
    over = [one for one in found if one.about not in stands or (_is_good(one) and at - one.opened_at > NEWS)]
    return [Seen(one.touchpoint_id, KIND, False, at, about=one.about) for one in over]


def _is_good(alert: Alert) -> bool:
    return bool(alert.evidence.get("verdict") == "met")
