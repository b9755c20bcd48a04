"""How one answer gets in: parse, admit, make it an Answer, wait for the commit, say what became of it."""

import hashlib
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.auth import Caller, authorize
from app.errors import Code, Place, Problem, invalid
from app.fast_routes import FastJson, FastRoute, key, problems, query_parameters, request_body
from app.ids import uuid7
from app.ingest import guard, lenient
from app.ingest.channels import API, KEYLESS, PAGE, WEB, Answer
from app.ingest.schemas import BODY_MAX, AnswerIn, StrictQuery, TakenFeedback
from app.ingest.store import CREATED, ERASED, LOCKED, REFUSED, Outcome
from app.problems import response as problem_response
from app.touchpoints import origins, ways
from app.touchpoints.registry import Known

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=FastRoute)
_BODY = request_body(AnswerIn, "application/json", "text/plain") | key("feedback:write", optional=True)
_BODY |= query_parameters(StrictQuery)
_PROBLEMS = problems(400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": TakenFeedback, "description": "the same answer again, or changed while it may change"},
    201: {"model": TakenFeedback, "description": "stored, durably"},
    **_PROBLEMS,
}
_REFUSALS = {
    LOCKED: (Code.FEEDBACK_LOCKED, "This answer was given with other content and cannot change now, or not from here."),
    ERASED: (Code.FEEDBACK_ERASED, "The answer with this id was erased."),
    REFUSED: (Code.INVALID_REQUEST, "A value is beyond what can be stored."),
}
JSON_TYPES = ("application/json", "text/plain")


@router.post("/touchpoints/{key}/feedback", status_code=201, responses=_ANSWERS, openapi_extra=_BODY)
async def post_feedback(request: Request) -> Response:
    """Store one answer. With an `id` it is the PUT below; a browser's POST as `text/plain` needs no preflight."""
    return await _take(request, None)


@router.put("/touchpoints/{key}/feedback/{id}", status_code=201, responses=_ANSWERS, openapi_extra=_BODY)
async def put_feedback(request: Request) -> Response:
    """Store one answer under the client's own id: 201 stored, 200 the same again or changed, 409 once it is locked."""
    return await _take(request, request.path_params["id"])


@router.options("/touchpoints/{key}/feedback", include_in_schema=False)
@router.options("/touchpoints/{key}/feedback/{id}", include_in_schema=False)
async def preflight(request: Request) -> Response:
    """A browser asks whether it may send JSON from where it is."""
    known = (await request.app.state.registry.get(request.path_params["key"])).reached(ways.WIDGET)
    origin = request.headers.get("origin", "")
    if not origins.allowed(origin, known.row.origins):
        raise Problem(Code.ORIGIN_NOT_ALLOWED, "This origin is not on the touchpoint's list.")
    allowed = {"Access-Control-Allow-Methods": "POST, PUT", "Access-Control-Allow-Headers": "content-type"}
    return Response(status_code=204, headers={**cors(origin), **allowed, "Access-Control-Max-Age": "7200"})


def cors(origin: str) -> dict[str, str]:
    """What lets a page of `origin` read the answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


async def _take(request: Request, number: str | None) -> Response:
    known, source, caller = await admit(request)
    headers = cors(request.headers["origin"]) if source in KEYLESS else None
    try:
        known.taking()
        warnings: list[Place] | None = None if source == API and strict(request) else []
        said = parse(await read_body(request, BODY_MAX, JSON_TYPES), warnings, person=source != API)
        answer = to_answer(known, said, source, _id(number) if number else said.id, datetime.now(UTC), warnings)
        if headers:
            outcome = await from_anybody(request, known, answer)
        else:
            (outcome,) = await request.app.state.writer.submit((answer,))
        stored = outcome.answer
        if stored is not answer and not (caller and caller.may("feedback:read")):
            stored = answer  # who may not read gets back what he sent himself
        shown = public(known.key, stored)
        shown["warnings"] = warnings or []
        return _answered(outcome, shown, headers)
    except Problem as problem:
        if headers is None:
            raise
        problem.headers |= headers  # a page that may post may also read why it was refused
        return problem_response(problem, request)


async def from_anybody(request: Request, known: Known, answer: Answer) -> Outcome:
    """Store an answer that came without a key: within its address's limit, and set aside if it is part of a flood."""
    state = request.app.state
    state.limiter.check(request, known.key, answer.id)
    network = state.limiter.network(request, known.key)
    if answer.comment and state.repeats.note(answer.comment, answer.id, known.row.origins, time.monotonic()):
        answer.flags = " ".join(sorted({*answer.flags.split(), guard.SPAM}))
    earlier = await state.floods.note(known, answer, network, shared=lambda: state.limiter.is_shared(request))
    try:
        outcomes: list[Outcome] = await state.writer.submit((answer,))
    except Exception:
        state.floods.forget(known, answer.id)
        raise
    await state.floods.flag(known, answer, earlier)
    return outcomes[0]


async def admit(request: Request) -> tuple[Known, str, Caller | None]:
    """The touchpoint, the source of what this request sends, and whose key it has, if it has one.

    Problem when it may not send here. A key counts before an Origin. Who has no key learns nothing of a touchpoint
    that is closed to strangers, not even by a wrong one.
    """
    registry, key = request.app.state.registry, request.path_params["key"]
    if request.headers.get("authorization"):
        caller = await authorize(request, "feedback:write")
        return (await registry.get(key)).reached(ways.KEY), API, caller
    known: Known = await registry.get(key)
    if "origin" not in request.headers and not known.open.isdisjoint(ways.STRANGERS):
        await authorize(request, "feedback:write")
    return known, from_page(request, known), None


def from_page(request: Request, known: Known) -> str:
    """`web` for a page of the touchpoint's origins, `page` for one of our own.

    Problem origin_not_allowed for any other, touchpoint_unknown where no page may send.
    """
    source = _page_source(request, known)
    if source is None and not known.open.isdisjoint(ways.STRANGERS):
        raise _not_from_here(request)
    known.reached(ways.WIDGET if source == WEB else ways.PAGE)
    return source or PAGE


def _page_source(request: Request, known: Known) -> str | None:
    origin = request.headers.get("origin", "")
    if not origin:
        return None  # not even where every origin is allowed
    if origins.allowed(origin, known.row.origins):
        return WEB
    # Whoever ends TLS in front of us may not tell us so: the host is what names our own pages.
    own = origin == request.app.state.origin or origin.partition("://")[2] == request.url.netloc
    return PAGE if own else None


def _not_from_here(request: Request) -> Problem:
    """Refuses a page whose Origin is not on the list."""
    origin = request.headers.get("origin", "none")
    mend = 'Add it with PATCH /v1/touchpoints/{key} {"origins": [...]}.'
    place = Place(place="header.origin", message=f"{origin} is not on the touchpoint's list", mend=mend)
    return Problem(Code.ORIGIN_NOT_ALLOWED, "This web page may not send feedback here.", errors=[place])


async def read_body(request: Request, most: int, types: tuple[str, ...]) -> bytes:
    """The body's bytes; Problem unsupported_media_type or body_too_large (without reading the rest)."""
    headers = request.headers
    content_type = headers.get("content-type", "")
    if content_type not in types and (content_type := content_type.partition(";")[0].strip().lower()) not in types:
        mend = f"Send {' or '.join(types)}."
        place = Place(place="header.content-type", message=f"is {content_type or 'missing'}", mend=mend)
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, "This content type is not taken here.", errors=[place])
    message = await request.receive()
    body: bytes = message.get("body", b"")
    size = len(body)
    if message.get("more_body"):  # most come whole
        announced = headers.get("content-length", "")
        size = max(size, int(announced) if announced.isdigit() and len(announced) < 16 else 0)
    while message.get("more_body") and size <= most:
        message = await request.receive()
        body += message.get("body", b"")
        size = len(body)
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    if size > most:
        close = {"Connection": "close"}  # the rest of it would still come
        raise Problem(Code.BODY_TOO_LARGE, f"The body may have {most} bytes at most.", headers=close)
    return body


def strict(request: Request) -> bool:
    """Whether the caller wants an answer refused rather than kept without a side note; Problem invalid_request."""
    if not request.scope["query_string"]:
        return False
    try:
        return StrictQuery.model_validate({"strict": request.query_params.get("strict", False)}).strict
    except pydantic.ValidationError as error:
        raise invalid(error, "query") from None


def parse(body: bytes, warnings: list[Place] | None, *, person: bool) -> AnswerIn:
    """The answer in a body; Problem malformed_body or invalid_request.

    `warnings` takes what had to give way; without it (None) nothing gives way. `person`: nobody with a key sent it.
    """
    try:
        return AnswerIn.model_validate_json(body)
    except pydantic.ValidationError as error:
        if warnings is None:
            raise invalid(error) from None
    return lenient.read(body, AnswerIn, warnings, person=person)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        place = Place(place="path.id", message="is not a UUID", mend="Make one with your language's UUID library.")
        raise Problem(Code.INVALID_REQUEST, "The id in the address is not a UUID.", errors=[place]) from None


def to_answer(
    known: Known,
    said: AnswerIn,
    source: str,
    number: UUID | None,
    received: datetime,
    warnings: list[Place] | None = None,
) -> Answer:
    """What was said, checked against its touchpoint, as an Answer; Problem when it does not fit.

    With `warnings`, reasons that are not offered (any more) and a time that lies ahead are left out and told there.
    """
    context = said.context or None
    if context and source in KEYLESS:
        context = guard.sayable(context, known.closed_segments, warnings)
    guard.not_empty(said.rating, said.comment)
    guard.rating_fits(said.rating, known.scale.low, known.scale.high)
    test = bool(said.context and said.context.get("test") is True)
    return Answer(  # by place: the names of the last eight would take Python as long again
        known.id,
        number or uuid7(),
        said.rating,
        said.comment,
        guard.reasons_known(said.reasons, known.reasons, warnings) if said.reasons else "",
        source,
        guard.flags(said.comment, said.website, known.row.origins if source in KEYLESS else None, test=test),
        said.locale,
        said.respondent,
        context,
        guard.occurred(said.occurred_at, received, source, warnings),
        received,
        said.occurred_at,
        None,
        None,
        hashed(said.secret) if said.secret else None,
        known.zone,
        known.repeat_days,
        said.model_fields_set,
        known.scale.name,
    )


def hashed(secret: str) -> str:
    """What is stored of a browser's secret. It has 74 random bits, so a fast hash is enough."""
    return hashlib.blake2b(secret.encode(), digest_size=16).hexdigest()


def refusal(outcome: Outcome) -> Problem | None:
    """Why an answer was not stored, or None."""
    why = _REFUSALS.get(outcome.status)
    return Problem(*why) if why else None


def public(touchpoint: str, answer: Answer) -> dict[str, Any]:
    """An answer as its sender gets it back."""
    return {
        "id": answer.id,
        "touchpoint": touchpoint,
        "rating": answer.rating,
        "comment": answer.comment,
        "reasons": answer.reasons.split(),
        "source": answer.source,
        "occurred_at": answer.occurred_at,
        "received_at": answer.received_at,
        "flags": answer.flags.split(),
    }


def _answered(outcome: Outcome, shown: dict[str, Any], headers: dict[str, str] | None) -> Response:
    """What became of it, and what was sent: who knows the id of an answer must not learn what is stored of it."""
    if problem := refusal(outcome):
        raise problem
    return FastJson(to_json(shown), 201 if outcome.status == CREATED else 200, headers)
