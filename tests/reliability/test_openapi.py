"""The OpenAPI document is the truth: schemathesis tries it, with what it documents and with what it forbids."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.config._checks import (
    NEGATIVE_DATA_REJECTION_EXPECTED_STATUSES as NEGATIVE,
)
from schemathesis.config._checks import (
    POSITIVE_DATA_ACCEPTANCE_EXPECTED_STATUSES as POSITIVE,
)
from schemathesis.engine import events, from_schema
from schemathesis.python import asgi

from app.main import create_app
from app.settings import Settings
from tests.conftest import ADMIN, ADMIN_KEY
from tests.reliability.report import report

GONE = ["410", "413"]  # an archived touchpoint, an erased answer, a body that is too large
# What no document can say of one value, because it hangs on another value or on what is stored. These are refused with
# 422 although they fit the schema: by a code of their own, or with one of these words at one of these places.
CODES = {"rating_out_of_scale", "empty_feedback", "unknown_reason", "occurred_in_future", "occurred_too_long_ago"}
BEYOND_A_SCHEMA = {
    r"query\.cursor": "not a cursor of this list",
    r"query\.until": "is not after `since`",
    r"query\.interval": "makes too many points",
    r"query\.(interval)": "is finer than segments are counted",
    r"query\.(segment|group_by)": "",  # which keys the touchpoint declares, how many answers it has
    r"(query|body)\..*": "lies outside of the years",
    r"body\.timezone": "not a time zone of the IANA database",
    r"body": "two reasons have the same key",
    r"(body)": "has neither kind nor key",
    r"body\.(touchpoints|compare_with)\.\d+": "",  # which touchpoints there are, and where an action is taken
    r"body\.target\.(metric|value)": "",  # what the scale reports, and how far that goes
    r"body\.scale": "there is no scale",
    r"body\.(to|satisfied_from|drawing|reversed|nps|labels\.\d+)": "",  # what a company's own scale must be
    r"body\.metric": "does not report",
    r"body\.(state|started_at|finished_at)": "",  # dates that go before others
    r"body\.flags": "holds the flag that is to go",
    r"body\.recipients\.\d+": "travel in the link",
    r"body(\.recipients\.\d+)?\.context": "is larger than",
    r"body\.touchpoints\.\d+": "is not a touchpoint",
    r"body\.url": "",  # where a webhook may be: that hangs on the networks the operator allows
    r"body\.stages\.\d+\.touchpoints\.\d+": "there is no touchpoint",
    r"body\..*": "should be a valid integer",  # 5.0 is one to JSON Schema; who counts in fractions is mistaken here
}
ENDED = ("/v1/touchpoints/{key}", "/v1/devices/{device_id}")  # DELETE archives or revokes these: they can still be read


def scan(app: FastAPI, *, examples: int, phases: tuple[str, ...]) -> tuple[Counter[int], list[str], int]:
    """Answers by status, what went against the document, and how many links between operations were walked."""
    config = SchemathesisConfig.from_dict(
        {
            "headers": ADMIN,
            "continue-on-failure": True,
            "checks": {
                "positive_data_acceptance": {"expected-statuses": [*POSITIVE, *GONE]},
                "negative_data_rejection": {"expected-statuses": [*NEGATIVE, *GONE]},
            },
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True, "database": "none"},
            "phases": {name: {"enabled": name in phases} for name in ("coverage", "fuzzing", "stateful")},
        }
    )
    statuses: Counter[int] = Counter()
    wrong, links = [], 0
    for event in from_schema(schemathesis.openapi.from_asgi("/openapi.json", app, config=config)).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(repr(getattr(event, "value", None) or event.exception))
        if isinstance(event, events.PhaseStarted) and event.payload:
            links = event.payload.transitions_selected
        if isinstance(event, events.ScenarioFinished):
            statuses.update(i.response.status_code for i in event.recorder.interactions.values() if i.response)
            wrong += _failures(event.recorder)
    return statuses, wrong, links


def _meant(name: str, path: str, response: Any) -> bool:
    """Whether an answer that schemathesis objects to is right: a rule no schema can say, an answer that was kept with a
    warning, or a thing that ended."""
    if name == "negative_data_rejection" and response.status_code in (200, 201):
        said = json.loads(response.content)  # kept without its side notes, or item by item
        return bool(said.get("warnings")) or any(item["warnings"] or item["error"] for item in said.get("results", ()))
    if name == "use_after_free":
        return path.startswith(ENDED) and response.status_code == 200
    if name == "ensure_resource_availability":  # made closed to strangers, who are told that there is none
        return response.status_code == 404 and path.endswith(("/asked", "/widget", "/qr.svg"))
    if name != "positive_data_acceptance" or response.status_code != 422:
        return False
    problem = json.loads(response.content)
    return problem["code"] in CODES or all(
        any(re.fullmatch(place, error["place"]) and why in error["message"] for place, why in BEYOND_A_SCHEMA.items())
        for error in problem["errors"]
    )


def _failures(recorder: Any) -> Iterator[str]:
    for number, checks in recorder.checks.items():
        for check in checks:
            case, failure = recorder.cases[number].value, check.failure_info
            if failure and not _meant(check.name, case.operation.path, recorder.interactions[number].response):
                yield f"{check.name} {case.operation.label}: {failure.failure.message}\n{failure.code_sample}"


@pytest.fixture
def served(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The application, started and stopped by schemathesis's own in-process client; it calls no webhook."""
    monkeypatch.setattr("app.webhooks.deliver.POLL_S", 1e6)
    anywhere = {"webhook_allow_networks": "0.0.0.0/0"}
    yield create_app(Settings(database_url=database_url, admin_key=ADMIN_KEY, rate_limit="off", **anywhere))
    asgi.shutdown_lifespans()


def test_the_service_answers_only_what_its_document_says(served, database_url, request):
    long = request.config.getoption("--long")
    once = "coverage" if database_url.startswith("sqlite") else "fuzzing"  # what hangs on the request, not the database
    phases = ("coverage", "fuzzing", "stateful") if long else (once, "stateful")
    examples = 100 if long else 12
    statuses, wrong, links = scan(served, examples=examples, phases=phases)
    print("\n\n".join(wrong))
    assert min(statuses[200], statuses[422], statuses[404]) > 20 and links > 10, "the scan reached too little"
    errors = sum(count for status, count in statuses.items() if status >= 500)
    figure = f"{errors} server errors, {len(wrong)} undocumented answers in {statuses.total()} calls, {links} links"
    report(f"schemathesis, {served.state.db.dialect}", figure, "0 and 0", holds=not wrong and not errors)


def test_the_scan_sees_an_undocumented_answer_and_a_server_error():
    app = FastAPI()

    @app.get("/wrong/{number}")
    async def wrong(number: int) -> int:
        return 1 // number if number < 1000 else "no number"

    _, found, _ = scan(app, examples=10, phases=("coverage", "fuzzing"))
    asgi.shutdown_lifespans()
    assert any("ResponseValidationError" in failure or "ZeroDivisionError" in failure for failure in found)
