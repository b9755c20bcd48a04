"""The middleware around every request: request id, log line, figures, headers of every answer, fast routes.

FastAPI's own layers (routing, telemetry, exit stacks, dependency solving) cost more than storing an answer does.
Requests for a FastRoute are therefore matched here and handled without them; everything else goes through FastAPI.
"""

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from app import base_path, forwarded, problems
from app.errors import Code, Problem, unavailable
from app.fast_routes import FastRequest, FastRoute
from app.head import as_get
from app.logs import log
from app.metrics import Metrics
from app.outage import outage
from app.tracing import MARK, Tracing

BODY_MAX = 4 * 1024 * 1024  # a thousand recipients of links; the fast routes have bounds of their own
# Of 36 KB of scores a fifth is left after 0.15 ms; the next level takes 0.25 ms for a sixteenth less.
ZIPPED_FROM, ZIP_LEVEL = 1024, 4  # bytes
_REQUEST_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)
Endpoint = Callable[[Request], Awaitable[Response]]
NOSNIFF = (b"x-content-type-options", b"nosniff")


class Application(FastAPI):
    """FastAPI with the middleware around it."""

    _run = secrets.token_hex(6)  # with a number behind it, an id that is unique over processes and restarts
    _numbers = itertools.count(1)

    def wrap(
        self,
        metrics: Metrics,
        tracing: Tracing | None,
        routes: Sequence[BaseRoute],
        bodies: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Set the figures to keep, what traces requests and the routes to serve without FastAPI's layers.

        `bodies` are the paths that take larger bodies than BODY_MAX, and how large.
        """
        self._metrics, self._tracing, self._bodies = metrics, tracing, bodies
        self._trusted, self._base = self.state.settings.trusted_proxies, self.state.base_path
        self._told: set[str] = set()
        self._zipping = GZipMiddleware(super().__call__, ZIPPED_FROM, ZIP_LEVEL)
        fast = [route for route in routes if isinstance(route, FastRoute)]
        methods = {method for route in fast for method in route.methods or ()}
        self._lane = {
            method: [
                (route.path_regex.match, route.endpoint, route) for route in fast if method in (route.methods or ())
            ]
            for method in methods
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        if self._tracing and MARK not in scope:
            return await self._tracing.request(self, scope, receive, send)
        method = scope["method"]
        if method == "HEAD":
            scope, receive, send = as_get(scope, send)
        scope["app"] = self
        peer = scope.get("client")
        if forwarded.read(scope, self._trusted) and peer:
            self._tell_of_proxy(peer[0])
        if base := self._base:
            base_path.take_off(scope, base)
        given = self._named(scope, peer) if self._trusted else None
        request_id = given or f"{self._run}-{next(self._numbers):x}"
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(message["headers"], scope, status, request_id)
            await send(message)

        try:
            if endpoint := self._fast(scope):
                response = await _answer(endpoint, FastRequest(scope, receive, send))
                status = response.status_code
                self._complete(response.raw_headers, scope, status, request_id)
                await response(scope, receive, send)
            else:
                await self._through_fastapi(scope, receive, sending)
        except asyncio.CancelledError:  # the server stops, and the database kept this one waiting for too long
            if status:
                raise
            await problems.response(unavailable(), Request(scope))(scope, receive, sending)
        finally:
            self._note(scope, method, request_id, status or 500, time.perf_counter() - started)
        return None

    async def _through_fastapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All other requests, whose bodies have a bound: what says that it is larger is refused before it is read."""
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        most = self._bodies.get(scope["path"], BODY_MAX)
        if len(said) > 12 or int(said) > most:
            return await problems.response(too_large(most), Request(scope))(scope, receive, send)
        return await self._zipping(scope, bounded(receive, most), send)

    def _complete(self, headers: list[tuple[bytes, bytes]], scope: Scope, status: int, request_id: str) -> None:
        """Add the headers of every answer."""
        if self._base and 300 <= status < 400:
            headers[:] = [(name, self._led(scope, name, value)) for name, value in headers]
        if NOSNIFF not in headers:
            headers.append(NOSNIFF)
        headers.append((b"x-request-id", request_id.encode()))

    def _led(self, scope: Scope, name: bytes, value: bytes) -> bytes:
        host = next((said for header, said in scope["headers"] if header == b"host"), b"")
        return base_path.location(value, self.state.base_path, host) if name == b"location" else value

    def _tell_of_proxy(self, peer: str) -> None:
        """Name a proxy that is not trusted, once: behind it all customers look like one."""
        name = forwarded.named(peer)
        if name not in self._told and len(self._told) < 8:
            self._told.add(name)
            log.warning("untrusted_proxy", extra={"proxy": name, "mend": "add it to TOUCHSTONE_TRUSTED_PROXIES"})

    def _named(self, scope: Scope, peer: tuple[str, int] | None) -> str | None:
        """The request id that a trusted proxy gave, so that its log and ours tell of one request."""
        if not peer:
            return None
        said = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        return said if _REQUEST_ID.fullmatch(said) and forwarded.within(peer[0], self._trusted) else None

    def _fast(self, scope: Scope) -> Endpoint | None:
        """The endpoint of the fast route that this request is for, if there is one."""
        path = scope["path"]
        for match, endpoint, route in self._lane.get(scope["method"], ()):
            if found := match(path):
                scope["path_params"] = found.groupdict()
                scope["route"] = route
                return endpoint
        return None

    def _note(self, scope: Scope, method: str, request_id: str, status: int, seconds: float) -> None:
        # The route's template, for the path itself may hold the token of a rating link.
        where = getattr(scope.get("route"), "path", "")
        self._metrics.note(method, status, seconds, where)
        if self._tracing:
            self._tracing.answered(method, where, status, request_id)
        level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.WARNING
        if status == 503 and outage.is_on:
            level = logging.DEBUG  # one line has told of it: a thousand a second would not help
        if log.isEnabledFor(level):
            fields = {"method": method, "path": where, "status": status, "ms": round(seconds * 1000, 2)}
            log.log(level, "request", extra={"request_id": request_id, **fields})


def bounded(receive: Receive, most: int = BODY_MAX) -> Receive:
    """`receive`, which refuses a body beyond `most` bytes.

    It says so with Starlette's own exception, the only one that FastAPI lets through from reading a body.
    """
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise HTTPException(413, headers=too_large(most).headers)
        return message

    return receiving


def too_large(most: int = BODY_MAX) -> Problem:
    """Refuses a body and closes the connection, on which the rest of it would still come."""
    return Problem(Code.BODY_TOO_LARGE, f"The body may have {most} bytes at most.", headers={"Connection": "close"})


async def _answer(endpoint: Endpoint, request: Request) -> Response:
    """What a fast route answers, or the problem that it met."""
    try:
        return await endpoint(request)
    except Exception as exc:
        return await problems.answer(request, exc)
