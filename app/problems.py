"""Answers every error, the router's own included, as `application/problem+json` (RFC 9457)."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.errors import STATUS, Code, Problem, body_of, places, unavailable
from app.logs import log

MEDIA_TYPE = "application/problem+json"


def response(problem: Problem, request: Request) -> JSONResponse:
    """The problem as an HTTP answer."""
    body = body_of(problem, getattr(request.state, "request_id", ""))
    return JSONResponse(body, STATUS[problem.code], media_type=MEDIA_TYPE, headers=problem.headers)


_BY_STATUS = {
    400: (Code.MALFORMED_BODY, "The body cannot be read."),
    404: (Code.NOT_FOUND, "There is nothing at this address."),
    405: (Code.METHOD_NOT_ALLOWED, "This address does not take that method."),
    413: (Code.BODY_TOO_LARGE, "The body is larger than this address takes."),
    415: (Code.UNSUPPORTED_MEDIA_TYPE, "This content type is not taken here."),
}


def install(app: FastAPI) -> None:
    """Answer every error of `app`, the router's own included, with problem+json."""

    async def on_problem(request: Request, exc: Problem) -> JSONResponse:
        return response(exc, request)

    async def on_http(request: Request, exc: HTTPException) -> JSONResponse:
        code, detail = _BY_STATUS.get(exc.status_code, (Code.INTERNAL_ERROR, "Something went wrong here."))
        return response(Problem(code, detail, headers=exc.headers), request)

    async def on_validation(request: Request, exc: RequestValidationError) -> JSONResponse:
        errors = exc.errors()
        if any(error["type"] == "json_invalid" for error in errors):
            return response(Problem(Code.MALFORMED_BODY, "The body is not valid JSON."), request)
        problem = Problem(Code.INVALID_REQUEST, "Some of the request cannot be used.", errors=places(errors))
        return response(problem, request)

    async def on_database(request: Request, exc: DBAPIError) -> JSONResponse:
        log.error("database_unavailable", extra={"error": type(exc.orig).__name__})
        return response(unavailable(), request)

    async def on_gone(request: Request, exc: ClientDisconnect) -> Response:
        return Response(status_code=499)  # nobody is there to read it; the log line tells it from a fault of ours

    async def on_anything(request: Request, exc: Exception) -> JSONResponse:
        return response(Problem(Code.INTERNAL_ERROR, "Something went wrong here; it has been logged."), request)

    app.add_exception_handler(Problem, on_problem)  # type: ignore[arg-type]  # Starlette types every handler as taking Exception
    app.add_exception_handler(HTTPException, on_http)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, on_validation)  # type: ignore[arg-type]
    app.add_exception_handler(DBAPIError, on_database)  # type: ignore[arg-type]
    app.add_exception_handler(ClientDisconnect, on_gone)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, on_anything)
