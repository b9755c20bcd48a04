"""When a digest is due, in the person's own time zone, and which days it tells of. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAILY, WEEKLY, MONTHLY = PERIODS = ("daily", "weekly", "monthly")
HOUR = time(7)
_DAY = timedelta(days=1)
_MOST = timedelta(days=62)  # of a digest that comes late, or after a pause


def due_after(digest: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first moment after `at` at which a digest is due, in UTC; None for those who want none."""
    if digest not in PERIODS:
        return None
    day = at.astimezone(zone).date()
    while not _begins(digest, day) or _morning(day, zone) <= at:
        day += _DAY
    return _morning(day, zone)


def told(digest: str, zone: ZoneInfo, at: datetime, until: datetime | None) -> tuple[datetime, datetime]:
    """The whole local days that a digest due at `at` tells of: those since the last one, which ended at `until`."""
    end = at.astimezone(zone).date()
    while not _begins(digest, end):
        end -= _DAY
    start = end - _DAY
    while not _begins(digest, start):
        start -= _DAY
    since, ends = _midnight(start, zone), _midnight(end, zone)
    return (max(until, ends - _MOST) if until and until < ends else since), ends


def _begins(digest: str, day: date) -> bool:
    """Whether a period begins on this day."""
    return {DAILY: True, WEEKLY: day.weekday() == 0, MONTHLY: day.day == 1}[digest]


def _morning(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, HOUR, zone).astimezone(UTC)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
