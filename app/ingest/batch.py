"""Many answers in one request: each is taken or refused for itself."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from app.auth import authorize
from app.errors import Code, Place, Problem, invalid
from app.ingest.channels import API, Answer
from app.ingest.routes import read_body, refusal, to_answer
from app.ingest.schemas import BATCH_BODY_MAX, BATCH_MAX, Batch, BatchItem, BatchResult
from app.raw import RawRoute, problems, request_body

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=RawRoute)
NDJSON = "application/x-ndjson"
_OPENAPI = request_body(Batch, "application/json") | {}
_OPENAPI["requestBody"]["content"][NDJSON] = {"schema": {"type": "string", "description": "one BatchItem per line"}}


@router.post(
    "/feedback/batch",
    responses={200: {"model": BatchResult}, **problems(400, 401, 403, 413, 415, 422, 503)},
    openapi_extra=_OPENAPI,
)
async def post_batch(request: Request) -> Response:
    """Store up to 1,000 answers; one bad item does not sink the others. Items with ids may be sent again."""
    await authorize(request, "feedback:write")
    body = await read_body(request, BATCH_BODY_MAX, ("application/json", NDJSON))
    lines = request.headers["content-type"].startswith(NDJSON)
    items = [_read(item, index) for index, item in enumerate(_lines(body) if lines else _items(body))]
    results = [
        await _prepare(request, item, index) if isinstance(item, BatchItem) else item
        for index, item in enumerate(items)
    ]
    return Response(to_json(await _store(request, results)), media_type="application/json")


def _items(body: bytes) -> list[Any]:
    try:
        return Batch.model_validate_json(body).items
    except pydantic.ValidationError as error:
        raise invalid(error) from None


def _lines(body: bytes) -> list[bytes]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > BATCH_MAX:
        place = Place(place="body", message=f"has {len(lines)} lines", mend="Send fewer items.")
        raise Problem(Code.INVALID_REQUEST, f"A batch has {BATCH_MAX} items at most.", errors=[place])
    return lines


def _read(item: Any, index: int) -> BatchItem | dict[str, Any]:
    """The item, or the result that refuses it."""
    try:
        return BatchItem.model_validate_json(item) if isinstance(item, bytes) else BatchItem.model_validate(item)
    except pydantic.ValidationError as error:
        return _rejected(index, None, invalid(error, f"items.{index}"))


async def _prepare(request: Request, item: BatchItem, index: int) -> Answer | dict[str, Any]:
    try:
        known = await request.app.state.registry.open(item.touchpoint)
        return to_answer(known, item, API, item.id, datetime.now(UTC))
    except Problem as problem:
        return _rejected(index, item.id, problem)


async def _store(request: Request, results: list[Answer | dict[str, Any]]) -> dict[str, Any]:
    answers = [result for result in results if isinstance(result, Answer)]
    outcomes = iter(await request.app.state.writer.submit(answers) if answers else ())
    said: list[dict[str, Any]] = []
    for index, result in enumerate(results):
        if isinstance(result, Answer):
            outcome = next(outcomes)
            problem = refusal(outcome)
            stored = {"index": index, "id": result.id, "status": outcome.status, "error": None}
            result = _rejected(index, result.id, problem) if problem else stored
        said.append(result)
    return {"results": said, **_tally(said)}


def _rejected(index: int, number: UUID | None, problem: Problem) -> dict[str, Any]:
    errors = [place.model_dump() for place in problem.errors]
    error = {"code": problem.code, "detail": problem.detail, "errors": errors}
    return {"index": index, "id": number, "status": "rejected", "error": error}


def _tally(results: Iterable[dict[str, Any]]) -> dict[str, int]:
    tally = {"created": 0, "duplicate": 0, "updated": 0, "rejected": 0}
    for result in results:
        tally[result["status"]] += 1
    return tally
