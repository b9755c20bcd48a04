"""What a digest is about: its days and touchpoints, and what happened there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.mail.outbox import covers
from app.models import Alert, Subscriber, Touchpoint
from app.scores.counts import daily

MOST = 20  # of a kind in one letter
CHANGES = ("drop", "rise", "target", "action")


@dataclass(frozen=True)
class Period:
    """The local days from `since` to before `until`, at the touchpoints that somebody is told of."""

    since: datetime
    until: datetime
    places: Sequence[Touchpoint]
    zone: ZoneInfo

    @classmethod
    def of(cls, session: Session, whose: Subscriber, since: datetime, until: datetime) -> "Period":
        wanted = select(Touchpoint).where(col(Touchpoint.archived_at).is_(None)).order_by(col(Touchpoint.id))
        places = [place for place in session.exec(wanted) if covers(whose, place)]
        return cls(since, until, places, ZoneInfo(whose.timezone))

    @cached_property
    def by_id(self) -> dict[int, Touchpoint]:
        return {place.id or 0: place for place in self.places}

    @property
    def days(self) -> tuple[int, int]:
        """As the rollup counts local days, wherever they are: seconds since 1970 on the wall's clock."""
        first, last = (int(at.astimezone(self.zone).replace(tzinfo=UTC).timestamp()) for at in (self.since, self.until))
        return first, last


def changed(session: Session, period: Period) -> list[tuple[Alert, Touchpoint]]:
    """Levels and targets that changed within the period, the newest first."""
    within = (col(Alert.opened_at) >= period.since, col(Alert.opened_at) < period.until)
    return _alerts(session, period, col(Alert.kind).in_(CHANGES), *within)


def still_open(session: Session, period: Period) -> list[tuple[Alert, Touchpoint]]:
    """What is open and nobody has taken, the newest first; good news needs nobody."""
    untaken = (col(Alert.closed_at).is_(None), col(Alert.acknowledged_at).is_(None))
    return _alerts(session, period, col(Alert.kind).not_in(("rise", "action")), *untaken)


def _alerts(session: Session, period: Period, *which: Any) -> list[tuple[Alert, Touchpoint]]:
    rows = session.exec(select(Alert).where(*which).order_by(col(Alert.id).desc()).limit(10 * MOST))
    found = [(row, period.by_id[row.touchpoint_id]) for row in rows if row.touchpoint_id in period.by_id]
    return found[:MOST]


def answers(session: Session, period: Period) -> tuple[int, int]:
    """How many answers counted, and how many of them had a comment."""
    rows = [counts for *_, counts in daily(session, list(period.by_id), *period.days)]
    return sum(counts[0] for counts in rows), sum(counts[1] for counts in rows)
