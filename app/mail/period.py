"""What a digest is about: its days and touchpoints, and what happened there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from app.mail.changes import Place, place_of
from app.mail.outbox import covers, hears
from app.models import Alert, Subscriber, Touchpoint
from app.monitoring.changes import KINDS
from app.scores.counts import daily

MOST = 20  # of a kind in one letter


@dataclass(frozen=True)
class Period:
    """The local days from `since` to before `until`, at the touchpoints that somebody is told of.

    With `segments` only alerts that name one of them.
    """

    since: datetime
    until: datetime
    places: Sequence[Touchpoint]
    zone: ZoneInfo
    segments: Sequence[str] = ()

    @classmethod
    def of(cls, session: Session, whose: Subscriber, since: datetime, until: datetime) -> "Period":
        wanted = select(Touchpoint).where(col(Touchpoint.archived_at).is_(None)).order_by(col(Touchpoint.id))
        places = [place for place in session.exec(wanted) if covers(whose, place)]
        return cls(since, until, places, ZoneInfo(whose.timezone), whose.segments)

    @cached_property
    def by_id(self) -> dict[int, Touchpoint]:
        return {place.id or 0: place for place in self.places}

    def covers(self, alert: Alert) -> bool:
        """Whether it is about one of the touchpoints, or a journey of one."""
        if alert.touchpoint_id:
            return alert.touchpoint_id in self.by_id
        keys = {place.key for place in self.places}
        return any(one["touchpoint"] in keys for one in alert.evidence["touchpoints"])


def changed(session: Session, period: Period) -> list[tuple[Alert, Place]]:
    """What changed for real within the period, the newest first: no false alarms, and no action without an effect."""
    within = (col(Alert.opened_at) >= period.since, col(Alert.opened_at) < period.until)
    found = _alerts(session, period, col(Alert.kind).in_(KINDS), is_true(), *within)
    return [(alert, place) for alert, place in found if alert.evidence.get("verdict") not in ("no_evidence", "too_few")]


def is_true() -> ColumnElement[bool]:
    """The condition for alerts of which nobody said that they were false."""
    return col(Alert.because).is_distinct_from("false_alarm")


def still_open(session: Session, period: Period) -> list[tuple[Alert, Place]]:
    """What is open and nobody has taken, the newest first; good news needs nobody."""
    untaken = (col(Alert.closed_at).is_(None), col(Alert.acknowledged_at).is_(None))
    return _alerts(session, period, col(Alert.kind).not_in(("rise", "target", "action")), *untaken)


def _alerts(session: Session, period: Period, *which: Any) -> list[tuple[Alert, Place]]:
    rows = session.exec(select(Alert).where(*which).order_by(col(Alert.id).desc()).limit(10 * MOST))
    here = ((row, place_of(session, row)) for row in rows if period.covers(row) and hears(period.segments, row))
    return [(row, place) for row, place in islice(here, MOST) if place]


def answers(session: Session, period: Period) -> tuple[int, int]:
    """How many answers counted, and how many of them had a comment."""
    ends = int(period.since.timestamp()), int(period.until.timestamp())
    rows = [counts for *_, counts in daily(session, list(period.by_id), *ends)]
    return sum(counts[0] for counts in rows), sum(counts[1] for counts in rows)
