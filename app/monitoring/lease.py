"""Who looks: one process at a time, by a row in the database. Nobody waits long for one that died over it.

Two that look at once do no harm (alerts are written once, see `alerts.py`); the lease saves the work.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.models import Monitoring
from app.sql import Bulk

HELD = timedelta(minutes=2)  # more than the time between two renewals, which is that of some hundred touchpoints
_ROW = 1
_THERE = Bulk(
    "INSERT INTO monitoring (id, summary) SELECT id, summary FROM {r} WHERE true ON CONFLICT (id) DO NOTHING",
    {"id": "int", "summary": "json"},
)


class LeaseLost(Exception):
    """Another process looks now."""


def read(session: Session) -> Monitoring | None:
    """Who looks, and what the last look came to; None before the first one."""
    return session.get(Monitoring, _ROW)


def public(row: Monitoring | None, at: datetime) -> dict[str, Any]:
    """What the API says of it: the next look is due when the hour of the last one is over."""
    counts = dict.fromkeys(("touchpoints", "watched", "learning", "too_thin"), 0) | (row.summary if row else {})
    looked = row.looked_at if row else None
    over = datetime.fromtimestamp((_hour(at) + 1) * 3600, UTC)
    return {"looked_at": looked, "looks_next": at if is_due(row, at) else over, **counts}


def watching(row: Monitoring | None) -> set[int] | None:
    """The touchpoints whose levels are watched; None when no look has said so yet."""
    found = row.summary.get("watching") if row else None
    return None if found is None else set(found)


def is_due(row: Monitoring | None, at: datetime) -> bool:
    """Whether an hour closed since the last look; a look in the future is none, for a clock was set back since."""
    return row is None or row.looked_at is None or _hour(row.looked_at) != _hour(at)


def is_free(row: Monitoring, holder: str, at: datetime) -> bool:
    """Whether `holder` may look: nobody else does, or he is late, or his clock went wrong."""
    others = row.holder not in (None, holder) and row.held_until is not None
    return not others or row.held_until is None or not at < row.held_until <= at + HELD


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process does with the row under its name `holder`."""

    holder: str

    def take(self, session: Session, at: datetime) -> bool:
        """Become the one who looks, if a look is due and nobody else does it."""
        row = _locked(session)
        if not is_due(row, at) or not is_free(row, self.holder, at):
            return False
        row.holder, row.held_until = self.holder, at + HELD
        return True

    def keep(self, session: Session, at: datetime) -> None:
        """Say that one still looks, in the transaction of what was found; LeaseLost when another one does."""
        row = _locked(session)
        if row.holder != self.holder:
            raise LeaseLost
        row.held_until = at + HELD

    def give_back(self, session: Session, at: datetime, summary: dict[str, Any]) -> None:
        """Write down what the look as of `at` came to."""
        row = note(session, at, summary)
        if row.holder == self.holder:
            row.holder = row.held_until = None


def note(session: Session, at: datetime, summary: dict[str, Any]) -> Monitoring:
    """Write down what a look as of `at` came to."""
    row = _locked(session)
    row.looked_at, row.summary = at, summary
    return row


def _locked(session: Session) -> Monitoring:
    _THERE.run(session, [(_ROW, {})])
    return session.exec(select(Monitoring).where(col(Monitoring.id) == _ROW).with_for_update()).one()


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
