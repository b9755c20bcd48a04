"""A tablet that is hammered, or that gives far more answers than people in a queue can: flagged, never dropped.

Goes by the tablet's own clock: wrong or right, it tells how far apart two touches were. Quicker than hands let go is
`misuse`. More within a minute than a queue of people can give, or within ten minutes or an hour than is usual on this
tablet, is a flood: `burst`, which one press lets count again.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.db import Database
from app.ingest import guard, store
from app.ingest.channels import Answer
from app.ingest.usual_volume import DAYS, LEAST, Usual, usual
from app.models import Feedback

Key = tuple[int, UUID]  # touchpoint_id and id
A_MINUTE = 15  # a queue that never ends: four seconds for each
DAYS_TO_KNOW = 3  # fewer say nothing: the first one is mostly a part of a day
HOUR_WHEN_NEW = 360  # one each ten seconds for an hour, where nothing is usual yet
MINUTE, TEN_MINUTES, HOUR = timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)


def judged(times: Sequence[datetime], own: Usual | None) -> tuple[set[int], set[int]]:
    """Places in `times` that are misuse, and that are part of a flood; `own` is None on the tablet's first days."""
    ten, hour = (Usual().limit, HOUR_WHEN_NEW) if own is None else (own.limit, 2 * own.limit)
    flood = guard.in_runs(times, A_MINUTE, MINUTE) | guard.in_runs(times, ten, TEN_MINUTES)
    return guard.taps_in_bursts(times), flood | guard.in_runs(times, hour, HOUR)


class Taps:
    """What is usual on each tablet, learnt once a day of those that give more than a few answers."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._usual: dict[int, tuple[date, Usual | None]] = {}

    async def flag(self, device_id: int, answers: Sequence[Answer]) -> None:
        """Flag those of `answers` that are misuse or part of a flood, and stored ones that turn out to be."""
        timed = [answer for answer in answers if answer.claimed_at]
        if not timed:
            return
        near = await self._db.read(lambda session: _near(session, device_id, timed))
        times = {key: at for key, at, _ in near} | {_key(a): a.claimed_at for a in timed if a.claimed_at}
        keys = list(times)
        own = await self._own(device_id) if len(keys) > LEAST else Usual(LEAST)
        hammered, flood = judged(list(times.values()), own)
        found = {keys[place]: guard.MISUSE if place in hammered else guard.BURST for place in hammered | flood}
        for answer in timed:
            if flag := found.get(_key(answer)):
                answer.flags = " ".join(sorted({*answer.flags.split(), flag}))
        late = [key for key, _, flags in near if key in found and not flags]
        if late:
            await self._db.write(lambda session: store.change_flags(session, late, lambda one: found[_key(one)]))

    async def _own(self, device_id: int) -> Usual | None:
        today = datetime.now(UTC).date()
        day, own = self._usual.get(device_id, (None, None))
        if day != today:
            own = await self._db.read(lambda session: _usual(session, device_id, today))
            self._usual[device_id] = (today, own)
        return own


def _key(answer: Answer) -> Key:
    return answer.touchpoint_id, answer.id


def _usual(session: Session, device_id: int, today: date) -> Usual | None:
    """What is usual on the days on which the tablet stood somewhere; None before there are three of them."""
    end = datetime(today.year, today.month, today.day, tzinfo=UTC)
    counted = select(Feedback.occurred_at).where(
        Feedback.device_id == device_id,
        col(Feedback.occurred_at).between(end - timedelta(days=DAYS), end),
        Feedback.flags == "",
    )
    hours = Counter(int(at.timestamp()) // 3600 * 3600 for at in session.exec(counted))
    days = {hour // 86_400 for hour in hours}
    return usual(hours.items(), UTC, today, idle_days=False) if len(days) >= DAYS_TO_KNOW else None


def _near(session: Session, device_id: int, answers: Sequence[Answer]) -> list[tuple[Key, datetime, str]]:
    """Key, the tablet's time and flags of stored answers close enough to `answers` to be one run with them."""
    slack = HOUR + guard.SKEW_TOLERANCE  # a corrected time is off by what its request took
    first, last = min(a.occurred_at for a in answers) - slack, max(a.occurred_at for a in answers) + slack
    own = select(Feedback.touchpoint_id, Feedback.id, Feedback.claimed_at, Feedback.flags).where(
        Feedback.device_id == device_id,
        col(Feedback.occurred_at).between(first, last),
        col(Feedback.claimed_at).is_not(None),
    )
    return [((touchpoint_id, number), at, flags) for touchpoint_id, number, at, flags in session.exec(own) if at]
