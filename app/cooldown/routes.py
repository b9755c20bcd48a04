"""GET /v1/may-ask: whether a customer may be asked now; DELETE /v1/bounces: his mailbox is there again."""

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
    """Whether somebody may be asked now, and if not, why, and when he may be again; never if that is null."""

    may: bool
    again_at: datetime | None
    because: asked.Because | None = Field(
        description="`bounced`: a mail by Touchstone found no mailbox; until `DELETE /v1/bounces`"
    )


class Whom(BaseModel):
    """A customer."""

    respondent: Respondent = Field(description="the reference that links are made for")


class MayAskQuery(Whom):
    """Whom, and at which touchpoint; without one only the cool-down over all touchpoints counts."""

    touchpoint: Slug | None = None


@router.get("/may-ask", dependencies=[Depends(needs("links:write"))], responses=problems(404))
async def may_ask(request: Request, db: Db, query: Annotated[MayAskQuery, Query()]) -> MayAsk:
    """Whether this customer may be asked now. Links made for somebody count as having asked; looking here does not."""
    state = request.app.state
    place = (await state.registry.get(query.touchpoint)).id if query.touchpoint else asked.ANYWHERE
    at, who = state.clock(), query.respondent
    found = await db.read(lambda session: asked.until(session, state.ask_secrets, [who], place, at))
    again_at = found.get(who)
    return MayAsk(
        may=who not in found,
        again_at=None if again_at in asked.MARKS else again_at,
        because=asked.because(again_at) if again_at else None,
    )


@router.delete("/bounces", dependencies=[Depends(needs("links:write"))], status_code=204)
async def lift_bounce(request: Request, db: Db, query: Annotated[Whom, Query()]) -> None:
    """Ask a customer again whose mail came back. Nothing happens if none did; who has unsubscribed is not asked."""
    secrets = request.app.state.ask_secrets
    await db.write(lambda session: asked.lift(session, secrets, query.respondent))
