"""A flood of answers without a key must not move a score: it is flagged `burst`, kept, and can be let count again.

More answers within ten minutes than is usual is a rush; what comes in it from the same few networks is a flood. And one
network counts so often a day, and no more. See decision 0025.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from app.db import Database
from app.ids import uuid7
from app.ingest import store
from app.ingest.channels import Answer
from app.ingest.guard import BURST
from app.ingest.recent_answers import Recent
from app.ingest.usual_volume import DAYS, FROM_ONE, Usual, part_of, usual
from app.logs import log
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known

REMEMBERED = 5000  # touchpoints
ANSWERS = 20_000  # whose changes are told from new answers
NETWORKS = 100_000  # that answered today
LOOK_S = 10.0  # how old the count of all processes may be

_HOURS = text(
    "SELECT bucket, CAST(SUM(n) AS bigint) FROM rollup WHERE touchpoint_id = :id AND grain = 'hour' "
    "AND bucket >= :since AND slice = :part AND source IN ('web', 'page') GROUP BY bucket"
)
_TOTAL = text(
    "SELECT CAST(COALESCE(SUM(n), 0) AS bigint) FROM rollup WHERE touchpoint_id = :id AND grain = 'total' "
    "AND bucket = 0 AND source IN ('web', 'page') AND (slice = :part OR slice LIKE :aside)"
)


Shared = Callable[[], bool]  # asked only of a network that answers often: to tell takes a while


def _never() -> bool:
    return False


def read_usual(session: Session, known: Known, today: date, part: str = COUNTED) -> Usual:
    """What is usual at the touchpoint: for answers, or for being asked (`part`)."""
    first = datetime.combine(today - timedelta(days=DAYS), datetime.min.time(), known.zone)
    window = {"id": known.id, "since": int(first.timestamp()), "part": part}
    rows = session.connection().execute(_HOURS, window)
    return usual([(bucket, n) for bucket, n in rows], known.zone, today)


class Place:
    """What this process knows of one touchpoint."""

    def __init__(self) -> None:
        self.recent = Recent()
        self.usual = Usual()
        self.day: date | None = None
        self.looked = float("-inf")
        self.told = False


class Floods:
    """What this process has seen; from the database it learns what is usual and how many came to the others.

    `part` is the slice of the rollup that it watches: answers that count, or how often customers were asked.
    """

    def __init__(self, db: Database, part: str = COUNTED) -> None:
        self._db, self._part = db, part
        self._places: dict[int, Place] = {}
        self._today: Counter[str] = Counter()
        self._began = float("-inf")
        self._known: OrderedDict[tuple[int, UUID], None] = OrderedDict()

    async def note(
        self, known: Known, answer: Answer, network: str, *, shared: Shared = _never, at: float | None = None
    ) -> list[UUID]:
        """Flag `answer` if it is part of a flood; the ids of earlier ones that are to be flagged once it is stored.

        `network` is the limiter's hash; on a `shared` one the cap of a day does not hold. `at` is the monotonic clock.
        """
        flood, earlier = await self.judge(known, answer.id, network, answer.received_at, shared=shared, at=at)
        if flood:
            answer.flags = with_burst(answer.flags)
        return earlier

    async def judge(
        self, known: Known, number: UUID, network: str, now: datetime, *, shared: Shared, at: float | None = None
    ) -> tuple[bool, list[UUID]]:
        """Whether this is part of a flood, and which earlier ones are too."""
        at = time.monotonic() if at is None else at
        place = self._places.setdefault(known.id, Place())
        await self._look(place, known, now, at)
        again = (known.id, number) in self._known
        if again and number not in place.recent.answers:
            return False, []  # a change: what was stored keeps its flags, and gets no other for it
        flood, earlier = place.recent.note(number, network, at, place.usual)
        if not again and self._is_over_day(place, network, at) and not shared():
            place.recent.set_aside(number)
            flood = True
        self._known[known.id, number] = None
        self._tell(place, known)
        self._bound()
        return flood, earlier

    def forget(self, known: Known, number: UUID) -> None:
        """An answer was not stored: sent again, it is a new one."""
        self._known.pop((known.id, number), None)
        if place := self._places.get(known.id):
            place.recent.forget(number)

    def _bound(self) -> None:
        if len(self._places) > REMEMBERED:
            self._places.pop(next(iter(self._places)))
        if len(self._known) > ANSWERS:
            self._known.popitem(last=False)

    async def takes(self, known: Known, network: str, *, shared: Shared) -> bool:
        """Whether one more customer who was asked is to be counted."""
        flood, _ = await self.judge(known, uuid7(), network, datetime.now(UTC), shared=shared)
        return not flood

    async def _look(self, place: Place, known: Known, now: datetime, at: float) -> None:
        """Learn what is usual, once a local day, and every few seconds how many answers all processes stored."""
        today = now.astimezone(known.zone).date()
        if place.day != today:
            place.day = today  # first, so that the others who come meanwhile do not ask the same
            try:
                place.usual = await self._db.read(lambda session: read_usual(session, known, today, self._part))
            except Exception:
                place.day = None
                raise
        if at - place.looked >= LOOK_S:
            place.looked = at
            aside = "flag:%" if self._part == COUNTED else self._part
            what = {"id": known.id, "part": self._part, "aside": aside}
            total = await self._db.glance(lambda session: session.connection().execute(_TOTAL, what).scalar_one())
            place.recent.totals.note(at, total, place.recent.own)

    def _is_over_day(self, place: Place, network: str, at: float) -> bool:
        """Whether the network has answered here as often today as counts; its hash is of the touchpoint and the day."""
        if at - self._began >= 86_400 or len(self._today) > NETWORKS:
            self._today.clear()
            self._began = at
        self._today[network] += 1
        return self._today[network] > part_of(place.usual.a_day, place.recent.share(at), FROM_ONE)

    def _tell(self, place: Place, known: Known) -> None:
        """One log line when more comes than usual: how many, from how many networks, and how many are set aside."""
        recent = place.recent
        if recent.over and not place.told:
            aside = sum(noted.flagged for noted in recent.answers.values())
            figures = {"answers": len(recent.answers), "networks": len(recent.networks), "set_aside": aside}
            log.warning("unusual_burst", extra={"touchpoint": known.key, "usual": place.usual.limit, **figures})
        place.told = recent.over

    async def flag(self, known: Known, stored: Answer, earlier: list[UUID]) -> None:
        """Flag earlier answers that turned out to be part of a flood, and `stored` if that came out meanwhile.

        When the database fails here they count again in memory too: the next answer of the flood gets them flagged.
        """
        recent = self._places[known.id].recent if known.id in self._places else Recent()
        late = [stored.id] if BURST not in stored.flags.split() and recent.is_aside(stored.id) else []
        keys = [(known.id, number) for number in (*earlier, *late)]
        if not keys:
            return
        try:
            await self._db.write(lambda session: store.change_flags(session, keys, lambda one: with_burst(one.flags)))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("flood_not_flagged", extra={"touchpoint": known.key, "error": type(error).__name__})
            for _, number in keys:
                recent.count_again(number)


def with_burst(flags: str) -> str:
    return " ".join(sorted({*flags.split(), BURST}))
