"""Reads what the effect of an action is told from: the days of touchpoints, and which actions were taken where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.actions import windows
from app.actions.windows import Sums
from app.models import Action
from app.scores import counts
from app.scores.counts import ratings
from app.touchpoints import registry
from app.touchpoints.registry import Known

FLEET_MAX = 200  # how many touchpoints say how levels behave: more would cost time and tell nothing new
BEFORE = windows.WINDOWS * windows.WINDOW_DAYS
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Taken:
    """When an action was taken at a touchpoint, in local days (ordinals): from `start` on, over before `after`."""

    start: int
    after: int | None
    today: int

    @property
    def passed(self) -> int:
        """Whole days since it was over."""
        return max(0, self.today - self.after) if self.after is not None else 0


def taken(action: Action, zone: ZoneInfo, at: datetime) -> Taken | None:
    """The days of an action at touchpoints of this zone; None when it has not started. `after` None: it goes on."""
    if action.started_at is None or action.started_at > at:
        return None
    over = action.finished_at if action.finished_at and action.finished_at <= at else None
    day = _local(over - timedelta(microseconds=1), zone) + 1 if over else None
    return Taken(_local(action.started_at, zone), day, _local(at, zone))


def _local(at: datetime, zone: ZoneInfo) -> int:
    return at.astimezone(zone).date().toordinal()


def fleet(session: Session, metric: str, always: Iterable[str]) -> list[Known]:
    """Touchpoints in use whose scale aims at `metric`, FLEET_MAX at most; those named in `always` are among them."""
    named = list(always)
    some = registry.find(session, limit=FLEET_MAX)
    found = {row.key: row for row in some}
    for key in named:
        if key not in found:
            found[key] = registry.by_key(session, key)
    rows = map(registry.known, found.values())
    return [known for known in rows if metric in known.scale.aims]


def days(
    session: Session, touchpoints: Sequence[Known], metric: str, since: int, until: int
) -> dict[int, dict[int, dict[str, Sums]]]:
    """What was answered, by touchpoint, local day and source, weighed by `metric`; [since, until) in ordinals."""
    by_id = {known.id: known for known in touchpoints}
    weights = {known.id: windows.weights(known.scale, metric) for known in touchpoints}
    first, last = (
        int(datetime.combine(date.fromordinal(at), datetime.min.time(), UTC).timestamp()) for at in (since, until)
    )
    found: dict[int, dict[int, dict[str, Sums]]] = {known.id: {} for known in touchpoints}
    for number, source, bucket, row in counts.daily(session, list(by_id), first - _DAY, last + _DAY):
        at = datetime.fromtimestamp(bucket + _DAY // 2, by_id[number].zone).toordinal()
        if since <= at < until and (part := windows.sums(ratings(row), weights[number])).n:
            found[number].setdefault(at, {})[source] = part
    return found


def begun(session: Session, at: datetime) -> list[Action]:
    """All actions that have started and were not dropped."""
    wanted = (col(Action.started_at) <= at, col(Action.dropped_at).is_(None))
    return list(session.exec(select(Action).where(*wanted)))


def busy(actions: Iterable[Action], since: int, until: int) -> Mapping[str, set[int]]:
    """At which touchpoints something was going on within [since, until): the ids of these actions."""
    found: dict[str, set[int]] = {}
    for action in actions:
        start = _local(action.started_at, ZoneInfo("UTC")) if action.started_at else until
        end = _local(action.finished_at, ZoneInfo("UTC")) if action.finished_at else until
        if start < until and end >= since:
            for key in action.touchpoints:
                found.setdefault(key, set()).add(action.id or 0)
    return found
