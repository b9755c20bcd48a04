"""Reviews in the database: who looked at a touchpoint again, when, and how it stood."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.models import Review, Touchpoint, now
from app.scores import serve
from app.scores.schemas import ScoreQuery
from app.touchpoints import registry

LEVEL_DAYS = 30


def level(session: Session, touchpoint: Touchpoint) -> dict[str, Any] | None:
    """The headline metric {metric, value, low, high, count} of the last 30 days; None when nobody rated."""
    known = registry.known(touchpoint)
    metric = known.scale.headline
    found = serve.one(session, known, ScoreQuery(days=LEVEL_DAYS))["metrics"][metric]
    if found is None:
        return None
    return {"metric": metric, "count": found["n"], **{name: found[name] for name in ("value", "low", "high")}}


def record(session: Session, key: str, who: str, note: str | None) -> dict[str, Any]:
    """Note that `who` has looked at the touchpoint; Problem touchpoint_unknown."""
    touchpoint = registry.by_key(session, key, locked=True)
    at: datetime = now()
    row = Review(
        touchpoint_id=touchpoint.id or 0, reviewed_at=at, reviewed_by=who, note=note, level=level(session, touchpoint)
    )
    session.add(row)
    touchpoint.reviewed_at = touchpoint.updated_at = at
    session.flush()
    return public(row, key)


def page(session: Session, key: str, before: int | None, limit: int) -> list[dict[str, Any]]:
    """The reviews of a touchpoint, the newest first, those before the id `before`; Problem touchpoint_unknown."""
    wanted = [col(Review.touchpoint_id) == registry.by_key(session, key).id]
    if before is not None:
        wanted.append(col(Review.id) < before)
    rows = session.exec(select(Review).where(*wanted).order_by(col(Review.id).desc()).limit(limit)).all()
    return [public(row, key) for row in rows]


def public(row: Review, key: str) -> dict[str, Any]:
    """A review as the API shows it."""
    return {"touchpoint": key, **row.model_dump(exclude={"touchpoint_id"})}
