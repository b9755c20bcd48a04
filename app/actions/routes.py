"""Reviews and actions over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app import paging
from app.actions import actions, report, reviews
from app.actions.schemas import (
    ActionEffect,
    ActionIn,
    ActionList,
    ActionOut,
    ActionPatch,
    Plan,
    ReviewIn,
    ReviewList,
    ReviewOut,
    State,
)
from app.auth import Caller, KeyedRoute, needs
from app.fast_routes import problems
from app.models import now
from app.state import Db
from app.touchpoints.schemas import Slug

router = APIRouter(prefix="/v1", tags=["actions"], route_class=KeyedRoute)
_write = needs("actions:write")
SCORES = Depends(needs("scores:read"))
READ, WRITE = Depends(needs("actions:read")), Depends(_write)
Who = Annotated[Caller, Depends(_write)]


@router.post("/touchpoints/{key}/reviews", status_code=201, dependencies=[WRITE], response_model=ReviewOut)
async def review_touchpoint(key: str, body: ReviewIn, db: Db, who: Who, request: Request) -> Any:
    """Say that somebody has looked at this touchpoint again; the next review is due `review_interval_days` later."""
    found = await db.write(lambda session: reviews.record(session, key, who.name, body.note))
    request.app.state.registry.forget()
    return found


@router.get("/touchpoints/{key}/reviews", dependencies=[READ], response_model=ReviewList)
async def list_reviews(key: str, db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None) -> Any:
    """The reviews of a touchpoint, the newest first."""
    before = paging.number(cursor)
    return _listed(await db.read(lambda session: reviews.page(session, key, before, limit + 1)), limit)


@router.post("/actions", status_code=201, dependencies=[WRITE], response_model=ActionOut)
async def create_action(body: ActionIn, db: Db, who: Who) -> Any:
    """Write down what is done, where, and from when to when."""
    return actions.public(await db.write(lambda session: actions.create(session, body, who.name)), now())


@router.get("/actions", dependencies=[READ], response_model=ActionList)
async def list_actions(
    db: Db,
    state: State | None = None,
    touchpoint: Slug | None = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> Any:
    """Actions, the newest first."""
    at, before = now(), paging.number(cursor)
    rows = await db.read(
        lambda session: actions.page(session, at, before, limit + 1, state=state, touchpoint=touchpoint, owner=owner)
    )
    return _listed([actions.public(row, at) for row in rows], limit)


@router.get("/actions/plan", dependencies=[READ, SCORES], response_model=Plan, responses=problems(404))
async def plan_action(db: Db, touchpoint: Slug) -> Any:
    """How large a change could be told at this touchpoint after how many days, and what to compare it with."""
    return await db.read(lambda session: report.plan(session, touchpoint, now()))


@router.get("/actions/{action_id:int}/effect", dependencies=[READ, SCORES], response_model=ActionEffect)
async def read_effect(action_id: int, db: Db) -> Any:
    """Whether it helped: what came after it against what was to be expected without it."""
    return await db.read(lambda session: report.read(session, actions.by_id(session, action_id), now()))


@router.get("/actions/{action_id:int}", dependencies=[READ], response_model=ActionOut)
async def read_action(action_id: int, db: Db) -> Any:
    return actions.public(await db.read(lambda session: actions.by_id(session, action_id)), now())


@router.patch("/actions/{action_id:int}", dependencies=[WRITE], response_model=ActionOut)
async def change_action(action_id: int, body: ActionPatch, db: Db) -> Any:
    """Change what is sent. A `state` sets the dates that make it."""
    return actions.public(await db.write(lambda session: actions.change(session, action_id, body)), now())


@router.delete("/actions/{action_id:int}", status_code=204, dependencies=[WRITE])
async def delete_action(action_id: int, db: Db) -> None:
    """Delete an action. The answers of its touchpoints stay."""
    await db.write(lambda session: actions.remove(session, action_id))


def _listed(items: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    more = paging.encode([str(items[limit - 1]["id"])]) if len(items) > limit else None
    return {"items": items[:limit], "next_cursor": more}
