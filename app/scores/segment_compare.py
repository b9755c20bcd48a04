"""The values of a key side by side, at one touchpoint or over all that declare it: levels, places, which differ."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from app.scores import counts as rollup
from app.scores import formulas, score, segment_counts, segment_pool, segment_verdicts
from app.scores.buckets import MONTH, Span, days_back, starts
from app.scores.counts import NONE, Counts, add
from app.scores.cuts import Declared
from app.scores.days import BASELINE_DAYS, values
from app.scores.formulas import Estimate, Weighed
from app.scores.schemas import ScoresQuery
from app.scores.segment_values import NONE as NONE_SAID
from app.scores.segment_values import OTHER
from app.scores.segment_verdicts import Compared, Day, Place, Whole
from app.scores.serve import bounds, spans_of
from app.scores.slices import COUNTED
from app.touchpoints.registry import Known

TREND_MONTHS = 12
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

    @property
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
    rows: dict[str, Row] = {}
    wholes: dict[int, dict[str, Whole]] = {}
    days: dict[int, list[Day]] = {}
    cuts = _cuts(session, touchpoints, key, query.source)
    for cut in cuts:
        known, worth = cut.known, values(cut.known.scale, "index")
        window = bounds(query, known.zone, None).whole_days()
        counted = {v: score.counted(parts) for v, parts in cut.by_value(spans_of(query, window)).items()}
        for value, counts in counted.items():
            if counts[0]:
                rows.setdefault(value, Row(value)).parts.append((known, counts))
        wholes[known.id] = {
            v: segment_verdicts.whole(known.scale, rollup.ratings(counts), worth)
            for v, counts in counted.items()
            if v not in (NONE_SAID, OTHER)
        }
        last = days_back(window.until - 1, BASELINE_DAYS, window.zone)
        since = max(window.since, last) if query.since or query.days else last
        days[known.id] = cut.daily(since, window.until, worth)
    measured = segment_pool.measured(wholes, days)
    places, beside = segment_verdicts.places(measured), segment_verdicts.against_usual(measured)
    for value, row in rows.items():
        row.place, row.beside = places.get(value), _in_points(beside.get(value, _TOO_FEW))
    counting = [cut.known.key for cut in cuts if not cut.state.complete]
    return Comparison(_ordered(rows.values()), len(places), segment_verdicts.tested(measured), counting)


def _cuts(session: Session, touchpoints: Sequence[Known], key: str, source: str | None) -> list[Declared]:
    there = [known for known in sorted(touchpoints, key=lambda one: one.key) if key in known.row.segments]
    found = [(known, segment_counts.state(session, known.id, key)) for known in there]
    return [Declared(session, known, source, state) for known, state in found if state]


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
    found: defaultdict[str, defaultdict[int, dict[int, tuple[Known, Counts]]]]
    found = defaultdict(lambda: defaultdict(dict))
    for cut in _cuts(session, touchpoints, key, query.source):
        zone = cut.known.zone
        until = bounds(ScoresQuery(), zone, None).until
        months = list(starts("month", days_back(until - 1, 31 * TREND_MONTHS, zone), until, zone))[-TREND_MONTHS:]
        place = {start: at for at, start in enumerate(months)}
        for value, bucket, (_, part), counts in cut.cells([Span(MONTH, months[0], until)]):
            if part == COUNTED:
                here = found[value][place[bucket]]
                before = here.get(cut.known.id, (cut.known, NONE))[1]
                here[cut.known.id] = cut.known, add((before, counts))
    return {
        value: [pooled(list(by_month[at].values())) if at in by_month else None for at in range(TREND_MONTHS)]
        for value, by_month in found.items()
    }
