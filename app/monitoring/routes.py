"""Alerts over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from app import paging
from app.auth import Caller, KeyedRoute, needs
from app.monitoring import alerts
from app.monitoring.schemas import AlertList, AlertOut, AlertPatch, CommentIn, Kind, State
from app.state import Db
from app.touchpoints.schemas import Slug

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=KeyedRoute)
_write = needs("alerts:write")
READ, WRITE = Depends(needs("alerts:read")), Depends(_write)
Who = Annotated[Caller, Depends(_write)]


@router.get("", dependencies=[READ], response_model=AlertList)
async def list_alerts(
    db: Db,
    state: State | None = None,
    kind: Kind | None = None,
    touchpoint: Slug | None = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Any:
    """Alerts, the newest first."""
    before = paging.number(cursor)
    found = await db.read(
        lambda session: alerts.page(session, before, limit + 1, state=state, kind=kind, touchpoint=touchpoint)
    )
    more = paging.encode([str(found[limit - 1]["id"])]) if len(found) > limit else None
    return {"items": found[:limit], "next_cursor": more}


@router.get("/{alert_id:int}", dependencies=[READ], response_model=AlertOut)
async def read_alert(alert_id: int, db: Db) -> Any:
    return await db.read(lambda session: alerts.read(session, alert_id))


@router.patch("/{alert_id:int}", dependencies=[WRITE], response_model=AlertOut)
async def change_alert(alert_id: int, body: AlertPatch, db: Db, who: Who) -> Any:
    """Acknowledge an alert, or close it and say why."""
    return await db.write(lambda session: alerts.change(session, alert_id, body.state, body.because, who.name))


@router.post("/{alert_id:int}/comments", status_code=201, dependencies=[WRITE], response_model=AlertOut)
async def comment_alert(alert_id: int, body: CommentIn, db: Db, who: Who) -> Any:
    """Write something below an alert."""
    return await db.write(lambda session: alerts.comment(session, alert_id, body.text, who.name))
