"""Looks at every touchpoint. What counts is in the database: the alerts, and all else in the rollup."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session, col, select

from app.db import Database
from app.models import Alert, Touchpoint
from app.monitoring import alerts, counted, decided, floods, lease, levels, quiet, reviews, tablets, targets, where
from app.monitoring.memory import Memory
from app.monitoring.seen import Seen
from app.touchpoints import registry
from app.touchpoints.registry import Known

AT_A_TIME, FEW_AT_A_TIME = 100, 10  # touchpoints


@dataclass
class Report:
    """What a look came to."""

    touchpoints: int = 0
    states: Counter[str] = field(default_factory=Counter)
    watching: list[int] = field(default_factory=list)  # the ids of those that are watched
    changes: list[tuple[Known, Seen]] = field(default_factory=list)  # drops and rises that are there

    def summary(self) -> dict[str, Any]:
        """How many touchpoints are watched, still learn, or have too few answers for it."""
        return {"touchpoints": self.touchpoints} | {
            state: self.states[state] for state in ("watched", "learning", "too_thin")
        }

    def noted(self) -> dict[str, Any]:
        """What is kept of it: for those who are told of some touchpoints only, also which are watched."""
        return self.summary() | {"watching": self.watching}

    def told(self) -> list[dict[str, Any]]:
        """The changes with the names of `/v1/changes`; `since` is a day where the touchpoint is."""
        return [
            {
                "kind": one.kind,
                "touchpoint": known.key,
                "since": one.since.astimezone(known.zone).date().isoformat(),
                "from": one.evidence["level_before"],
                "to": one.evidence["level_after"],
            }
            for known, one in self.changes
        ]


def _nothing(_: Session) -> None:
    """Whoever looks by hand asks nobody."""


async def once(
    db: Database, at: datetime, memory: Memory | None = None, *, renew: Callable[[Session], None] = _nothing
) -> Report:
    """Look at all touchpoints as of `at`, and write what is found; `renew` runs in each transaction that writes.

    With the `memory` of an earlier look those are left out that cannot have changed since. What takes time is worked
    out in a thread, beside the answers that come in.
    """
    memory = memory or Memory()
    fleet, troubled = await db.read(touchpoints), await db.read(memory.troubled)
    stamps = await db.read(partial(memory.changed, fleet=fleet, troubled=troubled))
    report, note = Report(len(fleet)), Notes(db, at, renew, troubled)
    for these in _parts(fleet, AT_A_TIME):
        await note(reviews.look(these, at))
        await note(await db.read(partial(quiet.look, these=these, at=at)))
    for these in _parts([known for known in fleet if known.id in stamps], AT_A_TIME):
        todays = await db.read(partial(counted.today, these=these, at=at))
        rest = [
            known
            for known in these
            if known.id in troubled or not memory.is_settled(known, todays[known.id], at, len(fleet))
        ]
        seen, stands = await _levels(db, rest, at, len(fleet))
        seen = await db.read(partial(where.named, seen=seen, these=rest, at=at))
        await note([*seen, *await db.read(partial(floods.look, these=these, at=at))], renew=bool(rest))
        memory.keep(rest, stands, todays, at)
        memory.stamps.update((known.id, stamps[known.id]) for known in these)
        by_id = {known.id: known for known in rest}
        report.changes += [(by_id[one.touchpoint_id], one) for one in seen if one.there and one.kind in levels.KINDS]
    for these in _parts([known for known in fleet if known.row.target], FEW_AT_A_TIME):
        found, decisions = await db.read(partial(targets.look, these=these, at=at))
        await note(found, decisions)
    actions = partial(decided.look, fleet=fleet, looked=memory.actions)
    for look in (_archived, partial(tablets.look, fleet=fleet), actions):
        await note(await db.read(partial(look, at=at)))
    memory.looked_at = at
    report.states.update(memory.held[known.id].stand.state for known in fleet)
    report.watching = [known.id for known in fleet if memory.held[known.id].stand.state == "watched"]
    return report


@dataclass(frozen=True, slots=True)
class Notes:
    """Writes what was found as of `at`, a few troubles in one transaction, for answers wait meanwhile.

    Nothing is written where no trouble is and none was (`troubled`).
    """

    db: Database
    at: datetime
    renew: Callable[[Session], None]
    troubled: Collection[int]

    async def __call__(
        self, seen: Sequence[Seen], decisions: Sequence[targets.Decision] = (), *, renew: bool = False
    ) -> None:
        """`decisions` are written with what is told of them; with `renew` something is written in any case."""
        found = [one for one in seen if one.there or one.touchpoint_id in self.troubled]
        parts = [found] if decisions else [found[at : at + FEW_AT_A_TIME] for at in range(0, len(found), FEW_AT_A_TIME)]
        for part in parts or [[]] * renew:
            await self.db.write(partial(self._write, seen=part, decisions=decisions))

    def _write(self, session: Session, seen: Sequence[Seen], decisions: Sequence[targets.Decision]) -> None:
        self.renew(session)
        targets.write(session, decisions, self.at)
        alerts.note(session, seen, self.at)


def _parts(fleet: Sequence[Known], most: int) -> Iterator[Sequence[Known]]:
    return (fleet[start : start + most] for start in range(0, len(fleet), most))


async def _levels(db: Database, these: Sequence[Known], at: datetime, fleet: int) -> tuple[list[Seen], levels.Stands]:
    """A few at a time: to free the counts of many at once would hold up the answers that come in."""
    seen: list[Seen] = []
    stands: dict[int, levels.Stand] = {}
    for some in _parts(these, FEW_AT_A_TIME):
        found = await db.read(partial(levels.read, these=some, at=at))
        told, stand = await asyncio.to_thread(levels.judge, some, at, found, fleet)
        seen += told
        stands.update(stand)
    return seen, stands


async def by_hand(db: Database, at: datetime) -> Report:
    """Look now, whoever else does, and note what it came to."""
    report = await once(db, at)
    await db.write(lambda session: lease.note(session, at, report.noted()))
    return report


def touchpoints(session: Session) -> list[Known]:
    """All that are in use."""
    in_use = select(Touchpoint).where(col(Touchpoint.archived_at).is_(None)).order_by(col(Touchpoint.id))
    return [registry.known(row) for row in session.exec(in_use)]


def _archived(session: Session, at: datetime) -> list[Seen]:
    """The alerts of touchpoints that are archived, which are over, and of targets that nobody wants any more."""
    untargeted = (col(Alert.kind) == targets.KIND) & col(Touchpoint.target).is_(None)
    gone = col(Touchpoint.archived_at).is_not(None) | untargeted
    rows = select(Alert).where(col(Alert.closed_at).is_(None), Alert.touchpoint_id == Touchpoint.id, gone)
    return [Seen(row.touchpoint_id, row.kind, False, at, about=row.about) for row in session.exec(rows)]
