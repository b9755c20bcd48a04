"""GET /v1/may-ask: whether a customer may be asked now, for those who send their questions themselves."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from app.auth import KeyedRoute, needs
from app.cooldown import asked
from app.fast_routes import problems
from app.ingest.schemas import Respondent
from app.state import Db
from app.touchpoints.schemas import Slug

router = APIRouter(prefix="/v1", tags=["links"], route_class=KeyedRoute)


class MayAsk(BaseModel):
    """Whether somebody may be asked now, and if not, when he may be again; never if that is null."""

    may: bool
    again_at: datetime | None


class MayAskQuery(BaseModel):
    """Whom, and at which touchpoint; without one only the cool-down over all touchpoints counts."""

    respondent: Respondent = Field(description="the reference that links are made for")
    touchpoint: Slug | None = None


@router.get("/may-ask", dependencies=[Depends(needs("links:write"))], responses=problems(404))
async def may_ask(request: Request, db: Db, query: Annotated[MayAskQuery, Query()]) -> MayAsk:
    """Whether this customer may be asked now. Links made for somebody count as having asked; looking here does not."""
    state = request.app.state
    place = (await state.registry.get(query.touchpoint)).id if query.touchpoint else asked.ANYWHERE
    at, who = state.clock(), query.respondent
    found = await db.read(lambda session: asked.until(session, state.ask_secrets, [who], place, at))
    again_at = found.get(who)
    return MayAsk(may=who not in found, again_at=None if again_at == asked.NEVER else again_at)
