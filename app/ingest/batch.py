"""Many answers in one request: each is taken or refused for itself."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from app.auth import authorize, authorize_device, shows_device_key
from app.errors import Code, Place, Problem, invalid
from app.fast_routes import FastRoute, key, problems, query_parameters, request_body
from app.ingest import lenient, tablet
from app.ingest.channels import API, Answer
from app.ingest.routes import read_body, refusal, strict, to_answer
from app.ingest.schemas import (
    BATCH_BODY_MAX,
    BATCH_MAX,
    Batch,
    BatchItem,
    BatchResult,
    GoodBatch,
    GoodTabletBatch,
    StrictQuery,
    TabletItem,
)
from app.touchpoints import ways
from app.touchpoints.registry import Known, there

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=FastRoute)
NDJSON = "application/x-ndjson"
Refused = dict[str, Any]  # the result of an item that is not stored
Warnings = dict[int, list[Place]]  # what had to give way, by the item's index
Read = tuple[Sequence[BatchItem | Refused], datetime | None]  # the items, and when they were sent
_GOOD: dict[type[BatchItem], type[Batch]] = {BatchItem: GoodBatch, TabletItem: GoodTabletBatch}
_OPENAPI = request_body(Batch, "application/json") | key("feedback:write") | query_parameters(StrictQuery)
_OPENAPI["requestBody"]["content"][NDJSON] = {"schema": {"type": "string", "description": "one BatchItem per line"}}


@router.post(
    "/feedback/batch",
    responses={200: {"model": BatchResult}, **problems(400, 401, 403, 413, 415, 422, 503)},
    openapi_extra=_OPENAPI,
)
async def post_batch(request: Request) -> Response:
    """Store up to 1,000 answers; one bad item does not sink the others. Items with ids may be sent again."""
    received = datetime.now(UTC)
    device = await authorize_device(request) if shows_device_key(request) else None
    if device is None:
        await authorize(request, "feedback:write")
    body = await read_body(request, BATCH_BODY_MAX, ("application/json", NDJSON))
    model = TabletItem if device else BatchItem
    warnings: Warnings | None = None if device is None and strict(request) else {}
    items, sent_at = _lines(request, body, model, warnings) if _is_ndjson(request) else _items(body, model, warnings)
    by = tablet.Delivery(device, sent_at, received) if device else None
    keys = {item.touchpoint for item in items if isinstance(item, BatchItem)}
    known = await _touchpoints(request, keys, by_key=device is None)
    results = [_prepare(item, known, by, received, index, warnings) for index, item in enumerate(items)]
    if device:
        given = [result for result in results if isinstance(result, Answer)]
        await request.app.state.taps.flag(device.id or 0, given)
    return Response(to_json(await _store(request, results, warnings or {})), media_type="application/json")


def _is_ndjson(request: Request) -> bool:
    return request.headers["content-type"].startswith(NDJSON)


def _items(body: bytes, model: type[BatchItem], warnings: Warnings | None) -> Read:
    try:
        good = _GOOD[model].model_validate_json(body)
        return good.items, good.sent_at
    except pydantic.ValidationError:
        pass  # something in it is bad: item by item, so that the others are taken
    try:
        batch = Batch.model_validate_json(body)
    except pydantic.ValidationError as error:
        raise invalid(error) from None
    return _each(batch.items, model, warnings), batch.sent_at


def _lines(request: Request, body: bytes, model: type[BatchItem], warnings: Warnings | None) -> Read:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > BATCH_MAX:
        place = Place(place="body", message=f"has {len(lines)} lines", mend="Send fewer items.")
        raise Problem(Code.INVALID_REQUEST, f"A batch has {BATCH_MAX} items at most.", errors=[place])
    try:
        said = Batch.model_validate({"items": [], "sent_at": request.headers.get("touchstone-sent-at")})
    except pydantic.ValidationError as error:
        raise invalid(error, "header.touchstone-sent-at") from None
    return _each(lines, model, warnings), said.sent_at


def _each(items: Iterable[Any], model: type[BatchItem], warnings: Warnings | None) -> list[BatchItem | Refused]:
    return [_read(item, index, model, warnings) for index, item in enumerate(items)]


def _read(raw: Any, index: int, model: type[BatchItem], warnings: Warnings | None) -> BatchItem | Refused:
    root = f"items.{index}"
    try:
        return model.model_validate_json(raw) if isinstance(raw, bytes) else model.model_validate(raw)
    except pydantic.ValidationError as error:
        if warnings is None:
            return _rejected(index, _said_id(raw), invalid(error, root))
    try:
        return lenient.read(raw, model, warnings.setdefault(index, []), person=False, root=root)
    except Problem as problem:
        return _rejected(index, _said_id(raw), problem)


async def _touchpoints(request: Request, keys: Iterable[str], *, by_key: bool) -> dict[str, Known | Problem]:
    """Each touchpoint of a batch, looked up once, or why it cannot be had; `by_key` it must take answers that way."""
    found: dict[str, Known | Problem] = {}
    for slug in keys:
        try:
            place = await request.app.state.registry.get(slug)
            found[slug] = place.reached(ways.KEY).taking() if by_key else place
        except Problem as problem:
            found[slug] = problem
    return found


def _prepare(
    item: BatchItem | Refused,
    known: dict[str, Known | Problem],
    by: tablet.Delivery | None,
    at: datetime,
    index: int,
    warnings: Warnings | None,
) -> Answer | Refused:
    """The item as an Answer, or the result that refuses it."""
    if not isinstance(item, BatchItem):
        return item
    told = None if warnings is None else warnings.get(index, [])
    try:
        if by and isinstance(item, TabletItem):
            return tablet.prepare(item, known[item.touchpoint], by, told)
        return to_answer(there(known[item.touchpoint]), item, API, item.id, at, told)
    except Problem as problem:
        return _rejected(index, item.id, problem)
    finally:
        if warnings is not None and told:
            warnings[index] = told


def _said_id(raw: Any) -> UUID | None:
    """The id of an item that cannot be read otherwise: its sender looks for it in the reply."""
    try:
        return UUID((from_json(raw) if isinstance(raw, bytes) else raw)["id"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


async def _store(
    request: Request, results: list[Answer | Refused], warnings: Mapping[int, list[Place]]
) -> dict[str, Any]:
    answers = [result for result in results if isinstance(result, Answer)]
    outcomes = iter(await request.app.state.writer.submit(answers) if answers else ())
    said: list[dict[str, Any]] = []
    for index, result in enumerate(results):
        if isinstance(result, Answer):
            outcome = next(outcomes)
            problem = refusal(outcome)
            stored = {"index": index, "id": result.id, "status": outcome.status, "error": None}
            result = _rejected(index, result.id, problem) if problem else stored
        result["warnings"] = warnings.get(index, ())
        said.append(result)
    return {"results": said, **_tally(said)}


def _rejected(index: int, number: UUID | None, problem: Problem) -> Refused:
    errors = [place.model_dump() for place in problem.errors]
    error = {"code": problem.code, "detail": problem.detail, "errors": errors}
    return {"index": index, "id": number, "status": "rejected", "error": error}


def _tally(results: Iterable[dict[str, Any]]) -> dict[str, int]:
    found = [result["status"] for result in results]
    return {status: found.count(status) for status in ("created", "duplicate", "updated", "rejected")}
