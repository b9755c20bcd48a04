"""The periods a page can look at, and how its charts cut them. Pure."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from app.scores.buckets import ceil_hour, days_back, starts
from app.scores.score import Window


@dataclass(frozen=True, slots=True)
class Period:
    """`days` back from now (None: everything). `interval` and `steps` say what a touchpoint's trend shows."""

    name: str
    days: int | None
    interval: str
    steps: int

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
        Period("7d", 7, "day", 42),
        Period("30d", 30, "week", 26),
        Period("90d", 90, "week", 52),
        Period("1y", 365, "month", 24),
        Period("all", None, "month", 120),
    )
}
USUAL = PERIODS["30d"]


def of(name: str | None) -> Period:
    """The period of that name; the usual one for anything else, as a shared link may be of another version."""
    return PERIODS.get(name or "", USUAL)
