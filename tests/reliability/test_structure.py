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
PURE = (
    "actions/effect.py",
    "actions/expectation.py",
    "actions/windows.py",
    "answers/cells.py",
    "compat/shapes.py",
    "dashboard/charts.py",
    "dashboard/marks.py",
    "dashboard/trend.py",
    "importer/column_guess.py",
    "importer/counted_rows.py",
    "importer/encodings.py",
    "importer/labels.py",
    "importer/layout.py",
    "importer/mapping.py",
    "importer/presets.py",
    "importer/ratings.py",
    "importer/scale_guess.py",
    "importer/sentence.py",
    "importer/slugs.py",
    "importer/tally.py",
    "importer/times.py",
    "ingest/channels.py",
    "ingest/guard.py",
    "ingest/lenient.py",
    "ingest/recent_answers.py",
    "ingest/spam.py",
    "ingest/usual_volume.py",
    "mail/draw.py",
    "mail/schedule.py",
    "mail/tokens.py",
    "mail/writing.py",
    "monitoring/silence.py",
    "monitoring/drop.py",
    "monitoring/morning.py",
    "monitoring/flood.py",
    "monitoring/seen.py",
    "monitoring/spread.py",
    "monitoring/tilts.py",
    "scores/formulas.py",
    "scores/buckets.py",
    "scores/day_variance.py",
    "scores/days.py",
    "scores/score.py",
    "scores/segment_values.py",
    "scores/segment_verdicts.py",
    "scores/slices.py",
    "scores/verdicts.py",
    "scales/rules.py",
    "touchpoints/origins.py",
    "touchpoints/scales.py",
    "touchpoints/texts.py",
)
# Which other folders, or modules of theirs, a folder may import. What is named by module is all that it needs of it.
MAY = {
    "touchpoints": {"scores.rollup", "scores.splits"},  # a new time zone or segment is a new count
    "scores": {"touchpoints"},
    "ingest": {"touchpoints", "scores.rollup", "scores.slices", "scores.splits", "webhooks.outbox"},
    "webhooks": {"pages.i18n", "scores", "touchpoints"},
    "answers": {"ingest.schemas", "ingest.store", "scores", "touchpoints"},
    "journeys": {"scores", "touchpoints"},
    "actions": {"scores", "touchpoints"},
    "monitoring": {
        "actions",
        "mail.outbox",
        "scores",
        "touchpoints",
        "webhooks.events",
        "webhooks.outbox",
        "webhooks.subscriptions",
    },
    "devices": {"ingest", "pages.choices", "pages.i18n", "scores.rollup", "touchpoints"},
    "scales": {"touchpoints", "pages.choices", "pages.i18n"},
    "cooldown": {"ingest.schemas", "touchpoints"},
    "search": {"actions", "answers", "monitoring"},
    "links": {"cooldown", "ingest", "scores.rollup", "touchpoints", "pages.i18n", "pages.render", "pages.choices"},
    "mail": {
        "answers.handling",
        "cooldown.asked",
        "links.mail",
        "monitoring.changes",
        "monitoring.lease",
        "pages.choices",
        "pages.i18n",
        "pages.render",
        "scores.counts",
        "scores.schemas",
        "touchpoints",
        "webhooks.chats",
    },
    "compat": {
        "cooldown.asked",
        "ingest",
        "links.routes",
        "links.schemas",
        "mail.rating",
        "mail.schemas",
        "scores",
        "touchpoints",
        "webhooks.events",
        "webhooks.outbox",
    },
    "importer": {"answers.cells", "ingest", "touchpoints"},
    "uploads": {"importer", "ingest.channels", "ingest.store"},
    "pages": {"ingest", "links", "scores", "touchpoints"},
    "dashboard": {
        "actions",
        "answers",
        "devices",
        "importer",
        "ingest",
        "journeys",
        "links",
        "mail",
        "monitoring",
        "pages",
        "scales",
        "scores",
        "search",
        "touchpoints",
        "uploads",
        "webhooks",
    },
    "demo": {"actions", "devices", "ingest", "journeys", "monitoring", "scores", "touchpoints"},
    "cli": {
        "demo",
        "importer",
        "mail.smtp",
        "webhooks.address",
        "monitoring.watch",
        "pages",
        "scores.backfill",
        "scores.rollup",
        "scores.segment_folding",
        "touchpoints",
    },
}
TABLES = APP / "models"
TABLES_OF_CONTENTS = {"main.py", "openapi.py"}  # the only plumbing that knows what the product is about


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


def beyond(path: Path, folder: str, may: set[str]) -> list[str]:
    """What the file imports out of other folders and may not."""
    within = tuple(f"app.{name}" for name in may | {folder})
    parts = {module: module.split(".") for module in imports(path)}  # a folder alone holds nothing: its modules do
    others = [module for module, (top, *inner) in parts.items() if top == "app" and inner[1:] and inner[0] in MAY]
    return [module for module in others if not (module + ".").startswith(tuple(name + "." for name in within))]


ROOMS = sorted(path.parent.name for path in APP.glob("*/__init__.py") if path.parent != TABLES)


@pytest.mark.parametrize("folder", ROOMS)
def test_imports_go_one_way(folder):
    found = {path: beyond(path, folder, MAY[folder]) for path in (APP / folder).rglob("*.py")}
    assert not {path.name: modules for path, modules in found.items() if modules}


def test_the_plumbing_knows_nothing_of_feedback():
    files = [path for path in (*APP.glob("*.py"), *TABLES.glob("*.py")) if path.name not in TABLES_OF_CONTENTS]
    assert len(files) > 10 and not {path.name: found for path in files if (found := beyond(path, "", set()))}


def test_the_check_sees_an_import_the_wrong_way(tmp_path):
    (tmp_path / "wrong.py").write_text("from app.ingest.store import store\nfrom app.scores import rollup, serve\n")
    found = beyond(tmp_path / "wrong.py", "touchpoints", MAY["touchpoints"])
    assert set(found) == {"app.ingest.store", "app.ingest.store.store", "app.scores.serve"}


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
