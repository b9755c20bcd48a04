"""Scores of segments as Prometheus gauges: of the keys that were chosen for it, bounded in number."""

from collections.abc import Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlmodel import Session, col, select

from app.models import SegmentKey
from app.scores import formulas, score, segment_counts, serve
from app.scores.counts import Counts, ratings
from app.scores.cuts import Declared
from app.scores.schemas import ScoresQuery
from app.touchpoints.registry import Known

DAYS = 30
SEGMENTS_MOST = 500  # 0.9 KB each
_LABELS = ["touchpoint", "segment", "metric"]


def of_scores(name: str, said: str, labels: Sequence[str]) -> tuple[GaugeMetricFamily, ...]:
    """Gauges for the value, the low and the high end of a metric."""
    ends = {"": "", "_low": " (low end of the 95 % interval)", "_high": " (high end of the 95 % interval)"}
    said = f"{said} of the last {DAYS} days"
    return tuple(GaugeMetricFamily(name + end, said + more, labels=labels) for end, more in ends.items())


def tell(gauges: Sequence[GaugeMetricFamily], labels: Sequence[str], one: Known, counts: Counts) -> None:
    """Add each metric of a touchpoint's scale; one without answers is left out, for it has no value."""
    for metric, estimate in formulas.metrics(one.scale, ratings(counts)).items():
        for gauge, value in zip(gauges, estimate or (), strict=False):
            gauge.add_metric([*labels, metric], value)


def read(session: Session, touchpoints: Sequence[Known]) -> list[Metric]:
    """The gauges of the chosen keys at these touchpoints; none at all when no key is chosen."""
    chosen = sorted(session.exec(select(SegmentKey.key).where(col(SegmentKey.metrics))))
    if not chosen:
        return []
    gauges = of_scores("touchstone_segment_score", "Score of a segment", _LABELS)
    n = GaugeMetricFamily("touchstone_segment_answers", f"Answers of the last {DAYS} days", labels=_LABELS[:2])
    told = left_out = 0
    for one in touchpoints:
        for key in (key for key in chosen if key in one.row.segments):
            if (found := _segments(session, one, key, SEGMENTS_MOST - told)) is None:
                left_out += 1
                continue
            told += len(found)
            for value, counts in found:
                n.add_metric([one.row.key, value], counts[0])
                tell(gauges, [one.row.key, value], one, counts)
    said = f"Chosen keys at touchpoints that would be beyond {SEGMENTS_MOST} segments, or are still being counted"
    return [*gauges, n, GaugeMetricFamily("touchstone_segments_left_out", said, left_out)]


def _segments(session: Session, one: Known, key: str, room: int) -> list[tuple[str, Counts]] | None:
    """Each value with answers; None instead of some of them, as half of the stores would be taken for all."""
    state = segment_counts.state(session, one.id, key)
    if state is None or not state.complete:
        return None
    query = ScoresQuery(days=DAYS)
    window = serve.bounds(query, one.zone, None).whole_days()
    by_value = Declared(session, one, None, state).by_value(serve.spans_of(query, window))
    found = [(f"{key}:{value}", score.counted(parts)) for value, parts in sorted(by_value.items())]
    answered = [(segment, counts) for segment, counts in found if counts[0]]
    return answered if len(answered) <= room else None
