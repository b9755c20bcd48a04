"""GET /v1/handling/summary: how quickly customers are taken care of."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.answers import handling
from app.answers.schemas import HandlingSummary
from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.state import Reads

router = APIRouter(prefix="/v1/handling", tags=["feedback"], route_class=KeyedRoute)


@router.get("/summary", dependencies=[Depends(needs("feedback:read"))], responses=problems(404))
async def handling_summary(
    reads: Reads,
    touchpoint: Annotated[str | None, Query(max_length=64)] = None,
    days: Annotated[int, Query(ge=1, le=366, description="how far back what was handled is looked at")] = 30,
) -> HandlingSummary:
    """Median hours until answers were handled, and how many are open, by state and by age."""
    found = await reads.read(lambda session: handling.summary(session, touchpoint, days))
    return HandlingSummary.model_validate(found)
