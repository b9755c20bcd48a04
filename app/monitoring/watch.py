"""Looks at every touchpoint. Nothing is remembered between looks but the alerts: all else is in the rollup."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from app.db import Database
from app.models import Touchpoint
from app.monitoring import alerts, lease, levels, targets
from app.monitoring.seen import Seen
from app.touchpoints import registry
from app.touchpoints.registry import Known

AT_A_TIME, FEW_AT_A_TIME = 100, 10  # touchpoints


@dataclass
class Report:
    """What a look came to."""

    touchpoints: int = 0
    states: Counter[str] = field(default_factory=Counter)
    changes: list[tuple[Known, Seen]] = field(default_factory=list)  # drops and rises that are there

    def summary(self) -> dict[str, Any]:
        """How many touchpoints are watched, still learn, or have too few answers for it."""
        return {"touchpoints": self.touchpoints} | {
            state: self.states[state] for state in ("watched", "learning", "too_thin")
        }


def _nothing(_: Session) -> None:
    """Whoever looks by hand asks nobody."""


async def once(db: Database, at: datetime, *, renew: Callable[[Session], None] = _nothing) -> Report:
    """Look at all touchpoints as of `at`, and write what is found; `renew` runs in each transaction that writes.

    What takes time is worked out in a thread, beside the answers that come in.
    """
    fleet = await db.read(touchpoints)
    report = Report(len(fleet))
    for start in range(0, len(fleet), AT_A_TIME):
        these = fleet[start : start + AT_A_TIME]
        found = await db.read(partial(levels.read, these=these, at=at))
        seen, states = await asyncio.to_thread(levels.judge, these, at, found, len(fleet))
        report.states.update(states)
        decided, decisions = await _targets(db, these, at)
        await db.write(partial(_write, seen=[*seen, *decided], decisions=decisions, at=at, renew=renew))
        by_id = {known.id: known for known in these}
        report.changes += [(by_id[one.touchpoint_id], one) for one in seen if one.there and one.kind in levels.KINDS]
    return report


async def by_hand(db: Database, at: datetime) -> Report:
    """Look now, whoever else does, and note what it came to."""
    report = await once(db, at)
    await db.write(lambda session: lease.note(session, at, report.summary()))
    return report


def touchpoints(session: Session) -> list[Known]:
    """All that are in use."""
    in_use = select(Touchpoint).where(col(Touchpoint.archived_at).is_(None)).order_by(col(Touchpoint.id))
    return [registry.known(row) for row in session.exec(in_use)]


async def _targets(db: Database, these: Sequence[Known], at: datetime) -> tuple[list[Seen], list[targets.Decision]]:
    """A few at a time, for a read may hold up others."""
    seen: list[Seen] = []
    decisions: list[targets.Decision] = []
    for start in range(0, len(these), FEW_AT_A_TIME):
        some = these[start : start + FEW_AT_A_TIME]
        found, decided = await db.read(partial(targets.look, these=some, at=at))
        seen, decisions = [*seen, *found], [*decisions, *decided]
    return seen, decisions


def _write(
    session: Session,
    seen: Sequence[Seen],
    decisions: Sequence[targets.Decision],
    at: datetime,
    renew: Callable[[Session], None],
) -> None:
    renew(session)
    targets.write(session, decisions, at)
    alerts.note(session, seen)
