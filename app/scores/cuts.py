"""Three ways to tell a touchpoint's answers apart: by a declared key, by the clock, and, when they are few, by row."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import Session

from app.scores import counts as rollup
from app.scores import segment_counts, segment_rows
from app.scores.buckets import DAY, HOUR, TOTAL, Span, day_start
from app.scores.counts import NONE, Counts, Part, add, ratings
from app.scores.score import only
from app.scores.segment_counts import ByValue, State
from app.scores.segment_verdicts import Day
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known

Cell = tuple[str, int, Part, Counts]  # value, start of a local day (or hour, or month), source and slice, counts
_FOREVER = 253_402_300_000  # the end of the year 9999
CLOCK: Mapping[str, Callable[[datetime], str]] = {
    "hour": lambda at: f"{at.hour:02}",
    "weekday": lambda at: str(at.isoweekday()),
}


class Cut(Protocol):
    """The answers of a touchpoint by the values of something."""

    @property
    def known(self) -> Known:
        """The touchpoint."""
        ...

    def by_value(self, over: Sequence[Span], value: str | None = None) -> ByValue:
        """Counts by value (of one alone, if given) over spans."""
        ...

    def cells(self, over: Sequence[Span], value: str | None = None) -> Iterable[Cell]:
        """The same by bucket, over spans of one grain."""
        ...

    def daily(self, since: int, until: int, worth: tuple[float, ...]) -> list[Day]:
        """The ratings of each value on each local day that begins in [since, until), with what they are worth."""
        ...


@dataclass(frozen=True)
class Declared:
    """By a declared key, out of its counts."""

    session: Session
    known: Known
    source: str | None
    state: State

    def by_value(self, over: Sequence[Span], value: str | None = None) -> ByValue:
        found = segment_counts.read(self.session, self.state.id, over, self.known.scale.high, value)
        return {value: only(parts, self.source) for value, parts in found.items()}

    def cells(self, over: Sequence[Span], value: str | None = None) -> Iterator[Cell]:
        for cell in segment_counts.by_bucket(self.session, self.state.id, over, self.known.scale.high, value):
            if self.source in (None, cell[2][0]):
                yield cell

    def daily(self, since: int, until: int, worth: tuple[float, ...]) -> list[Day]:
        return segment_counts.daily(self.session, self.state.id, since, until, self.known.scale, worth, self.source)


class _OfCells:
    """What can be told from cells by day."""

    known: Known
    source: str | None

    def cells(self, over: Sequence[Span], value: str | None = None) -> Iterable[Cell]:
        raise NotImplementedError

    def by_value(self, over: Sequence[Span], value: str | None = None) -> ByValue:
        found: ByValue = defaultdict(dict)
        for name, _, part, counts in self.cells(over, value):
            found[name][part] = add((found[name].get(part, NONE), counts))
        return found

    def daily(self, since: int, until: int, worth: tuple[float, ...]) -> list[Day]:
        scale, found = self.known.scale, defaultdict[tuple[str, int], list[float]](lambda: [0.0, 0.0])
        for value, bucket, (_, part), counts in self.cells([Span(DAY, since, until)]):
            inside = ratings(counts)[scale.low : scale.high + 1]
            if part == COUNTED and any(inside):
                day = found[value, day_start(bucket, self.known.zone)]
                day[0] += sum(inside)
                day[1] += sum(n * w for n, w in zip(inside, worth, strict=True))
        return [Day(*key, *sums) for key, sums in found.items()]


@dataclass(frozen=True)
class Clock(_OfCells):
    """By the local hour or weekday, out of the rollup."""

    session: Session
    known: Known
    source: str | None
    key: str

    def cells(self, over: Sequence[Span], value: str | None = None) -> Iterator[Cell]:
        grain, name = HOUR if self.key == "hour" else DAY, CLOCK[self.key]
        start, end = _edges(over)
        for row in rollup.cells(self.session, self.known.id, Span(grain, start, end)):
            found = name(datetime.fromtimestamp(row[0], self.known.zone))
            if value in (None, found) and self.source in (None, row[1][0]):
                yield found, *row


@dataclass(frozen=True)
class Rows(_OfCells):
    """By any key, among the answers with a value of another one if `where` says so; each answer is read."""

    session: Session
    known: Known
    source: str | None
    key: str
    where: tuple[str, str] | None = None

    def cells(self, over: Sequence[Span], value: str | None = None) -> Iterator[Cell]:
        since, until = _edges(over)
        for name, quarter, part, counts in segment_rows.read(
            self.session, self.known.id, self.key, self.where, since, until
        ):
            if value in (None, name) and self.source in (None, part[0]):
                yield name, day_start(quarter, self.known.zone), part, counts


def _edges(over: Sequence[Span]) -> tuple[int, int]:
    """Where spans that follow one another begin and end, in seconds."""
    return (0, _FOREVER) if over[0].grain == TOTAL else (over[0].start, over[-1].end)
