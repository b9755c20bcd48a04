"""OpenTelemetry: one span for each request on either lane, its commit within, and the trace goes on to webhooks."""

import asyncio
import re
import subprocess
import sys

import pytest

from app.main import create_app
from app.settings import Settings
from app.tracing import Tracing, configured
from app.webhooks.deliver import Deliverer
from tests.conftest import ADMIN, ADMIN_KEY, client_of
from tests.webhooks.conftest import LOOPBACK, Receiver, clock, receiver  # noqa: F401 - fixtures

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, PARENT = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331


@pytest.fixture
def traced(database_url):
    """The application with the SDK's exporter into memory, and what it exported."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(pytest.importorskip("opentelemetry.sdk.trace.export").SimpleSpanProcessor(export))
    settings = Settings(database_url=database_url, admin_key=ADMIN_KEY, rate_limit="off")
    return create_app(settings, Tracing(provider)), export


async def test_a_request_is_one_span_with_the_wait_and_the_commit_within_and_webhooks_pass_it_on(
    traced,
    receiver: Receiver,  # noqa: F811
    clock,  # noqa: F811
):
    app, export = traced
    async with app.router.lifespan_context(app), client_of(app, headers=ADMIN) as client:
        await app.state.deliverer.close()
        app.state.settings = app.state.settings.model_copy(update={"webhook_allow_networks": LOOPBACK})
        assert (await client.post("/v1/touchpoints", json={"key": "shop"})).status_code == 201
        await client.post("/v1/webhooks", json={"url": receiver.url, "events": ["feedback.created"]})
        export.clear()
        said = {"json": {"rating": 4}, "headers": {"traceparent": CALLER}}
        stored = await client.post("/v1/touchpoints/shop/feedback", **said)
        spans = {span.name: span for span in export.get_finished_spans()}
        request = spans.pop("POST /v1/touchpoints/{key}/feedback")
        assert (request.context.trace_id, request.parent.span_id) == (TRACE, PARENT)
        told = dict(request.attributes)
        assert told["http.response.status_code"] == 201 and told["http.route"] == "/v1/touchpoints/{key}/feedback"
        assert told["touchstone.request_id"] == stored.headers["x-request-id"]
        assert spans.keys() == {"answer.wait", "answer.commit"}
        assert {span.parent.span_id for span in spans.values()} == {request.context.span_id}
        wait, commit = spans["answer.wait"], spans["answer.commit"]
        assert request.start_time <= wait.start_time <= wait.end_time == commit.start_time < commit.end_time
        export.clear()
        clock.at = clock.at.replace(year=clock.at.year + 1)
        for tracing in (app.state.tracing, None):
            deliverer = Deliverer(app.state.db, LOOPBACK, clock, tracing=tracing)
            await deliverer.turn()
            await deliverer.idle()
            await deliverer.close()
            await client.post("/v1/touchpoints/shop/feedback", **said)
        spans = {span.name: span for span in export.get_finished_spans()}
        sent = spans["webhook feedback.created"]
        (first, _), (without, _) = receiver.seen
        assert first["traceparent"] == f"00-{TRACE:032x}-{sent.context.span_id:016x}-01"
        assert sent.parent.span_id == request.context.span_id
        assert without["traceparent"].startswith(f"00-{TRACE:032x}-"), "passed on by a process that traces nothing"


async def test_other_routes_failures_and_head_have_their_span_and_no_path_is_told(traced):
    app, export = traced
    async with app.router.lifespan_context(app), client_of(app, headers=ADMIN) as client:
        await client.get("/v1/touchpoints/secret-name")
        await client.head("/v1/touchpoints")
        await client.post("/v1/touchpoints/secret-name/feedback", json={"rating": 4})
        await client.request("BREW", "/secret-name")
    found = [(span.name, span.attributes["http.response.status_code"]) for span in export.get_finished_spans()]
    assert found == [
        ("GET /v1/touchpoints/{key}", 404),
        ("HEAD /v1/touchpoints", 200),
        ("POST /v1/touchpoints/{key}/feedback", 404),
        ("_OTHER", 404),
    ]
    assert "secret-name" not in "".join(span.to_json() for span in export.get_finished_spans())


async def test_spans_go_to_the_collector_that_the_environment_names(monkeypatch):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    heard: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        length = re.search(rb"(?i)content-length: (\d+)", heard[0])
        heard.append(await reader.readexactly(int(length[1])) if length else b"")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as collector:
        port = collector.sockets[0].getsockname()[1]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        tracing = configured()
        assert tracing
        with tracing.sending([("feedback.created", CALLER)]):
            pass
        await asyncio.to_thread(tracing.close)
    assert heard[0].startswith(b"POST /v1/traces ") and b"feedback.created" in heard[1] and b"touchstone" in heard[1]


def test_nothing_is_imported_where_no_collector_is_named():
    line = "import sys; from app.cli import server; server.application(); print('opentelemetry.sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=30)
    assert done.stdout == "False\n", done.stderr


def test_what_is_not_installed_is_said_with_what_to_do(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert configured() is None and "tracing_not_installed" in caplog.text
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    caplog.clear()
    assert configured() is None and not caplog.records
