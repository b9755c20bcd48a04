"""Every error a caller can get: a closed list of codes. `app/problems.py` answers them as RFC 9457 problem+json."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import pydantic
from pydantic import BaseModel, Field

from app import mistakes


class Code(StrEnum):
    """The closed list. A code never changes its meaning; its status is in `STATUS`."""

    INVALID_REQUEST = "invalid_request"
    MALFORMED_REQUEST = "malformed_request"
    MALFORMED_BODY = "malformed_body"
    BODY_TOO_LARGE = "body_too_large"
    HEAD_TOO_LARGE = "head_too_large"
    REQUEST_TIMEOUT = "request_timeout"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATING_OUT_OF_SCALE = "rating_out_of_scale"
    EMPTY_FEEDBACK = "empty_feedback"
    UNKNOWN_REASON = "unknown_reason"
    OCCURRED_IN_FUTURE = "occurred_in_future"
    OCCURRED_TOO_LONG_AGO = "occurred_too_long_ago"
    KEY_REQUIRED = "key_required"
    KEY_INVALID = "key_invalid"
    SCOPE_MISSING = "scope_missing"
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    LINK_INVALID = "link_invalid"
    LINK_EXPIRED = "link_expired"
    PAIRING_INVALID = "pairing_invalid"
    DEVICE_REVOKED = "device_revoked"
    NOT_FOUND = "not_found"
    TOUCHPOINT_UNKNOWN = "touchpoint_unknown"
    TOUCHPOINT_ARCHIVED = "touchpoint_archived"
    TOUCHPOINT_CLOSED = "touchpoint_closed"
    TOUCHPOINT_NOT_PUBLIC = "touchpoint_not_public"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    KEY_TAKEN = "key_taken"
    ID_NOT_UNIQUE = "id_not_unique"
    ALREADY_SUBSCRIBED = "already_subscribed"
    SCALE_LOCKED = "scale_locked"
    SCALE_UNKNOWN = "scale_unknown"
    SCALE_IN_USE = "scale_in_use"
    SCALE_BUILT_IN = "scale_built_in"
    FEEDBACK_LOCKED = "feedback_locked"
    FEEDBACK_ERASED = "feedback_erased"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    DATABASE_UNAVAILABLE = "database_unavailable"
    INTERNAL_ERROR = "internal_error"


STATUS: Mapping[Code, int] = {
    Code.INVALID_REQUEST: 422,
    Code.MALFORMED_REQUEST: 400,
    Code.MALFORMED_BODY: 400,
    Code.BODY_TOO_LARGE: 413,
    Code.HEAD_TOO_LARGE: 431,
    Code.REQUEST_TIMEOUT: 408,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.RATING_OUT_OF_SCALE: 422,
    Code.EMPTY_FEEDBACK: 422,
    Code.UNKNOWN_REASON: 422,
    Code.OCCURRED_IN_FUTURE: 422,
    Code.OCCURRED_TOO_LONG_AGO: 422,
    Code.KEY_REQUIRED: 401,
    Code.KEY_INVALID: 401,
    Code.SCOPE_MISSING: 403,
    Code.ORIGIN_NOT_ALLOWED: 403,
    Code.LINK_INVALID: 404,
    Code.LINK_EXPIRED: 410,
    Code.PAIRING_INVALID: 404,
    Code.DEVICE_REVOKED: 401,
    Code.NOT_FOUND: 404,
    Code.TOUCHPOINT_UNKNOWN: 404,
    Code.TOUCHPOINT_ARCHIVED: 410,
    Code.TOUCHPOINT_CLOSED: 403,
    Code.TOUCHPOINT_NOT_PUBLIC: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.KEY_TAKEN: 409,
    Code.ID_NOT_UNIQUE: 409,
    Code.ALREADY_SUBSCRIBED: 409,
    Code.SCALE_LOCKED: 409,
    Code.SCALE_UNKNOWN: 404,
    Code.SCALE_IN_USE: 409,
    Code.SCALE_BUILT_IN: 409,
    Code.FEEDBACK_LOCKED: 409,
    Code.FEEDBACK_ERASED: 410,
    Code.RATE_LIMITED: 429,
    Code.OVERLOADED: 503,
    Code.DATABASE_UNAVAILABLE: 503,
    Code.INTERNAL_ERROR: 500,
}


class Place(BaseModel):
    """Where in the request something is wrong, and how to mend it."""

    place: str = Field(description="such as `body.rating`, `query.limit`, `line 17`")
    message: str
    mend: str | None = None


class ProblemBody(BaseModel):
    """RFC 9457 problem details with a stable `code`."""

    type: str
    title: str
    status: int
    code: Code
    detail: str
    request_id: str
    errors: list[Place] = []


class Problem(Exception):
    """Raise it anywhere: it becomes the answer."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[Place] = (),
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.errors = code, detail, list(errors)
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)
        if STATUS[code] == 401:
            self.headers["WWW-Authenticate"] = 'Bearer realm="touchstone"'


def body_of(problem: Problem, request_id: str, home: str | None = None) -> dict[str, Any]:
    """The problem as the JSON object that leaves; `home` is PUBLIC_URL, with which its type is a whole address."""
    status = STATUS[problem.code]
    return ProblemBody(
        type=f"{(home or '').rstrip('/')}/docs#{problem.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=problem.code,
        detail=problem.detail,
        request_id=request_id,
        errors=problem.errors,
    ).model_dump(mode="json")


def places(errors: Sequence[Any], root: str = "") -> list[Place]:
    """pydantic's errors (`exc.errors()`) as places; `root` is put before each, as in `body.rating`."""
    return [
        Place(place=".".join(part for part in (root, place) if part) or "body", message=message, mend=mend)
        for place, message, mend in mistakes.said(errors)
    ]


def invalid(exc: pydantic.ValidationError, root: str = "body") -> Problem:
    """A body that pydantic refused, as a problem: broken JSON is 400, everything else 422."""
    errors = exc.errors(include_url=False, include_input=False)
    if errors and errors[0]["type"] == "json_invalid":
        return Problem(Code.MALFORMED_BODY, "The body is not valid JSON.", errors=places(errors, root))
    return Problem(Code.INVALID_REQUEST, "Some of the request cannot be used.", errors=places(errors, root))


def unavailable() -> Problem:
    """The database cannot take or give anything now (locked, full, read-only, gone): the caller should try again.

    A connection that breaks in a commit leaves open whether it happened: only the same id makes the next try safe.
    """
    detail = "The database is not available now. Send an answer again under the same id."
    return Problem(Code.DATABASE_UNAVAILABLE, detail, retry_after=2)
