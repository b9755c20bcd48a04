"""The outermost layer: request id, one log line, figures, and the headers every answer carries."""

import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import log
from app.metrics import Metrics

DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Outermost:
    """A plain ASGI layer; Starlette's own middleware class costs a task per request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                headers["X-Request-ID"] = request_id
                for name, value in DEFAULTS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - started)
        return None

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        self._metrics.requests.labels(scope["method"], status).inc()
        self._metrics.seconds.observe(seconds)
        route = scope.get("route")
        path = getattr(route, "path", "")  # the template: the path itself may hold a rating link's token
        level = log.warning if status >= 500 else log.info
        level(
            "request",
            extra={
                "request_id": request_id,
                "method": scope["method"],
                "path": path,
                "status": status,
                "ms": round(seconds * 1000, 2),
            },
        )
