"""A flood of answers without a key must not move a score: it is flagged `burst`, kept, and can be un-flagged.

More answers within ten minutes than in the busiest hour of the last 28 days is a flood. The answers of those ten
minutes are flagged too, for the first of them are as false as the last. See docs/decisions/0008-flood.md.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from app.db import Database
from app.errors import Problem
from app.ingest import store
from app.ingest.channels import Answer
from app.ingest.guard import BURST
from app.touchpoints.registry import Known

WINDOW = timedelta(minutes=10)
HISTORY = timedelta(days=28)
LEAST, LEAST_WHEN_NEW = 30, 100  # a touchpoint whose first day this is has nothing to compare with
REMEMBERED = 5000  # touchpoints, and answers of one

_BUSIEST = text(
    "SELECT MIN(bucket), MAX(together) FROM (SELECT bucket, SUM(n) AS together FROM rollup "
    "WHERE touchpoint_id = :id AND grain = 'hour' AND bucket >= :since AND bucket < :until "
    "AND slice = 'counted' AND source IN ('web', 'page') GROUP BY bucket) AS hours"
)


def limit(session: Session, touchpoint_id: int, at: datetime) -> int:
    """The most answers that ten minutes may bring, by the touchpoint's own hours of the last 28 days."""
    until = int(at.timestamp()) // 3600 * 3600
    window = {"id": touchpoint_id, "since": until - int(HISTORY.total_seconds()), "until": until}
    first, busiest = session.connection().execute(_BUSIEST, window).one()
    least = LEAST_WHEN_NEW if first is None or until - first < 86_400 else LEAST
    return max(least, int(busiest or 0))


@dataclass(slots=True)
class Recent:
    """The answers of the last ten minutes at one touchpoint. Pure: the caller says what time it is."""

    limit: int = LEAST_WHEN_NEW
    limit_until: datetime | None = None
    times: deque[tuple[datetime, UUID]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    flagged: dict[UUID, bool] = field(default_factory=dict)

    def note(self, number: UUID, at: datetime) -> tuple[bool, list[UUID]]:
        """Whether this answer is part of a flood, and which earlier ones turn out to be; a repetition is as before."""
        while self.times and (at - self.times[0][0] >= WINDOW or len(self.times) == REMEMBERED):
            self.flagged.pop(self.times.popleft()[1], None)
        if number in self.flagged:
            return self.flagged[number], []
        self.times.append((at, number))
        self.flagged[number] = len(self.times) > self.limit
        if not self.flagged[number]:
            return False, []
        earlier = [other for other, flagged in self.flagged.items() if not flagged]
        self.flagged.update(dict.fromkeys(earlier, True))
        return True, earlier


class Floods:
    """What this process has seen. Each process counts its own share; the limit comes from what all of them stored."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._recent: dict[int, Recent] = {}

    async def note(self, known: Known, answer: Answer) -> list[UUID]:
        """Flag `answer` if it is part of a flood; the ids of earlier ones that are to be flagged once it is stored."""
        recent, at = self._recent.setdefault(known.id, Recent()), answer.received_at
        if recent.limit_until is None or at >= recent.limit_until:
            recent.limit_until = at + WINDOW
            recent.limit = await self._db.read(lambda session: limit(session, known.id, at))
        flood, earlier = recent.note(answer.id, at)
        if flood:
            answer.flags = with_burst(answer.flags)
        if len(self._recent) > REMEMBERED:
            self._recent.pop(next(iter(self._recent)))
        return earlier

    async def flag(self, earlier: list[UUID]) -> None:
        """Flag stored answers that turned out to be part of a flood."""

        def work(session: Session) -> None:
            for number in earlier:
                try:
                    store.change(session, number, lambda a: replace(a, flags=with_burst(a.flags)))
                except Problem:  # refused or erased in the meantime
                    continue

        if earlier:
            await self._db.write(work)


def with_burst(flags: str) -> str:
    return " ".join(sorted({*flags.split(), BURST}))
