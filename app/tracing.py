"""OpenTelemetry: a span for each request, with the wait for its batch and the commit within; and for each webhook.

It is on where the extra `[otel]` is installed and OTEL_EXPORTER_OTLP_ENDPOINT says where spans go; else the SDK is not
imported. No span holds a path, a query, an address or what a customer wrote: a route is named by its template.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from app.logs import log
from app.metrics import METHODS
from app.version import version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
MARK = "touchstone.traced"  # of a scope that has its span
_CARRIED = (b"traceparent", b"tracestate")  # https://www.w3.org/TR/trace-context/


def configured() -> "Tracing | None":
    """Tracing as the environment asks for it by OpenTelemetry's own variables, or none."""
    if not any(map(os.environ.get, ENDPOINTS)) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("tracing_not_installed", extra={"mend": "pip install 'touchstone-feedback[otel]'"})
        return None

    name = os.environ.get("OTEL_SERVICE_NAME", "touchstone")
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version()}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


class Tracing:
    """Makes the spans; `provider` is the SDK's."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._api, self._carrier = trace, TraceContextTextMapPropagator()
        self._provider, self._tracer = provider, provider.get_tracer("touchstone", version())

    async def request(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request within its span, which continues the caller's trace if he names one."""
        scope[MARK] = True
        said = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        about = {"http.request.method": method, "url.scheme": scope["scheme"]}
        context, kind = self._carrier.extract(said), self._api.SpanKind.SERVER
        with self._tracer.start_as_current_span(method, context, kind, about):
            await app(scope, receive, send)

    def answered(self, method: str, route: str, status: int, request_id: str) -> None:
        """Say of the span of the present request what is known when it has been answered."""
        span = self._api.get_current_span()
        span.update_name(f"{method if method in METHODS else '_OTHER'} {route}".rstrip())
        span.set_attributes({"http.response.status_code": status, "touchstone.request_id": request_id})
        if route:
            span.set_attribute("http.route", route)
        if status >= 500:
            span.set_status(self._api.StatusCode.ERROR)

    def here(self) -> str | None:
        """The `traceparent` of the present span."""
        said: dict[str, str] = {}
        self._carrier.inject(said)
        return said.get("traceparent")

    def stored(self, since: float, begun: float | None) -> None:
        """Two spans within the present one: an answer waited for its batch from `since` (monotonic) on, and from
        `begun` until now the batch was written and committed."""
        over, ended = time.monotonic(), time.time_ns()
        since_ns, begun_ns = (ended - int((over - (at or over)) * 1e9) for at in (since, begun))
        self._tracer.start_span("answer.wait", start_time=since_ns).end(begun_ns)
        if begun:
            self._tracer.start_span("answer.commit", start_time=begun_ns).end(ended)

    @contextmanager
    def sending(self, events: Sequence[tuple[str, str | None]]) -> Iterator[list[str | None]]:
        """A span for each event, by its type and the trace of what happened, while it is sent; what to pass on."""
        kind, spans, passed = self._api.SpanKind.CLIENT, [], list[str | None]()
        for name, parent in events:
            context = self._carrier.extract({"traceparent": parent or ""})
            spans.append(self._tracer.start_span(f"webhook {name}", context, kind))
            said: dict[str, str] = {}
            self._carrier.inject(said, self._api.set_span_in_context(spans[-1]))
            passed.append(said.get("traceparent"))
        try:
            yield passed
        finally:
            for span in spans:
                span.end()

    def close(self) -> None:
        """Send what waits. It takes as long as the collector lets it."""
        self._provider.shutdown()
