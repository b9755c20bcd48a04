"""A touchpoint's target month by month, decided as the monitoring decides it: once a month is over."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple, cast

from markupsafe import Markup
from sqlmodel import Session, col, select

from app.dashboard.levels import Goal, Level
from app.dashboard.localized import Localized
from app.models import TargetRecord
from app.monitoring.targets import HELD
from app.scores import baseline, score
from app.scores import counts as rollup
from app.scores.buckets import next_start, starts
from app.scores.counts import Counts
from app.scores.score import Window
from app.scores.verdicts import FEW
from app.touchpoints.registry import Known

MONTHS = 6
_LONGEST = 31 * 86_400


class Month(NamedTuple):
    """How one month stood beside the target; `status` is met, not_met, undecided, few or so_far."""

    first: date
    goal: Goal
    n: int
    status: str


def read(session: Session, known: Known, now: int) -> list[Month]:
    """The months in which the target held for long enough, the running one last; none before one of them is over."""
    held = (col(TargetRecord.touchpoint_id) == known.id, col(TargetRecord.ended_at).is_(None))
    row = session.exec(select(TargetRecord).where(*held)).first() if known.row.target else None
    if row is None or row.metric not in known.scale.aims:
        return []
    first = list(starts("month", now - MONTHS * _LONGEST, now + 1, known.zone))[-MONTHS:]
    edges = [*first, next_start("month", first[-1], known.zone)]
    long_enough = row.set_at.timestamp() + HELD.total_seconds()
    windows = [Window(since, until, known.zone) for since, until in pairwise(edges) if until >= long_enough]
    if not windows or windows[0].until > now:
        return []
    parts = rollup.series(session, known.id, windows[0].since, edges[-1], known.zone, "month")
    return [_month(session, known, one, score.counted(parts.get(one.since, {})), now) for one in windows]


def _month(session: Session, known: Known, window: Window, counts: Counts, now: int) -> Month:
    over = window.until <= now
    level = Level(known, window, counts)
    days = baseline.of(session, [known], window.since)[known.id]
    wanted = cast("score.Wanted", known.row.target)
    level.target = score.target(known.scale, wanted, counts, window.days, days, over=over)
    goal = level.goal
    assert goal is not None
    status = "so_far" if not over else "few" if level.n < FEW else goal.status
    return Month(datetime.fromtimestamp(window.since, window.zone).date(), goal, level.n, status)


def says(months: Sequence[Month], t: Localized) -> Markup:
    """How often the target was met and missed in the months that are over."""
    over = [month.status for month in months if month.status != "so_far"]
    met, missed = over.count("met"), over.count("not_met")
    if len(over) in (met, missed):
        case = "all_met" if met else "all_missed"
    elif met and missed:
        case = "both"
    else:
        case = "met" if met else "missed" if missed else "neither"
    return t(f"months.{case}", n=len(over), met=met, missed=missed)
