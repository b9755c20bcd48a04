"""Where the counts of a score come from: all answers of a touchpoint, or (`segmented.py`) one segment's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlmodel import Session

from app.scores import baseline, score
from app.scores import counts as rollup
from app.scores.buckets import Span
from app.scores.counts import Counts, Part
from app.scores.days import Days
from app.scores.score import Window
from app.touchpoints.registry import Known

Parts = dict[Part, Counts]


class Reading(Protocol):
    """Counts of some answers by source and slice, over spans, by interval, and how alike their days are."""

    @property
    def has_target(self) -> bool:
        """Whether the touchpoint's target is about these answers."""
        ...

    def parts(self, over: Sequence[Span]) -> Parts: ...
    def series(self, window: Window, interval: str) -> dict[int, Parts]: ...
    def days(self, until: int) -> Days: ...
    def before(self, window: Window) -> Window: ...


@dataclass(frozen=True)
class Together:
    """What was read for many touchpoints at once, by their ids: counts over spans, and days before a second."""

    parts: dict[tuple[int, Sequence[Span]], Parts] = field(default_factory=dict)
    days: dict[tuple[int, int], Days] = field(default_factory=dict)


@dataclass(frozen=True)
class Whole:
    """All answers of a touchpoint, or those of one source, out of the rollup, as far as they are not read already."""

    session: Session
    known: Known
    source: str | None
    there: Together | None = None
    has_target = True

    def parts(self, over: Sequence[Span]) -> Parts:
        """Counts over the spans."""
        if self.there and (there := self.there.parts.get((self.known.id, over))) is not None:
            return there
        found = rollup.read(self.session, [self.known.id], over, self.known.scale.high)[self.known.id]
        return score.only(found, self.source)

    def series(self, window: Window, interval: str) -> dict[int, Parts]:
        """Counts by start of interval, in seconds."""
        found = rollup.series(self.session, self.known.id, window.since, window.until, window.zone, interval)
        return {start: score.only(parts, self.source) for start, parts in found.items()}

    def days(self, until: int) -> Days:
        """How alike the days before `until` (seconds) are."""
        if self.there and (there := self.there.days.get((self.known.id, until))):
            return there
        return baseline.of(self.session, [self.known], until, self.source)[self.known.id]

    def before(self, window: Window) -> Window:
        """The period to compare with."""
        return window.before()
