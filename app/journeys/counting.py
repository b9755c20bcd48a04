"""Where the counts of a journey come from: all answers of its touchpoints, or those of one segment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from sqlmodel import Session

from app.scores import baseline, segment_filter, segmented
from app.scores import counts as rollup
from app.scores.baseline import BySource, Row
from app.scores.buckets import Span
from app.scores.counts import Counts
from app.scores.score import Window
from app.scores.segmented import OneSegment
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known


class Counting(Protocol):
    """Counts of some touchpoints of one time zone, all by their ids."""

    def window(self, window: Window) -> Window:
        """The part of a period that can be told: rounded outwards as the counts ask for."""
        ...

    def counts(self, members: Sequence[Known], over: Sequence[Span]) -> Mapping[int, Mapping[str, Counts]]:
        """What counted over spans, by source."""
        ...

    def rows(self, members: Sequence[Known], until: int) -> Mapping[int, Sequence[Row]]:
        """What counted on each of the days before `until` (seconds)."""
        ...

    def days(self, members: Sequence[Known], until: int) -> Mapping[int, BySource]:
        """How alike these days are, of each source."""
        ...


@dataclass(frozen=True)
class Whole:
    """All answers, out of the rollup."""

    session: Session

    def window(self, window: Window) -> Window:
        return window

    def counts(self, members: Sequence[Known], over: Sequence[Span]) -> Mapping[int, Mapping[str, Counts]]:
        found = rollup.read(self.session, [one.id for one in members], over)
        return {number: _by_source(parts) for number, parts in found.items()}

    def rows(self, members: Sequence[Known], until: int) -> Mapping[int, Sequence[Row]]:
        return baseline.rows(self.session, members, until)

    def days(self, members: Sequence[Known], until: int) -> Mapping[int, BySource]:
        return baseline.by_source(self.session, members, until)


@dataclass(frozen=True)
class Segmented:
    """Those of one segment, at the touchpoints that declare its key."""

    said: str
    there: Mapping[int, OneSegment]
    without: Sequence[str]
    counting: Sequence[str]

    @classmethod
    def of(cls, session: Session, members: Sequence[Known], said: str) -> Self:
        """Problem invalid_request where no touchpoint of the journey declares the key."""
        ((key, value),) = segment_filter.pairs([said]).items()
        found = [(one, segmented.declared(session, one, key, value)) for one in members]
        there = [(one, *pair) for one, pair in found if pair]
        if not there:
            raise segment_filter.undeclared(key)
        without = sorted(one.key for one, pair in found if not pair)
        counting = sorted(one.key for one, _, state in there if not state.complete)
        return cls(f"{key}:{value}", {one.id: segment for one, segment, _ in there}, without, counting)

    def window(self, window: Window) -> Window:
        return window.whole_days()

    def counts(self, members: Sequence[Known], over: Sequence[Span]) -> Mapping[int, Mapping[str, Counts]]:
        return {number: _by_source(one.parts(over)) for number, one in self._of(members).items()}

    def rows(self, members: Sequence[Known], until: int) -> Mapping[int, Sequence[Row]]:
        return {number: one.rows(until) for number, one in self._of(members).items()}

    def days(self, members: Sequence[Known], until: int) -> Mapping[int, BySource]:
        rows = self.rows(members, until)
        return {one.id: baseline.each_source(one, rows[one.id]) for one in members if one.id in rows}

    def public(self) -> dict[str, Any]:
        return {"segment": self.said, "without": self.without, "counting": self.counting}

    def _of(self, members: Sequence[Known]) -> dict[int, OneSegment]:
        return {one.id: self.there[one.id] for one in members if one.id in self.there}


def _by_source(parts: Mapping[rollup.Part, Counts]) -> dict[str, Counts]:
    return {source: counts for (source, part), counts in parts.items() if part == COUNTED}
