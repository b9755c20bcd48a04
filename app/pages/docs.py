"""The API docs, rendered here from the OpenAPI document: no script, nothing from elsewhere, readable without a network.

The address of each error (`type` in a problem) is an anchor on this page.
"""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.errors import STATUS, Code
from app.pages.render import CUSTOMER, page

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Every call, what it takes and what it answers, and every error code."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                call = _call(document, method, path, operations[method])
                groups.setdefault((operations[method].get("tags") or ["pages"])[0], []).append(call)
    models = {
        name: _fields(document, schema)
        for name, schema in sorted(document["components"]["schemas"].items())
        if "properties" in schema
    }
    codes = [(code.value, STATUS[code]) for code in Code]
    context = {"info": document["info"], "groups": groups, "models": models, "codes": codes}
    return page(request, "docs.html", context, "en", policy=CUSTOMER)


def _call(document: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """One operation as the page shows it."""
    body = said.get("requestBody", {}).get("content", {})
    return {
        "method": method.upper(),
        "path": path,
        "id": said["operationId"],
        "summary": said.get("description") or said["summary"],
        "parameters": [
            {"name": one["name"], "in": one["in"], "type": kind(one.get("schema", {})), "text": _text(one)}
            for one in said.get("parameters", [])
        ],
        "bodies": [(media, kind(content.get("schema", {}))) for media, content in body.items()],
        "answers": [
            (status, answer.get("description", ""), sorted({kind(c.get("schema", {})) for c in _contents(answer)}))
            for status, answer in sorted(said["responses"].items())
        ],
    }


def _contents(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return list(answer.get("content", {}).values())


def _text(parameter: dict[str, Any]) -> str:
    found: str = parameter.get("description") or parameter.get("schema", {}).get("description", "")
    return found


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A model: its description, and its fields with type, whether they are required, and what they mean."""
    required = schema.get("required", ())
    fields = [
        {"name": name, "type": kind(one), "required": name in required, "text": one.get("description", "")}
        for name, one in schema["properties"].items()
    ]
    return {"text": schema.get("description", ""), "fields": fields}


def kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words: `integer 1..5`, `list of Reason`, `text or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(kind(one) for one in schema[several]))
    if "enum" in schema or "const" in schema:
        return " | ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {kind(schema['additionalProperties'])}"
    name = {"string": schema.get("format", "text")}.get(schema.get("type", ""), schema.get("type", "anything"))
    bounds = [str(schema.get(edge, "")) for edge in ("minimum", "maximum")]
    return f"{name} {'..'.join(bounds)}" if any(bounds) else str(name)
