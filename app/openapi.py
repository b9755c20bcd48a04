"""The OpenAPI document: what FastAPI knows, and what this product answers everywhere when something is wrong."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from app.fast_routes import problems, schemas
from app.ingest.schemas import AnswerIn, Batch, BatchItem, TabletItem


def complete(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """FastAPI's own document of `app`, made once, with every error and with the schemas that raw routes name."""
    plain = app.openapi

    def document() -> dict[str, Any]:
        made = app.openapi_schema is not None
        found = plain()
        if not made:
            _complete(found)
            if app.state.base_path:
                found["servers"] = [{"url": app.state.base_path}]
        return found

    return document


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in schemas(AnswerIn, Batch, BatchItem, TabletItem).items():
        components.setdefault(name, schema)
    components["Batch"]["properties"]["items"]["items"] = {"$ref": "#/components/schemas/BatchItem"}
    _leave_out_nothing(components)
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _say_parameters(path, operation)
            _say_errors(path, operation)


def _leave_out_nothing(found: Any) -> None:
    """`default: null` says no more than that a field may be left out; generators take it for a field that is there."""
    if isinstance(found, dict):
        if ("type" in found or "anyOf" in found) and found.get("default", "") is None:
            del found["default"]
        for inner in found.values():
            _leave_out_nothing(inner)
    elif isinstance(found, list):
        for inner in found:
            _leave_out_nothing(inner)


def _say_parameters(path: str, operation: dict[str, Any]) -> None:
    """A raw route reads its path parameters itself, so FastAPI does not know them."""
    said = operation.setdefault("parameters", [])
    known = {parameter["name"] for parameter in said if parameter["in"] == "path"}
    for name in re.findall(r"{(\w+)}", path):
        if name not in known:
            schema = {"type": "string"} | ({"format": "uuid"} if name == "id" else {})
            said.append({"name": name, "in": "path", "required": True, "schema": schema})


def _say_errors(path: str, operation: dict[str, Any]) -> None:
    """The problems that follow from what an operation takes; a route names only those of its own."""
    takes_body = "requestBody" in operation
    statuses = {
        400: takes_body,
        401: bool(operation.get("security")),
        403: bool(operation.get("security")),
        404: "{" in path,
        422: takes_body or bool(operation["parameters"]),
        503: path.startswith("/v1/"),
    }
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status, response in problems(*(status for status, may in statuses.items() if may)).items():
        responses.setdefault(str(status), response)
