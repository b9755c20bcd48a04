"""Scores by segment: which readings a question means, refused where they cannot be had in a moment."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.errors import Code, Place, Problem
from app.scores import baseline, formulas, score, segment_counts, segment_verdicts
from app.scores import counts as rollup
from app.scores.buckets import DAY, MONTH, Span, day_start, days_back, spans, start_of
from app.scores.counts import NONE, add
from app.scores.cuts import CLOCK, Clock, Cut, Declared, Rows
from app.scores.days import BASELINE_DAYS, Days, values
from app.scores.reading import Parts
from app.scores.schemas import ScoreQuery
from app.scores.score import Window
from app.scores.segment_counts import State
from app.scores.segment_filter import READ_MOST as ROWS_MOST
from app.scores.segment_filter import UNDECLARED, meant, undeclared
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known

HOURS_DAYS = 400


@dataclass(frozen=True)
class OneSegment:
    """The answers of one segment; one that nobody has named yet has none."""

    cut: Cut
    value: str
    has_target = False  # a target is of all answers

    def parts(self, over: Sequence[Span]) -> Parts:
        """Counts over spans of whole days."""
        return self.cut.by_value(over, self.value).get(self.value, {})

    def series(self, window: Window, interval: str) -> dict[int, Parts]:
        """Counts by start of interval, in seconds."""
        over = spans(window.since, window.until, window.zone, MONTH if interval == "month" else DAY)
        found: dict[int, Parts] = defaultdict(dict)
        for span in over:
            for _, bucket, part, counts in self.cut.cells([span], self.value):
                parts = found[start_of(interval, bucket, window.zone)]
                parts[part] = add((parts.get(part, NONE), counts))
        return found

    def days(self, until: int) -> Days:
        """How alike the days before `until` (seconds) are."""
        known = self.cut.known
        return baseline.measure(known.scale, baseline.judged(known), self.rows(until))

    def rows(self, until: int) -> list[baseline.Row]:
        """What counted on the days before `until` (seconds)."""
        zone = self.cut.known.zone
        end = day_start(until, zone)
        over = [Span(DAY, days_back(end - 1, BASELINE_DAYS, zone), end)]
        return [
            (datetime.fromtimestamp(bucket, zone).toordinal(), source, rollup.ratings(counts))
            for _, bucket, (source, part), counts in self.cut.cells(over, self.value)
            if part == COUNTED
        ]

    def before(self, window: Window) -> Window:
        """The period to compare with; where a clock was changed in between, it begins with its first whole day."""
        return window.before().whole_days()


@dataclass(frozen=True)
class Asked:
    """A score by segment: the answers that are chosen, and what they are grouped by."""

    chosen: OneSegment | None
    key: str
    groups_of: Cut | None
    counting: dict[str, Any] | None

    def groups(self, window: Window, over: Sequence[Span]) -> dict[str, Any]:
        """A summary for each value with answers, and how it compares with the usual one in the touchpoint's metric."""
        return self.compared(window, over)[0]

    def compared(
        self, window: Window, over: Sequence[Span], metric: str | None = None
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """The same by any metric, and the p-value of each value's difference taken alone."""
        assert self.groups_of is not None
        known, by_value = self.groups_of.known, self.groups_of.by_value(over)
        metric = metric or baseline.judged(known)
        worth = values(known.scale, metric)
        wholes = {
            value: segment_verdicts.whole(known.scale, rollup.ratings(score.counted(parts)), worth)
            for value, parts in by_value.items()
        }
        since = max(window.since, days_back(window.until - 1, BASELINE_DAYS, window.zone))
        found, tested = segment_verdicts.compare(wholes, self.groups_of.daily(since, window.until, worth))
        low, high = known.scale.bounds(metric)
        groups = score.segments(known.scale, self.key, by_value)
        for group in groups:
            one = found[group["segment"].partition(":")[2]]
            group["difference"] = formulas.rounded(metric, one.difference and one.difference.times(high - low))
            group["verdict"] = one.verdict
        said = {"groups": groups, "compared": {"metric": metric, "corrected_for": tested}}
        return said, {value: one.p for value, one in found.items() if one.difference}


def declared(session: Session, known: Known, key: str, value: str) -> tuple[OneSegment, State] | None:
    """A segment out of the counts of a touchpoint that declares its key, and how far these are; None elsewhere."""
    state = segment_counts.state(session, known.id, key)
    return (OneSegment(Declared(session, known, None, state), value), state) if state else None


def wanted(query: ScoreQuery) -> bool:
    """Whether a question is about segments."""
    return query.segment is not None or query.group_by not in (None, "source")


def asked(session: Session, known: Known, query: ScoreQuery, window: Window, over: Sequence[Span]) -> Asked:
    """What a question means by segments; Problem invalid_request when it cannot be told."""
    said = [part.partition(":") for part in query.segment or ()]
    by = None if query.group_by == "source" else query.group_by
    keys = list(dict.fromkeys([*([by] if by else []), *(key for key, _, _ in said)]))
    if len(keys) > 2 or len({key for key, _, _ in said}) < len(said):
        raise _refused("segment", "names more than one value of a key, or more than two keys", "Ask for fewer.")
    if query.interval == "hour":
        raise _refused("interval", "is finer than segments are counted", "Ask for days, weeks or months.")
    chosen = {key: meant(key, value) for key, _, value in said}
    cuts = _Cuts(session, known, query, window, over)
    groups_of = cuts.of(by, {key: value for key, value in chosen.items() if key != by}) if by else None
    first = next(iter(chosen), None)
    if first is None:
        return Asked(None, by or "", groups_of, cuts.counting)
    key = by if by in chosen else first
    rest = {other: value for other, value in chosen.items() if other != key}
    cut = groups_of if groups_of and key == by else cuts.of(key, rest)
    return Asked(OneSegment(cut, chosen[key]), by or "", groups_of, cuts.counting)


class _Cuts:
    """Finds the way to tell answers apart by a key, among those with a value of another."""

    def __init__(self, session: Session, known: Known, query: ScoreQuery, window: Window, over: Sequence[Span]) -> None:
        self._session, self._known, self._query, self._window, self._over = session, known, query, window, over
        self.counting: dict[str, Any] | None = None

    def of(self, key: str, where: dict[str, str]) -> Cut:
        """By `key`, among the answers with the values of `where` (none or one)."""
        whose = self._session, self._known, self._query.source
        if not where and key in CLOCK:
            self._within_a_year(key)
            return Clock(*whose, key)
        if not where and (state := segment_counts.state(self._session, self._known.id, key)):
            if not state.complete:
                self.counting = {"key": key, "counted": state.counted, "of": self._answers(rollup.ALL_TIME)}
            return Declared(*whose, state)
        for name in (key, *where):
            self._is_declared(name)
        self._are_few()
        return Rows(*whose, key, next(iter(where.items()), None))

    def _within_a_year(self, key: str) -> None:
        if key == "hour" and self._window.days > HOURS_DAYS:
            raise _refused("group_by", f"reads at most {HOURS_DAYS} days by the hour", "Ask for a shorter period.")

    def _is_declared(self, key: str) -> None:
        place = "group_by" if key == self._query.group_by else "segment"
        if key in (*CLOCK, "source"):
            raise _refused(place, f"{key} stands beside no other key", "Ask for it alone; for `source` with source=.")
        if key not in UNDECLARED and key not in self._known.row.segments:
            raise undeclared(key, self._known.key, place)

    def _are_few(self) -> None:
        """Problem invalid_request when too many answers would be read one by one."""
        if (n := self._answers(self._over)) > ROWS_MOST:
            mend = (
                "Ask for less time; declare `locale` or `device`; send two keys as one (store_plan) and declare that."
            )
            raise _refused("segment", f"would read {n:,} answers one by one, of at most {ROWS_MOST:,}", mend)

    def _answers(self, over: Sequence[Span]) -> int:
        """How many answers there are, those that do not count included."""
        parts = rollup.read(self._session, [self._known.id], over).get(self._known.id, {})
        return sum(counts[0] for (_, part), counts in parts.items() if part == COUNTED or part.startswith("flag:"))


def _refused(place: str, message: str, mend: str) -> Problem:
    where = Place(place=f"query.{place}", message=message, mend=mend)
    return Problem(Code.INVALID_REQUEST, "This score cannot be told by segment.", errors=[where])
