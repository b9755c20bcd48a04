"""Search over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from app.auth import Caller, KeyedRoute, needs
from app.search import find
from app.search.schemas import SearchOut
from app.state import Reads

router = APIRouter(prefix="/v1/search", tags=["search"], route_class=KeyedRoute)
Who = Annotated[Caller, Depends(needs("touchpoints:read"))]


@router.get("", response_model=SearchOut)
async def search(
    reads: Reads,
    who: Who,
    q: Annotated[str, Query(min_length=1, max_length=200, description="words, or how they begin")],
    limit: Annotated[int, Query(ge=1, le=50, description="how many of each kind at most")] = 5,
) -> Any:
    """Touchpoints, comments, alerts and actions that hold all these words, each kind as far as the key may read it."""
    return await reads.read(lambda session: find.search(session, q, limit, who.may))
