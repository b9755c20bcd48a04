"""Journeys over HTTP: registering, changing and deleting them, and their scores."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic_core import to_json

from app import paging
from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.journeys import journeys, score
from app.journeys.schemas import JourneyIn, JourneyList, JourneyOut, JourneyPatch, JourneyScore, JourneyScoreQuery
from app.scores.segment_folding import folded
from app.state import Db

router = APIRouter(prefix="/v1/journeys", tags=["journeys"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("journeys:read")), Depends(needs("journeys:write"))
SCORES = Depends(needs("scores:read"))
REFUSED = problems(401, 403, 422)
TAKEN = problems(401, 403, 409, 422)
UNKNOWN = problems(401, 403, 404, 422)


@router.post("", status_code=201, dependencies=[WRITE], response_model=JourneyOut, responses=TAKEN)
async def create_journey(body: JourneyIn, db: Db) -> Any:
    """Write a journey down: its stages in order, each with the touchpoints that serve it."""
    return await db.write(lambda session: journeys.create(session, body))


@router.get("", dependencies=[READ], response_model=JourneyList, responses=REFUSED)
async def list_journeys(db: Db, limit: paging.Limit = 50, cursor: paging.Cursor = None) -> Any:
    """Journeys by key."""
    (after,) = paging.decode(cursor, 1) or [""]
    found = await db.read(lambda session: journeys.page(session, after, limit + 1))
    more = paging.encode([found[limit - 1]["key"]]) if len(found) > limit else None
    return {"items": found[:limit], "next_cursor": more}


@router.get("/{key}", dependencies=[READ], response_model=JourneyOut, responses=UNKNOWN)
async def read_journey(key: str, db: Db) -> Any:
    return await db.read(lambda session: journeys.read(session, key))


@router.patch("/{key}", dependencies=[WRITE], response_model=JourneyOut, responses=UNKNOWN)
async def change_journey(key: str, body: JourneyPatch, db: Db) -> Any:
    """Change what is sent; `stages` replaces all of them."""
    return await db.write(lambda session: journeys.change(session, key, body))


@router.delete("/{key}", status_code=204, dependencies=[WRITE], responses=UNKNOWN)
async def delete_journey(key: str, db: Db) -> None:
    """Delete a journey. It only names touchpoints: they and their answers stay."""
    await db.write(lambda session: journeys.remove(session, key))


@router.get("/{key}/score", dependencies=[SCORES], response_model=JourneyScore, responses=UNKNOWN)
async def read_journey_score(key: str, db: Db, query: Annotated[JourneyScoreQuery, Query()]) -> Response:
    """The index of each stage and of the whole, the weakest link, what differs for real, whether the mix shifted."""
    if query.segment:
        await folded(db)
    found = await db.read(lambda session: score.read(session, key, query))
    return Response(to_json(found), media_type="application/json")
