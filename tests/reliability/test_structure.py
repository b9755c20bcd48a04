"""Who may import whom, and that every error has a code, a status and one shape."""

import ast
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from app.errors import STATUS, Code, ProblemBody
from app.main import create_app
from app.settings import Settings

APP = Path(__file__).parents[2] / "app"
PURE = ("ingest/channels.py", "ingest/guard.py", "scores/formulas.py", "scores/buckets.py", "scores/score.py")
FORBIDDEN = {
    "scores": {"ingest", "loop", "pages", "webhooks", "links", "answers", "devices"},
    "ingest": {"loop", "pages", "webhooks", "answers"},
    "touchpoints": {"ingest", "loop", "pages", "webhooks", "links", "answers", "devices"},
}


def imports(path: Path) -> set[str]:
    """The modules a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_know_neither_database_nor_http(name):
    assert not [m for m in imports(APP / name) if m.split(".")[0] in ("sqlalchemy", "sqlmodel", "fastapi", "starlette")]


@pytest.mark.parametrize("folder", sorted(FORBIDDEN))
def test_imports_go_one_way(folder):
    wrong = [
        f"{path.relative_to(APP)} imports {module}"
        for path in (APP / folder).glob("*.py")
        for module in imports(path)
        if module.startswith("app.") and module.split(".")[1] in FORBIDDEN[folder]
    ]
    assert not wrong


def test_every_code_has_a_status_and_is_used():
    text = "".join(path.read_text(encoding="utf-8") for path in APP.rglob("*.py") if path.name != "errors.py")
    text += (APP / "errors.py").read_text(encoding="utf-8").partition("class Place")[2]
    assert set(STATUS) == set(Code)
    assert not [code.name for code in Code if not re.search(rf"Code\.{code.name}\b", text)]


def test_every_error_in_the_document_has_one_shape():
    document = create_app(Settings()).openapi()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    errors = [
        (path, method, status)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for status, response in operation["responses"].items()
        if int(status) >= 400 and response.get("content") != problem
    ]
    assert not errors


async def test_every_error_answered_has_that_shape(client, anybody, make):
    await make("shop")
    answers = [
        await anybody.get("/v1/touchpoints"),
        await anybody.get("/nowhere"),
        await client.put("/v1/touchpoints", json={}),
        await client.post("/v1/touchpoints", content=b"{", headers={"Content-Type": "application/json"}),
        await client.post("/v1/touchpoints/shop/feedback", content=b"x", headers={"Content-Type": "image/png"}),
        await client.post("/v1/touchpoints/shop/feedback", json={"comment": "x" * 50_000}),
        await client.get("/v1/feedback", params={"limit": 10**30}),
        await client.get("/v1/feedback/not-a-uuid"),
    ]
    assert {answer.status_code for answer in answers} == {400, 401, 404, 405, 413, 415, 422}
    for answer in answers:
        body = TypeAdapter(ProblemBody).validate_json(answer.content)
        assert answer.headers["content-type"] == "application/problem+json"
        assert STATUS[body.code] == body.status == answer.status_code and body.request_id
        assert answer.headers["x-request-id"] == body.request_id
