"""Routes for the two hot paths: in the OpenAPI document like any other, but without FastAPI's work per request.

FastAPI's dependency solving, body parsing and exit stacks cost about half of a request that stores an answer.
"""

from collections.abc import Mapping
from typing import Any, Literal

from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import ProblemBody


class FastRequest(Request):
    """A request whose headers are decoded once; Starlette's search the raw list anew for each look."""

    headers: Mapping[str, str] = {}  # type: ignore[assignment]  # by lower-case name; repeated headers: the last

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


class FastJson(Response):
    """A JSON answer whose headers are made in one go; Starlette's way takes two microseconds more."""

    media_type = "application/json"

    def __init__(self, body: bytes, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.status_code, self.body, self.background = status_code, body, None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        if headers:
            self.raw_headers += [
                (name.lower().encode("latin-1"), said.encode("latin-1")) for name, said in headers.items()
            ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


class FastRoute(APIRoute):
    """Calls `endpoint(request)`, which returns a Response, and nothing else."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self.methods or set()
        if scope["method"] not in methods:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        response = await self.endpoint(FastRequest(scope, receive, send))
        await response(scope, receive, send)


def request_body(model: type[BaseModel], *media_types: str) -> dict[str, Any]:
    """OpenAPI for a body that the endpoint validates from its raw bytes."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {media: {"schema": schema} for media in media_types}}}


def query_parameters(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI for a query string that the endpoint validates with `model`."""
    properties = model.model_json_schema()["properties"]
    return {"parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]}


def key(scope: str, *, optional: bool = False) -> dict[str, Any]:
    """OpenAPI for the scope that a caller's key needs; `optional` where something else may stand in for a key."""
    return {"security": [{"key": [scope]}] + [{}] * optional}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI for the errors of an endpoint."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": "a problem", "content": content} for status in statuses}


def schemas(*models: type[BaseModel]) -> Mapping[str, Any]:
    """Component schemas of the models that raw routes name, to be added to the OpenAPI document."""
    named: tuple[type[BaseModel], ...] = (*models, ProblemBody)
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in named]
    _, definitions = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    found: Mapping[str, Any] = definitions["$defs"]
    return found
