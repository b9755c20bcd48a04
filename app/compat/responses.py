"""Survey responses and figures as Delighted's API has them: answers of the touchpoint of the caller's key."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Row, Select
from sqlalchemy import select as sa_select
from sqlmodel import col

from app.auth import Caller, needs
from app.compat import shapes
from app.compat.basic import BasicRoute, place_of
from app.compat.schemas import Listing, ResponseIn, ResponsePatch, Window
from app.errors import Code, Problem
from app.ids import uuid7
from app.ingest import lenient
from app.ingest.channels import API, IMPORT
from app.ingest.guard import OLDEST
from app.ingest.routes import refusal, to_answer
from app.ingest.schemas import AnswerIn
from app.models import Feedback
from app.scores import serve
from app.scores.buckets import to_time
from app.scores.schemas import ScoreQuery
from app.secret import pseudonyms
from app.state import Db, Reads
from app.touchpoints import ways
from app.touchpoints.registry import Known

router = APIRouter(prefix="/compat/delighted/v1", include_in_schema=False, route_class=BasicRoute)
Writes = Annotated[Caller, Depends(needs("feedback:write"))]
Lists = Annotated[Caller, Depends(needs("feedback:read"))]
Counts = Annotated[Caller, Depends(needs("scores:read"))]
COLUMNS: tuple[Any, ...] = (
    Feedback.id, Feedback.rating, Feedback.comment, Feedback.respondent, Feedback.context, Feedback.occurred_at,
    Feedback.received_at,
)  # fmt: skip


@router.get("/survey_responses")
async def list_responses(
    request: Request, db: Db, reads: Reads, caller: Lists, query: Annotated[Listing, Query()]
) -> list[dict[str, Any]]:
    """Counted answers with a rating, a page at a time."""
    known = await place_of(request, db, caller)
    rows = await reads.read(lambda session: session.execute(_page(request, known, query)).all())
    return [_shown(request, known, row, expand="person" in query.expand) for row in rows]


@router.post("/survey_responses", status_code=201)
async def add_response(request: Request, db: Db, caller: Writes, body: ResponseIn) -> dict[str, Any]:
    """Store an answer. One that is older than answers by key may be is stored as history out of a file is."""
    known, now = await place_of(request, db, caller), datetime.now(UTC)
    said: dict[str, Any] = {
        "rating": body.score,
        "comment": body.comment,
        "respondent": _references(request, body.person)[0],
    }
    said["context"] = _context(body.person_properties, body.tags)
    if body.created_at is not None:
        said["occurred_at"] = to_time(body.created_at)
    source = IMPORT if said.get("occurred_at", now) < now - OLDEST + timedelta(minutes=1) else API
    number = uuid7()
    await _store(request, known, said, source, number, now)
    return await _one(request, db, known, number)


@router.get("/survey_responses/{number}")
async def read_response(request: Request, db: Db, caller: Lists, number: str) -> dict[str, Any]:
    return await _one(request, db, await place_of(request, db, caller), shapes.number_of(number))


@router.put("/survey_responses/{number}")
async def change_response(request: Request, db: Db, caller: Writes, number: str, body: ResponsePatch) -> dict[str, Any]:
    """Change an answer that came this way, within the time that answers by key may be changed."""
    known, found = await place_of(request, db, caller), shapes.number_of(number)
    before = await _one(request, db, known, found)
    given = body.model_fields_set
    after = {name: getattr(body, name) if name in given else before[name] for name in _CHANGEABLE}
    if found is not None and any(after[name] != before[name] for name in _CHANGEABLE):
        said = {"rating": after["score"], "comment": after["comment"]}
        said["context"] = _context(after["person_properties"], after["tags"])
        await _store(request, known, said, API, found, datetime.now(UTC))
    return await _one(request, db, known, found)


_CHANGEABLE = ("score", "comment", "person_properties", "tags")


@router.get("/metrics")
async def read_metrics(
    request: Request, db: Db, reads: Reads, caller: Counts, query: Annotated[Window, Query()]
) -> dict[str, Any]:
    """The figures of all time or of a window, in whole hours."""
    known = await place_of(request, db, caller)
    since, until = (to_time(at) if at is not None else None for at in (query.since, query.until))
    asked = ScoreQuery(since=since, until=until)
    found = await reads.read(lambda session: serve.one(session, known, asked))
    return shapes.metrics(known.scale.name, found["distribution"], found["metrics"])


async def _store(
    request: Request, known: Known, said: dict[str, Any], source: str, number: UUID, now: datetime
) -> None:
    """Store what was said through the one writer; Problem when it does not fit or cannot change any more."""
    warnings: list[Any] = []
    given = {name: value for name, value in said.items() if value is not None}
    told = lenient.read(given, AnswerIn, warnings, person=False)
    answer = to_answer(known.reached(ways.KEY).taking(), told, source, number, now, warnings)
    (outcome,) = await request.app.state.writer.submit((answer,))
    if problem := refusal(outcome):
        raise problem


async def _one(request: Request, db: Db, known: Known, number: UUID | None) -> dict[str, Any]:
    """The answer as it is stored; Problem not_found."""
    wanted = sa_select(*COLUMNS).where(col(Feedback.touchpoint_id) == known.id, col(Feedback.id) == number)
    row = await db.read(lambda session: session.execute(wanted).first()) if number else None
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no survey response with this id.")
    return _shown(request, known, row, expand="person" in request.query_params.getlist("expand[]"))


def _page(request: Request, known: Known, query: Listing) -> Select[Any]:
    at, stored = col(Feedback.occurred_at), col(Feedback.received_at)
    found = sa_select(*COLUMNS).where(
        col(Feedback.touchpoint_id) == known.id, col(Feedback.rating).is_not(None), col(Feedback.flags) == ""
    )
    for second, condition in (
        (query.since, at.__ge__), (query.until, at.__le__), (query.updated_since, stored.__ge__),
        (query.updated_until, stored.__le__),
    ):  # fmt: skip
        if second is not None:
            found = found.where(condition(to_time(second)))
    person = query.person_id or query.person_email
    if person is not None:
        found = found.where(col(Feedback.respondent).in_(_references(request, person)))
    order = (stored if "updated_at" in query.order else at, col(Feedback.id))
    found = found.order_by(*(each.desc() if query.order.startswith("desc") else each for each in order))
    return found.limit(query.per_page).offset((query.page - 1) * query.per_page)


def _shown(request: Request, known: Known, row: Row[Any], *, expand: bool) -> dict[str, Any]:
    address = str(request.url_for("read_feedback", id=row.id))
    return shapes.response(row, known.scale.name, address, expand=expand)


def _references(request: Request, said: str | int) -> list[str]:
    """The references to a person, the present one first: the one said, or what is kept of an address."""
    return pseudonyms(request.app.state.ask_secrets, said) if isinstance(said, str) and "@" in said else [str(said)]


def _context(properties: dict[str, Any] | None, tags: list[str] | None) -> dict[str, Any] | None:
    """Properties and tags as they stand beside an answer: plain values as they are, others as text."""
    said = {name: value for name, value in (properties or {}).items() if value is not None}
    found = {name: value if isinstance(value, bool | int | float) else str(value) for name, value in said.items()}
    return (found | {shapes.TAGS: ", ".join(tags)} if tags else found) or None
