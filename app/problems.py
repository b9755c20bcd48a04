"""Answers every error, the router's own included, as `application/problem+json` (RFC 9457)."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from app.errors import STATUS, Code, Problem, body_of, places, unavailable
from app.logs import log
from app.outage import outage
from app.sql import is_data_fault

MEDIA_TYPE = "application/problem+json"
FOR_CUSTOMERS = ("/t/", "/r/")
FOR_PROGRAMS = ("/v1/", "/static/", "/healthz", "/readyz", "/metrics", "/openapi.json")
NOBODY_THERE = 499  # the client hung up; nobody reads the answer, and it is no fault of ours

_BY_STATUS = {
    400: (Code.MALFORMED_BODY, "The body cannot be read."),
    404: (Code.NOT_FOUND, "There is nothing at this address."),
    405: (Code.METHOD_NOT_ALLOWED, "This address does not take that method."),
    413: (Code.BODY_TOO_LARGE, "The body is larger than this address takes."),
    415: (Code.UNSUPPORTED_MEDIA_TYPE, "This content type is not taken here."),
}


def response(problem: Problem, request: Request) -> Response:
    """The problem as an HTTP answer: a page where a person is likely to see it."""
    request.app.state.metrics.refused(problem.code)
    if page := for_a_person(request) and getattr(request.app.state, "problem_page", None):
        found: Response = page(request, problem)
        return found
    home = request.app.state.settings.public_url
    body = body_of(problem, getattr(request.state, "request_id", ""), home)
    return JSONResponse(body, STATUS[problem.code], media_type=MEDIA_TYPE, headers=problem.headers)


def for_a_person(request: Request) -> bool:
    """Whether somebody sits before a browser: nobody should have to read JSON there."""
    path, accept = request.scope["path"], request.headers.get("accept", "")
    if "json" in accept or path.startswith(FOR_PROGRAMS):
        return False
    return path.startswith(FOR_CUSTOMERS) or "text/html" in accept


def problem_of(exc: Exception) -> Problem:
    """The problem that any exception is to the caller; the log is told what the caller is not."""
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, HTTPException):
        code, detail = _BY_STATUS.get(exc.status_code, (Code.INTERNAL_ERROR, "Something went wrong here."))
        return Problem(code, detail, headers=exc.headers)
    if isinstance(exc, RequestValidationError):
        errors = exc.errors()
        if any(error["type"] == "json_invalid" for error in errors):
            return Problem(Code.MALFORMED_BODY, "The body is not valid JSON.")
        return Problem(Code.INVALID_REQUEST, "Some of the request cannot be used.", errors=places(errors))
    # NUL on PostgreSQL, 2**63: validation should have caught it.
    if isinstance(exc, DBAPIError | OverflowError) and is_data_fault(exc):
        return Problem(Code.INVALID_REQUEST, "A value is beyond what can be stored or counted.")
    if isinstance(exc, DBAPIError | PoolTimeoutError | OSError | TimeoutError):
        outage.failed(exc)
        return unavailable()
    log.error("internal_error", exc_info=exc)
    return Problem(Code.INTERNAL_ERROR, "Something went wrong here; it has been logged.")


def allowed(request: Request) -> str:
    """The methods this address takes. The router itself names only those of the first route that fits."""
    routes, scope = request.app.routes, request.scope
    methods = ("DELETE", "GET", "PATCH", "POST", "PUT")
    found = [m for m in methods if any(r.matches({**scope, "method": m})[0] == Match.FULL for r in routes)]
    return ", ".join(sorted([*found, *["HEAD"] * ("GET" in found)]))


async def answer(request: Request, exc: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(exc, ClientDisconnect):
        return Response(status_code=NOBODY_THERE)
    problem = problem_of(exc)
    _let_go(exc)
    if problem.code == Code.METHOD_NOT_ALLOWED:
        problem.headers["Allow"] = allowed(request)
    return response(problem, request)


def _let_go(exc: BaseException | None) -> None:
    """Take apart what would keep the request's body in memory: an exception and the frames that hold it are a circle.

    The collector may be thousands of requests away.
    """
    while exc is not None:
        exc.__traceback__ = None
        if isinstance(exc, RequestValidationError):
            exc.body = None
        exc = exc.__cause__ or exc.__context__


def install(app: FastAPI) -> None:
    """Answer every error of `app` this way."""
    failures = (Problem, HTTPException, RequestValidationError, ClientDisconnect)
    for kind in (*failures, DBAPIError, PoolTimeoutError, OSError, OverflowError, Exception):
        app.add_exception_handler(kind, answer)
