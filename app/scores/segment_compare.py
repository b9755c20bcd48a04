"""The values of a key side by side, at one touchpoint or over all that declare it: levels, places, which differ."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlmodel import Session

from app.scores import counts as rollup
from app.scores import formulas, segment_counts, segment_fleet, segment_pool, segment_verdicts
from app.scores.buckets import DAY, MONTH, Span, days_back, starts
from app.scores.counts import Counts
from app.scores.days import BASELINE_DAYS, values
from app.scores.formulas import Estimate, Weighed
from app.scores.schemas import ScoresQuery
from app.scores.score import Window
from app.scores.segment_fleet import Splitting
from app.scores.segment_values import NONE as NONE_SAID
from app.scores.segment_values import OTHER
from app.scores.segment_verdicts import Compared, Place, Whole
from app.scores.serve import bounds, spans_of
from app.touchpoints.registry import Known

TREND_MONTHS = 12
METRIC = "index"
_TOO_FEW = Compared(None, "too_few")


@dataclass
class Row:
    """One value: what counted at each touchpoint, its place among all, and how it lies beside the usual one.

    `beside` is in units of the index; touchpoints that everybody rates lower are taken out of it.
    """

    value: str
    parts: list[tuple[Known, Counts]] = field(default_factory=list)
    place: Place | None = None
    beside: Compared = _TOO_FEW

    @property
    def count(self) -> int:
        return sum(counts[0] for _, counts in self.parts)

    @cached_property
    def index(self) -> Estimate | None:
        """All ratings of all touchpoints the same."""
        return pooled(self.parts)


@dataclass(frozen=True)
class Comparison:
    """Values with answers, the lowest index first, then `other` and `none`, which are no values to be compared.

    `among` were compared for places, `corrected_for` for verdicts; `counting` are touchpoints that are not counted yet.
    """

    rows: Sequence[Row]
    among: int
    corrected_for: int
    counting: Sequence[str]


def pooled(parts: Sequence[tuple[Known, Counts]]) -> Estimate | None:
    """The index of several touchpoints' answers together."""
    weighed: list[Weighed] = [(known.scale, rollup.ratings(counts), 1.0) for known, counts in parts]
    return formulas.pool(weighed, "pooled")


def read(session: Session, touchpoints: Sequence[Known], key: str, query: ScoresQuery) -> Comparison:
    """Compare the values of `key` over the touchpoints of these that declare it."""
    these = _splitting(session, touchpoints, key)
    windows = {one.known.id: bounds(query, one.known.zone, None).whole_days() for one in these}
    asked = [(one, spans_of(query, windows[one.known.id])) for one in these]
    counted = segment_fleet.whole(session, asked, query.source)
    rows: dict[str, Row] = {}
    wholes: dict[int, dict[str, Whole]] = {}
    for one in these:
        scale, worth, found = one.known.scale, values(one.known.scale, METRIC), counted[one.known.id]
        for value, counts in found.items():
            if counts[0]:
                rows.setdefault(value, Row(value)).parts.append((one.known, counts))
        wholes[one.known.id] = {
            value: segment_verdicts.whole(scale, rollup.ratings(counts), worth)
            for value, counts in found.items()
            if value not in (NONE_SAID, OTHER)
        }
    latest = [(one, [_latest_days(windows[one.known.id], query)]) for one in these]
    measured = segment_pool.measured(
        wholes, lambda above: segment_fleet.daily(session, latest, query.source, above, METRIC)
    )
    places, beside = segment_verdicts.places(measured), segment_verdicts.against_usual(measured)
    for value, row in rows.items():
        row.place, row.beside = places.get(value), _in_points(beside.get(value, _TOO_FEW))
    counting = [one.known.key for one in these if not one.complete]
    return Comparison(_ordered(rows.values()), len(places), segment_verdicts.tested(measured), counting)


def _splitting(session: Session, touchpoints: Sequence[Known], key: str) -> list[Splitting]:
    there = [known for known in sorted(touchpoints, key=lambda one: one.key) if key in known.row.segments]
    found = [(known, segment_counts.state(session, known.id, key)) for known in there]
    return [Splitting(known, state.id, state.complete) for known, state in found if state]


def _latest_days(window: Window, query: ScoresQuery) -> Span:
    """The days by which it is measured how much days differ."""
    last = days_back(window.until - 1, BASELINE_DAYS, window.zone)
    return Span(DAY, max(window.since, last) if query.since or query.days else last, window.until)


def _in_points(one: Compared) -> Compared:
    return one._replace(difference=one.difference and one.difference.times(100))


def _ordered(rows: Iterable[Row]) -> list[Row]:
    def order(row: Row) -> tuple[bool, bool, float, str]:
        index = row.index
        return row.value in (NONE_SAID, OTHER), index is None, index.value if index else 0.0, row.value

    return sorted(rows, key=order)


def trends(
    session: Session, touchpoints: Sequence[Known], key: str, query: ScoresQuery
) -> dict[str, list[Estimate | None]]:
    """The index of each value in each of the last TREND_MONTHS months, the running one included."""
    asked: list[tuple[Splitting, Span]] = []
    place: dict[int, int] = {}
    for one in _splitting(session, touchpoints, key):
        zone = one.known.zone
        until = bounds(ScoresQuery(), zone, None).until
        months = list(starts("month", days_back(until - 1, 31 * TREND_MONTHS, zone), until, zone))[-TREND_MONTHS:]
        place |= {start: at for at, start in enumerate(months)}
        asked.append((one, Span(MONTH, months[0], until)))
    found: defaultdict[tuple[str, int], list[Weighed]] = defaultdict(list)
    for scale, value, bucket, counts in segment_fleet.monthly(session, asked, query.source):
        found[value, place[bucket]].append((scale, rollup.ratings(counts), 1.0))
    return {
        value: [formulas.pool(found.get((value, at), ()), "pooled") for at in range(TREND_MONTHS)]
        for value in {value for value, _ in found}
    }
