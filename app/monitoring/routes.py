"""Alerts, changes and the state of the monitoring over HTTP."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from app import paging
from app.auth import Caller, KeyedRoute, needs
from app.models import now
from app.monitoring import alerts, changes, lease, told
from app.monitoring.schemas import (
    AlertList,
    AlertOut,
    AlertPatch,
    AlertRead,
    ChangeList,
    CommentIn,
    Kind,
    MonitoringOut,
    State,
)
from app.scores.schemas import ToldSegment
from app.state import Db
from app.timestamps import Moment
from app.touchpoints.schemas import Slug

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=KeyedRoute)
_write = needs("alerts:write")
READ, WRITE = Depends(needs("alerts:read")), Depends(_write)
Who = Annotated[Caller, Depends(_write)]


@router.get("/alerts", dependencies=[READ], response_model=AlertList)
async def list_alerts(
    db: Db,
    state: State | None = None,
    kind: Kind | None = None,
    touchpoint: Slug | None = None,
    journey: Slug | None = None,
    segment: Annotated[
        ToldSegment | None,
        Query(description="only drops and rises that were found to have happened in this one, such as `store:nord`"),
    ] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Any:
    """Alerts, the newest first."""
    before = paging.number(cursor)
    found = await db.read(
        lambda session: alerts.page(
            session,
            before,
            limit + 1,
            state=state,
            kind=kind,
            touchpoint=touchpoint,
            journey=journey,
            segment=segment,
        )
    )
    return _listed(found, limit, "id")


@router.get("/alerts/{alert_id:int}", response_model=AlertRead)
async def read_alert(alert_id: int, db: Db, caller: Annotated[Caller, READ]) -> Any:
    """One alert, and who was told of it."""
    return await db.read(
        lambda session: alerts.read(session, alert_id) | {"told": told.of(session, alert_id, caller.may)}
    )


@router.patch("/alerts/{alert_id:int}", dependencies=[WRITE], response_model=AlertOut)
async def change_alert(alert_id: int, body: AlertPatch, db: Db, who: Who) -> Any:
    """Acknowledge an alert, or close it and say why."""
    return await db.write(lambda session: alerts.change(session, alert_id, body.state, body.because, who.name))


@router.post("/alerts/{alert_id:int}/comments", status_code=201, dependencies=[WRITE], response_model=AlertOut)
async def comment_alert(alert_id: int, body: CommentIn, db: Db, who: Who) -> Any:
    """Write something below an alert."""
    return await db.write(lambda session: alerts.comment(session, alert_id, body.text, who.name))


@router.get("/changes", dependencies=[READ], response_model=ChangeList)
async def list_changes(
    db: Db, since: Moment | None = None, limit: paging.Limit = 50, cursor: paging.Cursor = None
) -> Any:
    """What changed for real from `since` on (30 days ago without it; a date begins in UTC), the newest first."""
    before = paging.number(cursor)
    start = _start(since) if since else now() - timedelta(days=30)
    return _listed(await db.read(lambda session: changes.page(session, start, before, limit + 1)), limit, "alert")


@router.get("/monitoring", dependencies=[READ], response_model=MonitoringOut)
async def read_monitoring(db: Db) -> Any:
    """When the monitoring looked last and looks next, and how many touchpoints it can judge."""
    return lease.public(await db.read(lease.read), now())


def _start(since: datetime | date) -> datetime:
    return since if isinstance(since, datetime) else datetime.combine(since, time.min, UTC)


def _listed(found: list[dict[str, Any]], limit: int, number: str) -> dict[str, Any]:
    more = paging.encode([str(found[limit - 1][number])]) if len(found) > limit else None
    return {"items": found[:limit], "next_cursor": more}
