"""Touchpoints: see them all, create them from the catalogue, archive them."""

from collections.abc import Sequence

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard.first_run import columns
from app.dashboard.form_errors import refused
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.touchpoint_form import slug
from app.models import Touchpoint
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.catalogue import CHANNELS, CONTACTS, PHASES
from app.touchpoints.schemas import TouchpointIn, TouchpointPatch

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CHOICES = {"phase": PHASES, "contact": CONTACTS, "channel": CHANNELS}


@router.get("/touchpoints")
async def touchpoints(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("touchpoints:read")
    rows = await db.read(lambda session: registry.find(session, limit=10_000, archived=None))
    rows.sort(key=lambda row: (row.archived_at is not None, visit.words.own(row.name).casefold()))
    return visit.page("touchpoints.html", rows=rows, columns=columns())


@router.post("/touchpoints")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Register the kinds that are ticked, and something of one's own by its name."""
    posting.visit.need("touchpoints:write")
    named, language = posting.get("own")[:60], posting.visit.words.language
    try:
        wanted = [TouchpointIn(kind=kind) for kind in dict.fromkeys(posting.all("kind")) if kind]
        if named:
            wanted.append(TouchpointIn.model_validate({"key": slug(named), "name": {"en": named, language: named}}))
    except pydantic.ValidationError as error:
        raise refused(error, posting.visit.words) from None
    rows = await db.write(lambda session: _create(session, wanted))
    posting.visit.request.app.state.registry.forget()
    return RedirectResponse(f"/touchpoints/{rows[0].key}" if len(rows) == 1 else "/", 303)


def _create(session: Session, wanted: Sequence[TouchpointIn]) -> list[Touchpoint]:
    return [registry.create(session, body) for body in wanted]


@router.post("/touchpoints/{key}/archive")
async def archive(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Archive a touchpoint, or take it back into use."""
    posting.visit.need("touchpoints:write")
    body = TouchpointPatch(archived=posting.get("archived") != "false")
    await db.write(lambda session: registry.change(session, key, body))
    posting.visit.request.app.state.registry.forget()
    return RedirectResponse("/touchpoints", 303)
