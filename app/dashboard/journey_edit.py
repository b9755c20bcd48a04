"""The form of a journey: write one down, change it, delete it. It works without a script."""

from collections.abc import Callable
from typing import Any

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard import journey_form, picks
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem
from app.dashboard.journey_form import Draft, languages_of
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.touchpoint_form import slug
from app.errors import Problem
from app.journeys import journeys
from app.journeys.schemas import JourneyIn, JourneyPatch
from app.state import Db
from app.touchpoints.catalogue import LANGUAGES, PHASES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
RULES = ("pooled", "equal", "importance")


@router.get("/journeys/new")
async def new(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("journeys:write")
    return await _form(db, visit, None, journey_form.fresh())


@router.get("/journeys/{key}/edit")
async def edit(key: str, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("journeys:write")
    found = await db.read(lambda session: journeys.read(session, key))
    return await _form(db, visit, key, journey_form.draft_of(found))


@router.post("/journeys/new")
async def create(db: Db, posting: Posting = Posted) -> Response:
    return await _save(db, posting, None)


@router.post("/journeys/{key}/edit")
async def save(key: str, db: Db, posting: Posting = Posted) -> Response:
    return await _save(db, posting, key)


@router.post("/journeys/{key}/delete")
async def delete(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Delete a journey; its touchpoints and their answers stay."""
    posting.visit.need("journeys:write")
    await db.write(lambda session: journeys.remove(session, key))
    return RedirectResponse("/journeys", 303)


async def _save(db: Db, posting: Posting, key: str | None) -> Response:
    """Save the form, or show it again: after a step among its stages, or with what is wrong."""
    visit, draft = posting.visit, journey_form.sent(posting)
    visit.need("journeys:write")
    if step := journey_form.step_of(posting):
        draft, at = journey_form.stepped(draft, step)
        return await _form(db, visit, key, draft, at=at)
    draft = journey_form.filled(draft)
    try:
        await db.write(_change(draft, key))
    except pydantic.ValidationError as error:
        return await _form(db, visit, key, draft, beside(error, visit.words), 422)
    except Problem as problem:
        return await _form(db, visit, key, draft, of_problem(problem, visit.words), 422)
    return RedirectResponse("/journeys", 303)


def _change(draft: Draft, key: str | None) -> Callable[[Session], Any]:
    """What is to be written; pydantic.ValidationError. Without a key of its own a new journey is named by its name."""
    body = journey_form.body_of(draft)
    if key is not None:
        patch = JourneyPatch.model_validate(body)
        return lambda session: journeys.change(session, key, patch)
    name = next(iter(draft["name"].values()), "")
    fresh = JourneyIn.model_validate({"key": slug(name, "journey"), **body})
    return lambda session: journeys.create(session, fresh)


async def _form(
    db: Db,
    visit: RequestContext,
    key: str | None,
    draft: Draft,
    wrong: FormErrors = NOTHING,
    status: int = 200,
    at: str = "",
) -> Response:
    every = await db.read(picks.every)
    return visit.page(
        "journey.html",
        status,
        key=key,
        draft=draft,
        wrong=wrong,
        at=at,
        languages=tuple(dict.fromkeys([visit.words.language, *LANGUAGES, *languages_of(draft)])),
        phases=PHASES,
        rules=RULES,
        choices=[picks.among(every, visit.words, stage["touchpoints"], stage["find"]) for stage in draft["stages"]],
    )
