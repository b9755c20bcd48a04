"""Answers back out: list, read, flag and un-flag, follow up, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import Field
from pydantic_core import to_json
from sqlmodel import Session

from app.answers import handling, listing, many
from app.answers.schemas import AnswerPatch, AnswerQuery, Changed, ManyFlagsIn, StoredFeedback, StoredFeedbackList
from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.ingest import store
from app.state import Db, Reads

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("feedback:read")), Depends(needs("feedback:write"))
Which = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    Query(description="where the answer was given; needed when there is an answer with this id at another one too"),
]
NOT_UNIQUE = problems(404, 409)


@router.get("", dependencies=[READ], response_model=StoredFeedbackList, responses=problems(404))
async def list_feedback(reads: Reads, query: Annotated[AnswerQuery, Query()]) -> Response:
    """Answers, newest first."""
    page = await reads.read(lambda session: listing.page(session, query))
    return Response(to_json(page), media_type="application/json")


@router.patch("", dependencies=[WRITE], responses=problems(404))
async def flag_many(body: ManyFlagsIn, db: Db) -> Changed:
    """Let all answers with a flag count again, or give them another: a flood that was none, with one request."""
    return Changed(changed=await many.replace_flag(db, body))


@router.get("/{id:uuid}", dependencies=[READ], response_model=StoredFeedback, responses=NOT_UNIQUE)
async def read_feedback(id: UUID, db: Db, touchpoint: Which = None) -> Response:  # noqa: A002 - the name in the address
    def work(session: Session) -> dict[str, object]:
        return listing.one(session, listing.touchpoint_of(session, id, touchpoint), id)

    return Response(to_json(await db.read(work)), media_type="application/json")


@router.patch("/{id:uuid}", dependencies=[WRITE], response_model=StoredFeedback, responses=NOT_UNIQUE)
async def change_feedback(id: UUID, body: AnswerPatch, db: Db, touchpoint: Which = None) -> Response:  # noqa: A002
    """Flag an answer so that it does not count, or take its flags away so that it does: scores follow at once.

    Or say how its customer is followed up, which no score knows of.
    """

    def work(session: Session) -> dict[str, object]:
        at = listing.touchpoint_of(session, id, touchpoint)
        if "flags" in body.model_fields_set:
            store.flag(session, at, id, body.flags)
        if "handling" in body.model_fields_set:
            handling.put(session, at, id, body.handling)
        return listing.one(session, at, id)

    return Response(to_json(await db.write(work)), media_type="application/json")


@router.delete("/{id:uuid}", dependencies=[WRITE], status_code=204, responses=NOT_UNIQUE)
async def erase_feedback(id: UUID, db: Db, touchpoint: Which = None) -> None:  # noqa: A002
    """Erase an answer for good, comment and rating. A late retry with the same id does not bring it back."""
    await db.write(lambda session: store.erase(session, listing.touchpoint_of(session, id, touchpoint), id))
