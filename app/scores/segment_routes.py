"""Segment keys over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.scores import segment_keys
from app.scores.segment_folding import folded
from app.scores.segment_schemas import SegmentKeyList, SegmentKeyOut, SegmentKeyPatch, SegmentScores, SegmentScoresQuery
from app.state import Db, Reads
from app.touchpoints.schemas import SEGMENT_KEY

router = APIRouter(prefix="/v1/segments", tags=["segments"], route_class=KeyedRoute)
Key = Annotated[str, Path(pattern=SEGMENT_KEY)]


@router.get("", dependencies=[Depends(needs("touchpoints:read"))], response_model=SegmentKeyList)
async def list_segment_keys(db: Db) -> dict[str, Any]:
    """The keys that touchpoints declare, what they are called, and how far their answers are counted by them."""
    await folded(db)
    return {"items": await db.read(segment_keys.every)}


@router.patch(
    "/{key}",
    dependencies=[Depends(needs("touchpoints:write"))],
    response_model=SegmentKeyOut,
    responses=problems(404),
)
async def change_segment_key(key: Key, body: SegmentKeyPatch, db: Db) -> dict[str, Any]:
    """Name a key and its values, set their order, and say whether the dashboard offers it."""
    return await db.write(lambda session: segment_keys.change(session, key, body))


@router.get(
    "/{key}/scores",
    dependencies=[Depends(needs("scores:read"))],
    response_model=SegmentScores,
    responses=problems(404),
)
async def list_segment_scores(
    key: Key, reads: Reads, request: Request, query: Annotated[SegmentScoresQuery, Query()]
) -> dict[str, Any]:
    """The index of each value of a key, pooled over the touchpoints that declare it or at one, the lowest first, with
    the places it may have and whether it differs from the usual one."""
    registry = request.app.state.registry
    await folded(request.app.state.db)
    return await reads.read(lambda session: segment_keys.scores(session, registry, key, query))
