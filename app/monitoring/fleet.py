"""The touchpoints in use, read in pages: of most of them nothing but whether something changed."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Revision, Touchpoint
from app.touchpoints import registry
from app.touchpoints.registry import Known

PAGE = 100
_IN_USE = col(Touchpoint.archived_at).is_(None)
_DUE = col(Touchpoint.review_interval_days).is_not(None) | col(Touchpoint.target).is_not(None)


class Line(NamedTuple):
    """Of a touchpoint: the revision of its answers, when it was changed, and whether it has a target or reviews."""

    id: int
    revision: int
    changed_at: datetime
    has_dates: bool


def size(session: Session) -> int:
    """How many there are."""
    return int(session.execute(select(func.count()).select_from(Touchpoint).where(_IN_USE)).scalar_one())


def keys(session: Session) -> dict[int, str]:
    """Their keys."""
    columns: Any = (Touchpoint.id, Touchpoint.key)
    rows: Any = session.execute(select(*columns).where(_IN_USE))
    return dict(rows.all())


def page(session: Session, after: int) -> list[Line]:
    """The next ones after the id `after`, in order."""
    columns: Any = (Touchpoint.id, func.coalesce(Revision.revision, 0), Touchpoint.updated_at, _DUE)
    wanted = select(*columns).outerjoin(Revision, Revision.touchpoint_id == Touchpoint.id)
    wanted = wanted.where(_IN_USE, col(Touchpoint.id) > after).order_by(col(Touchpoint.id)).limit(PAGE)
    return [Line(*row) for row in session.execute(wanted)]


def known(session: Session, ids: Collection[int]) -> list[Known]:
    """These in full."""
    return _read(session, col(Touchpoint.id).in_(ids)) if ids else []


def keyed(session: Session, keys: Iterable[str]) -> dict[str, Known]:
    """Those with these keys that are in use, in full."""
    return {one.key: one for one in _read(session, col(Touchpoint.key).in_(set(keys)))}


def _read(session: Session, which: Any) -> list[Known]:
    rows = session.exec(select(Touchpoint).where(_IN_USE, which).order_by(col(Touchpoint.id)))
    return [registry.known(row) for row in rows]
