"""Reads what happened at a touchpoint: alerts, actions, reviews and targets, one statement each."""

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.actions.actions import concerns
from app.dashboard import marks
from app.dashboard.marks import Event
from app.dashboard.request_context import RequestContext
from app.models import Action, Alert, Review, TargetRecord
from app.scores.buckets import to_time
from app.touchpoints.registry import Known

_MOST = 100  # of each


def read(session: Session, visit: RequestContext, known: Known, since: int) -> list[Event]:
    """What happened from `since` (seconds) on, as far as the visitor may read it."""
    found, start = list[Event](), to_time(since)
    if visit.may("alerts:read"):
        wanted = col(Alert.touchpoint_id) == known.id, col(Alert.kind).in_(marks.ALERTS), col(Alert.opened_at) >= start
        true = col(Alert.because).is_distinct_from("false_alarm")
        alerts = select(Alert).where(*wanted, true).order_by(col(Alert.id).desc()).limit(_MOST)
        found += marks.of_alerts(session.exec(alerts), visit.words)
    if visit.may("actions:read"):
        when = or_(*(col(at) >= start for at in (Action.started_at, Action.finished_at, Action.dropped_at)))
        actions = select(Action).where(concerns(known.key), when).order_by(col(Action.id).desc()).limit(_MOST)
        found += marks.of_actions(session.exec(actions), known.zone, visit.words)
        lately = col(Review.touchpoint_id) == known.id, col(Review.reviewed_at) >= start
        reviews = select(Review).where(*lately).order_by(col(Review.id).desc()).limit(_MOST)
        found += marks.of_reviews(session.exec(reviews), visit.words)
    if visit.may("touchpoints:read"):
        targets = select(TargetRecord).where(col(TargetRecord.touchpoint_id) == known.id)
        newest = session.exec(targets.order_by(col(TargetRecord.id).desc()).limit(_MOST)).all()
        found += marks.of_targets(newest[::-1], visit.words)
    return found
