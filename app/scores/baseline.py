"""How alike a touchpoint's days are, measured on the days before what is judged; read once in six hours."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import mul
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.scores import counts as rollup
from app.scores.buckets import DAY, QUARTER, Span, buckets, day_start, days_back
from app.scores.day_variance import Cell
from app.scores.days import BASELINE_DAYS, Days, fit, summary, unevenness, values
from app.scores.mix import mean_days
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

KEPT_S = 6 * 3600.0
_MOST = 20_000
Row = tuple[int, str, Sequence[int]]  # ordinal of the day, source, ratings
BySource = Mapping[str | None, Days]  # None: all sources together
_Kept = dict[tuple[Any, ...], tuple[float, BySource]]
_KEPT: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()  # by engine, as ids are those of a database


def of(
    session: Session, known: Sequence[Known], until: int, source: str | None = None, metric: str | None = None
) -> dict[int, Days]:
    """By touchpoint: its days in the BASELINE_DAYS before the local day of `until` (seconds), of one source or of all.

    All touchpoints are of one time zone; without a `metric` each goes by the one its verdicts are about. What is
    only assumed, since too little is there to measure, is not kept: few rows are read for it, and history may come.
    """

    def measured(one: Known, rows_: Sequence[Row]) -> BySource:
        return {source: measure(one.scale, metric or judged(one), rows_, source)}

    found = _looked_up(session, known, until, (metric, source), measured)
    return {number: alike[source] for number, alike in found.items()}


def by_source(session: Session, known: Sequence[Known], until: int) -> dict[int, BySource]:
    """By touchpoint: the days of each of its sources, as `of` has them for one, going by the index."""

    return _looked_up(session, known, until, ("index", "each"), each_source)


def each_source(one: Known, rows_: Sequence[Row]) -> BySource:
    """What rows tell of the days of each source, going by the index."""
    sources = {None, *(source for _, source, _ in rows_)}
    return {source: measure(one.scale, "index", rows_, source) for source in sources}


def judged(known: Known) -> str:
    """The metric that a touchpoint's verdicts are about: that of its target, else its scale's own."""
    wanted = known.row.target
    return str(wanted["metric"]) if wanted and wanted["metric"] in known.scale.aims else known.scale.headline


def rows(session: Session, known: Sequence[Known], until: int) -> dict[int, list[Row]]:
    """What counted on the BASELINE_DAYS before the local day of `until`, by touchpoint; all are of one time zone."""
    if not known:
        return {}
    zone = known[0].zone
    end = day_start(until, zone)
    over = [Span(DAY, days_back(end - 1, BASELINE_DAYS, zone), end)]
    found: dict[int, list[Row]] = defaultdict(list)
    ordinals: dict[int, int] = {}
    for number, bucket, came, counts in rollup.by_bucket(session, [one.id for one in known], over):
        if bucket not in ordinals:
            ordinals[bucket] = datetime.fromtimestamp(bucket, zone).toordinal()
        found[number].append((ordinals[bucket], came, rollup.ratings(counts)))
    return found


def _looked_up(
    session: Session,
    known: Sequence[Known],
    until: int,
    what: tuple[Any, ...],
    measured: Callable[[Known, Sequence[Row]], BySource],
) -> dict[int, BySource]:
    """What is kept, and the rest measured together."""
    if not known:
        return {}
    kept, now = _KEPT.setdefault(session.get_bind().engine, {}), time.monotonic()
    end = buckets(until - until % QUARTER, known[0].zone)[2]
    if len(kept) > _MOST:
        kept.clear()
    found: dict[int, BySource] = {}
    missing: list[tuple[Known, tuple[Any, ...]]] = []
    for one in known:
        key = (one.id, one.row.updated_at, *what, end)
        at, alike = kept.get(key, (0.0, None))
        if alike is not None and now - at < KEPT_S:
            found[one.id] = alike
        else:
            missing.append((one, key))
    heard = rows(session, [one for one, _ in missing], end)
    for one, key in missing:
        found[one.id] = alike = measured(one, heard.get(one.id, ()))
        if all(days.measured for days in alike.values()):
            kept[key] = now, alike
    return found


def measure(scale: Scale, metric: str, rows_: Sequence[Row], source: str | None = None) -> Days:
    """What rows tell of days; ASSUMED when they are too few.

    A `source` with too little to be measured by itself has days as alike as those of all sources, and its own
    unevenness: mail that goes out twice a month is answered on few days.
    """
    worth = values(scale, metric)
    own = [row for row in rows_ if row[1] == source] if source else rows_
    cells, histogram = _cells(scale, own, worth)
    usual = fit(cells, histogram, worth)
    if usual and not source and len({cell.source for cell in cells}) > 1:
        return summary(usual, cells)._replace(mix=mean_days([(cell.day, cell.source, int(cell.n)) for cell in cells]))
    if usual or not source or not cells:
        return summary(usual, cells)
    return measure(scale, metric, rows_)._replace(uneven=unevenness(cells))


def _cells(scale: Scale, rows_: Sequence[Row], worth: Sequence[float]) -> tuple[list[Cell], list[int]]:
    inside = [(day, source, ratings[scale.low : scale.high + 1]) for day, source, ratings in rows_]
    cells = [Cell(day, 0, source, n, sum(map(mul, each, worth))) for day, source, each in inside if (n := sum(each))]
    return cells, list(map(sum, zip(*(each for _, _, each in inside), strict=True))) or [0] * len(scale.ratings)
