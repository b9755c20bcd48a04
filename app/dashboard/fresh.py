"""How much came in since yesterday, and in which mood."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.dashboard import charts
from app.scores import counts as rollup
from app.scores import score
from app.scores.counts import ratings
from app.touchpoints.registry import Known

_HOUR, _DAY = 3600, 86_400
_ZONE = ZoneInfo("UTC")


@dataclass(slots=True)
class Fresh:
    """Ratings of the last 24 whole hours and the running one: unhappy, in between, happy."""

    low: int = 0
    between: int = 0
    high: int = 0

    @property
    def count(self) -> int:
        return self.low + self.between + self.high

    @property
    def parts(self) -> list[tuple[str, str, str]]:
        """Colour, start and width of each part of a bar."""
        found, start = [], 0
        for level, n in (("l1", self.low), ("l4", self.between), ("l7", self.high)):
            found.append((level, charts.per_cent(start, self.count), charts.per_cent(n, self.count)))
            start += n
        return found


def read(session: Session, touchpoints: Sequence[Known], now: int) -> Fresh:
    """What counts at these touchpoints."""
    until = now // _HOUR * _HOUR + _HOUR
    by_id = {known.id: known for known in touchpoints}
    found = Fresh()
    for number, parts in rollup.read(session, list(by_id), rollup.window(until - _DAY - _HOUR, until, _ZONE)).items():
        given, scale = ratings(score.counted(parts)), by_id[number].scale
        low = sum(given[rating] for rating in scale.poor)
        high = sum(given[rating] for rating in scale.satisfied)
        found.low, found.high = found.low + low, found.high + high
        found.between += sum(given[rating] for rating in scale.ratings) - low - high
    return found
