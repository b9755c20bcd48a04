"""The periods a page can look at, and how its charts cut them. Pure."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.scores.buckets import ceil_hour, days_back, month_start, starts
from app.scores.score import Window


@dataclass(frozen=True, slots=True)
class Period:
    """`days` back from now (None: everything). `interval` and `steps` say what a touchpoint's trend shows."""

    name: str
    days: int | None
    interval: str
    steps: int
    slots: int

    def window(self, now: int, zone: ZoneInfo, first: int | None = None) -> Window:
        """The window in `zone` up to the running hour, from a local midnight on; `first` is where everything begins."""
        until = ceil_hour(now + 1, zone)
        if self.days is None:
            return Window(min(first or now, until - 3600), until, zone)
        return Window(days_back(now, self.days, zone), until, zone)

    def trend_starts(self, now: int, zone: ZoneInfo, first: int | None) -> list[int]:
        """The starts of the intervals of the trend, oldest first."""
        unit = {"day": 1, "week": 7, "month": 31}[self.interval]
        since = days_back(now, unit * (self.steps - 1) + 1, zone)
        if first is not None:
            since = max(since, first)
        return list(starts(self.interval, since, now + 1, zone))[-self.steps :]


PERIODS = {
    period.name: period
    for period in (
        Period("7d", 7, "day", 42, 7),
        Period("30d", 30, "week", 26, 10),
        Period("90d", 90, "week", 52, 13),
        Period("1y", 365, "month", 24, 12),
        Period("all", None, "month", 120, 12),
    )
}
USUAL = PERIODS["30d"]


def of(name: str | None) -> Period:
    """The period of that name; the usual one for anything else, as a shared link may be of another version."""
    return PERIODS.get(name or "", USUAL)


def spark_grain(window: Window) -> str:
    """Days for what is at most a quarter long, months beyond, so that few cells are read."""
    return "day" if window.until - window.since <= 100 * 86_400 else "month"


def spark_slot(bucket: int, window: Window, slots: int) -> int:
    """Which of `slots` equal parts of the window a bucket falls into; a month that began before it, into the first."""
    part = (bucket - window.since) * slots // (window.until - window.since)
    return min(slots - 1, max(0, part))


def spark_since(window: Window) -> int:
    """Where the buckets of a spark begin."""
    return window.since if spark_grain(window) == "day" else month_start(window.since, window.zone)
