"""The registry over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session

from app import paging
from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.models import Touchpoint
from app.state import Db
from app.touchpoints import oddities, registry, target_history
from app.touchpoints.catalogue import CATALOGUE
from app.touchpoints.schemas import (
    Catalogue,
    TargetHistory,
    TouchpointIn,
    TouchpointList,
    TouchpointNow,
    TouchpointOut,
    TouchpointPatch,
)

router = APIRouter(prefix="/v1", tags=["touchpoints"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("touchpoints:read")), Depends(needs("touchpoints:write"))
_CATALOGUE = Catalogue.model_validate({"items": list(CATALOGUE.values())}, from_attributes=True)


def _out(row: Touchpoint) -> TouchpointOut:
    return TouchpointOut.model_validate(row, from_attributes=True)


def _now(session: Session, row: Touchpoint) -> TouchpointNow:
    return TouchpointNow(**_out(row).model_dump(), warnings=oddities.of(session, row))


@router.get("/catalogue")
async def read_catalogue() -> Catalogue:
    """The kinds of touchpoint, with names and first questions in four languages."""
    return _CATALOGUE


@router.post("/touchpoints", status_code=201, dependencies=[WRITE], responses=problems(409))
async def create_touchpoint(body: TouchpointIn, db: Db, request: Request) -> TouchpointNow:
    """Register a touchpoint; a `kind` alone is enough."""
    most = request.app.state.settings.segment_values
    made = await db.write(lambda session: _now(session, registry.create(session, body, most)))
    request.app.state.registry.forget()
    return made


@router.get("/touchpoints", dependencies=[READ])
async def list_touchpoints(
    db: Db,
    phase: str | None = None,
    contact: str | None = None,
    channel: str | None = None,
    kind: str | None = None,
    scale: str | None = None,
    tag: str | None = None,
    owner: str | None = None,
    archived: Annotated[bool | None, Query(description="true: only archived ones; false: only those in use")] = False,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> TouchpointList:
    """Touchpoints by key."""
    (after,) = paging.decode(cursor, 1) or [""]
    filters: dict[str, Any] = {"phase": phase, "contact": contact, "channel": channel, "kind": kind, "scale": scale}
    rows = await db.read(
        lambda session: registry.find(
            session, after=after, limit=limit + 1, archived=archived, tag=tag, owner=owner, **filters
        )
    )
    more = paging.encode([rows[limit - 1].key]) if len(rows) > limit else None
    return TouchpointList(items=[_out(row) for row in rows[:limit]], next_cursor=more)


@router.get("/touchpoints/{key}", dependencies=[READ])
async def read_touchpoint(key: str, db: Db) -> TouchpointNow:
    return await db.read(lambda session: _now(session, registry.by_key(session, key)))


@router.get("/touchpoints/{key}/targets", dependencies=[READ], response_model=TargetHistory)
async def list_targets(key: str, db: Db) -> Any:
    """The targets that this touchpoint had, the newest first, and whether each was met."""
    return {"items": await db.read(lambda session: target_history.of(session, registry.by_key(session, key)))}


@router.patch("/touchpoints/{key}", dependencies=[WRITE], responses=problems(409))
async def change_touchpoint(key: str, body: TouchpointPatch, db: Db, request: Request) -> TouchpointNow:
    """Change what is sent. The scale is fixed once answers exist."""
    most = request.app.state.settings.segment_values
    changed = await db.write(lambda session: _now(session, registry.change(session, key, body, most)))
    request.app.state.registry.forget()
    if body.segments is not None or body.timezone is not None:
        request.app.state.backfill.wake()
    return changed


@router.delete("/touchpoints/{key}", dependencies=[WRITE])
async def archive_touchpoint(key: str, db: Db, request: Request) -> TouchpointOut:
    """Archive: the answers stay, new ones get 410."""
    row = await db.write(lambda session: registry.archive(session, key))
    request.app.state.registry.forget()
    return _out(row)
