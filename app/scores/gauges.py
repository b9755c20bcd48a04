"""Scores as Prometheus gauges, for keys that may read scores: from the rollup, bounded in age and number."""

from collections.abc import Sequence
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlmodel import Session, col

from app.db import Reader
from app.figures import Kept
from app.metrics import text
from app.models import Touchpoint
from app.scores import counts as rollup
from app.scores import score, segment_gauges, serve
from app.scores.counts import Counts
from app.scores.schemas import ScoresQuery
from app.scores.segment_gauges import DAYS, of_scores, tell
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

TOUCHPOINTS_MOST = 250  # 0.8 KB each
CACHE_S = 15.0
Found = Sequence[tuple[Known, Counts, Counts]]  # of the last DAYS, of all time
_LABELS = ["touchpoint", "metric"]


class Gauges:
    """The text for Prometheus. Scrapers that come together wait for one reading."""

    def __init__(self, db: Reader, folder: Path | None = None) -> None:
        self._db = db
        self._kept = Kept("scores", folder, self._make)

    async def text(self) -> bytes:
        """The gauges in Prometheus' text format, up to CACHE_S old."""
        return await self._kept.text(CACHE_S)

    async def _make(self) -> bytes:
        return text(await self._db.read(_families))


def _families(session: Session) -> list[Metric]:
    found, left_out = read(session)
    return [*families(found, left_out), *segment_gauges.read(session, [one for one, _, _ in found])]


def read(session: Session) -> tuple[Found, int]:
    """Counts of the first TOUCHPOINTS_MOST touchpoints in use, by key, and how many there are beyond."""
    touchpoints = [known(row) for row in registry.find(session, limit=TOUCHPOINTS_MOST)]
    ever = rollup.read(session, [one.id for one in touchpoints], rollup.ALL_TIME)
    recent = {one.id: parts for one, parts in serve.many(session, touchpoints, ScoresQuery(days=DAYS))}
    in_use = select(func.count()).where(col(Touchpoint.archived_at).is_(None))
    left_out = session.execute(in_use).scalar_one() - len(touchpoints)
    return [(one, score.counted(recent[one.id]), score.counted(ever.get(one.id, {}))) for one in touchpoints], left_out


def families(found: Found, left_out: int) -> list[Metric]:
    """A gauge for value, low and high of each metric; a metric without answers is left out, for it has no value."""
    gauges = of_scores("touchstone_score", "Score", _LABELS)
    n = GaugeMetricFamily("touchstone_score_answers", f"Answers of the last {DAYS} days", labels=_LABELS[:1])
    # No counter: a flag, a withdrawal or an erasure makes it smaller, and `increase()` would take that for a restart.
    total = GaugeMetricFamily("touchstone_feedback", "Answers that count, of all time", labels=_LABELS[:1])
    for one, recent, ever in found:
        n.add_metric([one.row.key], recent[0])
        total.add_metric([one.row.key], ever[0])
        tell(gauges, [one.row.key], one, recent)
    said = f"Touchpoints beyond the first {TOUCHPOINTS_MOST} by key, whose scores are not told here"
    return [*gauges, n, total, GaugeMetricFamily("touchstone_score_left_out", said, left_out)]
