"""Looks at every touchpoint. What counts is in the database: the alerts, and all else in the rollup."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.db import Database
from app.models import Alert, Touchpoint
from app.monitoring import (
    alerts,
    counted,
    decided,
    fleet,
    floods,
    journeys,
    lease,
    levels,
    quiet,
    reviews,
    tablets,
    targets,
    where,
)
from app.monitoring.fleet import Line
from app.monitoring.memory import Memory
from app.monitoring.seen import Seen
from app.touchpoints.registry import Known

FEW_AT_A_TIME = 10  # touchpoints


@dataclass
class Report:
    """What a look came to."""

    touchpoints: int = 0
    states: Counter[str] = field(default_factory=Counter)
    watching: list[int] = field(default_factory=list)  # the ids of those that are watched
    changes: list[dict[str, Any]] = field(default_factory=list)  # drops and rises that are there
    rho: dict[str, float] = field(default_factory=dict)  # by hand only: how alike answers of a day are, by key

    def summary(self) -> dict[str, Any]:
        """How many touchpoints are watched, still learn, or have too few answers for it."""
        return {"touchpoints": self.touchpoints} | {
            state: self.states[state] for state in ("watched", "learning", "too_thin")
        }

    def noted(self) -> dict[str, Any]:
        """What is kept of it: for those who are told of some touchpoints only, also which are watched."""
        return self.summary() | {"watching": self.watching}


def _told(one: Seen, where_: str, key: str, zone: ZoneInfo) -> dict[str, Any]:
    """A change with the names of `/v1/changes`; `since` is a day where the touchpoint is."""
    return {
        "kind": one.kind,
        where_: key,
        "since": one.since.astimezone(zone).date().isoformat(),
        "from": one.evidence["level_before"],
        "to": one.evidence["level_after"],
    }


def _nothing(_: Session) -> None:
    """Whoever looks by hand asks nobody."""


async def once(
    db: Database, at: datetime, memory: Memory | None = None, *, renew: Callable[[Session], None] = _nothing
) -> Report:
    """Look at all touchpoints as of `at`, and write what is found; `renew` runs in each transaction that writes.

    With the `memory` of an earlier look those are left out that cannot have changed since. Nothing but the memory is
    held of all touchpoints at once, and what takes time is worked out in a thread, beside the answers that come in.
    """
    memory = memory or Memory()
    troubled = await db.read(memory.troubled)
    ways = await db.read(journeys.keys)
    look = Look(db, at, memory, Report(await db.read(fleet.size)), Notes(db, at, renew, troubled), len(ways))
    lines = await db.read(partial(fleet.page, after=0))
    while lines:
        await look.at_page(lines)
        lines = await db.read(partial(fleet.page, after=lines[-1].id))
    for number, keys in ways.items():
        if not look.new.isdisjoint(keys):
            await look.at_journey(number, keys)
    for rest in (_archived, tablets.look, partial(decided.look, looked=memory.actions)):
        await look.note(await db.read(partial(rest, at=at)))
    memory.looked_at = at
    return look.report


@dataclass(frozen=True, slots=True)
class Look:
    """One look as of `at`, page by page."""

    db: Database
    at: datetime
    memory: Memory
    report: Report
    note: "Notes"
    journeys: int
    new: set[str] = field(default_factory=set)  # the keys of touchpoints with new answers or an alert

    @property
    def among(self) -> int:
        """How many levels are looked at."""
        return self.report.touchpoints + self.journeys

    async def at_page(self, lines: Sequence[Line]) -> None:
        """The touchpoints of one page. Those are read in full that are new to the memory, in trouble, or have dates."""
        await self.note(await self.db.read(partial(quiet.look, ids=[line.id for line in lines], at=self.at)))
        new = {line.id for line in lines if line.id in self.note.troubled or self.memory.is_new(line)}
        dated = {line.id for line in lines if line.has_dates}
        full = await self.db.read(partial(fleet.known, ids=new | dated))
        await self.note(reviews.look(full, self.at))
        self.new.update(known.key for known in full if known.id in new)
        await self._counts([known for known in full if known.id in new])
        await self._targets([known for known in full if known.row.target])
        self.memory.looked(lines)
        states = {line.id: self.memory.states[line.id] for line in lines if line.id in self.memory.states}
        self.report.states.update(states.values())
        self.report.watching += [number for number, state in states.items() if state == "watched"]

    async def _counts(self, these: Sequence[Known]) -> None:
        """Levels and floods, of touchpoints with new answers or an alert."""
        todays = await self.db.read(partial(counted.today, these=these, at=self.at))
        rest = [known for known in these if not self._is_settled(known, todays[known.id])]
        seen, stands = await _levels(self.db, rest, self.at, self.among)
        seen = await self.db.read(partial(where.named, seen=seen, these=rest, at=self.at))
        floods_ = await self.db.read(partial(floods.look, these=these, at=self.at))
        await self.note([*seen, *floods_], renew=bool(rest))
        self.memory.keep(rest, stands, todays, self.at)
        by_id = {known.id: known for known in rest}
        moved = [one for one in seen if one.there and one.kind in levels.KINDS]
        places = [(one, by_id[one.touchpoint_id or 0]) for one in moved]
        self.report.changes += [_told(one, "touchpoint", known.key, known.zone) for one, known in places]

    def _is_settled(self, known: Known, today: counted.Today) -> bool:
        troubled = known.id in self.note.troubled
        return not troubled and self.memory.is_settled(known, today, self.at, self.among)

    async def at_journey(self, number: int, keys: set[str]) -> None:
        """A journey at which something is new."""
        way = await self.db.read(partial(journeys.read, number=number, names=keys))
        if way is None:
            return
        found: dict[int, levels.Read] = {}
        for some in _parts(way.members, FEW_AT_A_TIME):
            found |= await self.db.read(partial(levels.read, these=some, at=self.at))
        per_alarm = levels.per_alarm(self.among)
        judged = await asyncio.to_thread(journeys.judge, way, found, self.at, per_alarm)
        await self.note(judged.seen, renew=True)
        if judged.alerts:
            await self.db.write(partial(alerts.link, numbers=judged.alerts, journey=way.row.key))
        there = [one for one in judged.seen if one.there]
        self.report.changes += [_told(one, "journey", way.row.key, way.members[0].zone) for one in there]

    async def _targets(self, these: Sequence[Known]) -> None:
        for some in _parts(these, FEW_AT_A_TIME):
            await self.note(*await self.db.read(partial(targets.look, these=some, at=self.at)))


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
        found = [one for one in seen if one.there or one.journey_id or one.touchpoint_id in self.troubled]
        parts = [found] if decisions else [found[at : at + FEW_AT_A_TIME] for at in range(0, len(found), FEW_AT_A_TIME)]
        for part in parts or [[]] * renew:
            await self.db.write(partial(self._write, seen=part, decisions=decisions))

    def _write(self, session: Session, seen: Sequence[Seen], decisions: Sequence[targets.Decision]) -> None:
        self.renew(session)
        targets.write(session, decisions, self.at)
        alerts.note(session, seen, self.at)


def _parts(these: Sequence[Known], most: int) -> Iterator[Sequence[Known]]:
    return (these[start : start + most] for start in range(0, len(these), most))


async def _levels(db: Database, these: Sequence[Known], at: datetime, among: int) -> tuple[list[Seen], levels.Stands]:
    """A few at a time: to free the counts of many at once would hold up the answers that come in."""
    seen: list[Seen] = []
    stands: dict[int, levels.Stand] = {}
    for some in _parts(these, FEW_AT_A_TIME):
        found = await db.read(partial(levels.read, these=some, at=at))
        told, stand = await asyncio.to_thread(levels.judge, some, at, found, among)
        seen += told
        stands.update(stand)
    return seen, stands


async def by_hand(db: Database, at: datetime) -> Report:
    """Look now, whoever else does, and note what it came to."""
    memory = Memory()
    report, keys = await once(db, at, memory), await db.read(fleet.keys)
    report.rho = {keys[number]: rho for number, rho in memory.rho().items() if number in keys}
    await db.write(lambda session: lease.note(session, at, report.noted()))
    return report


def _archived(session: Session, at: datetime) -> list[Seen]:
    """The alerts of touchpoints that are archived, which are over, and of targets that nobody wants any more."""
    untargeted = (col(Alert.kind) == targets.KIND) & col(Touchpoint.target).is_(None)
    gone = col(Touchpoint.archived_at).is_not(None) | untargeted
    rows = select(Alert).where(col(Alert.closed_at).is_(None), Alert.touchpoint_id == Touchpoint.id, gone)
    return [Seen(row.touchpoint_id, row.kind, False, at, about=row.about) for row in session.exec(rows)]
