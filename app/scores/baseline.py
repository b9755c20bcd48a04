"""How alike a touchpoint's days are, measured on the days before what is judged; read once in six hours."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlmodel import Session

from app.scores import counts as rollup
from app.scores.buckets import DAY, Span, day_start, days_back
from app.scores.days import ASSUMED, BASELINE_DAYS, Cell, Days, fit, summary, values
from app.touchpoints.registry import Known
from app.touchpoints.scales import Scale

KEPT_S = 6 * 3600.0
_MOST = 20_000
_Kept = dict[tuple[Any, ...], tuple[float, Days]]
_KEPT: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()  # by engine, as ids are those of a database


def of(
    session: Session, known: Sequence[Known], until: int, source: str | None = None, metric: str | None = None
) -> dict[int, Days]:
    """By touchpoint: its days in the BASELINE_DAYS before the local day of `until` (seconds).

    All touchpoints are of one time zone; without a `metric` each goes by the one its verdicts are about. What is
    only assumed, since too little is there to measure, is not kept: few rows are read for it, and history may come.
    """
    if not known:
        return {}
    kept, now = _KEPT.setdefault(session.get_bind().engine, {}), time.monotonic()
    end = day_start(until, known[0].zone)
    if len(kept) > _MOST:
        kept.clear()
    found: dict[int, Days] = {}
    missing: dict[int, tuple[Known, str, tuple[Any, ...]]] = {}
    for one in known:
        chosen = metric or judged(one)
        key = (one.id, one.row.updated_at, chosen, source, end)
        at, days = kept.get(key, (0.0, None))
        if days is not None and now - at < KEPT_S:
            found[one.id] = days
        else:
            missing[one.id] = one, chosen, key
    for number, days in _measured(session, [m[:2] for m in missing.values()], end, source).items():
        found[number] = days
        if days.measured:
            kept[missing[number][2]] = now, days
    return found


def judged(known: Known) -> str:
    """The metric that a touchpoint's verdicts are about: that of its target, else its scale's own."""
    wanted = known.row.target
    return str(wanted["metric"]) if wanted and wanted["metric"] in known.scale.metrics else known.scale.headline


def _measured(session: Session, asked: Sequence[tuple[Known, str]], end: int, source: str | None) -> dict[int, Days]:
    if not asked:
        return {}
    zone = asked[0][0].zone
    over = [Span(DAY, days_back(end - 1, BASELINE_DAYS, zone), end)]
    rows: dict[int, list[tuple[int, str, Sequence[int]]]] = defaultdict(list)
    ordinals: dict[int, int] = {}
    for number, bucket, came, counts in rollup.by_bucket(session, [one.id for one, _ in asked], over):
        if source is None or source == came:
            if bucket not in ordinals:
                ordinals[bucket] = datetime.fromtimestamp(bucket, zone).toordinal()
            rows[number].append((ordinals[bucket], came, rollup.ratings(counts)))
    return {one.id: measure(one.scale, metric, rows.get(one.id, ())) for one, metric in asked}


def measure(scale: Scale, metric: str, rows: Iterable[tuple[int, str, Sequence[int]]]) -> Days:
    """What rows of (ordinal day, source, ratings) tell of days; ASSUMED when they are too few."""
    worth = values(scale, metric)
    cells, histogram = [], [0] * len(scale.ratings)
    for day, source, ratings in rows:
        inside = ratings[scale.low : scale.high + 1]
        histogram = [one + more for one, more in zip(histogram, inside, strict=True)]
        if n := sum(inside):
            cells.append(Cell(day, 0, source, n, sum(c * w for c, w in zip(inside, worth, strict=True))))
    usual = fit(cells, histogram, worth)
    return summary(usual, cells) if usual else ASSUMED
