"""uvicorn's HTTP/1.1 with bounds: how large a request's head may be, how long a request may take to come in.

Without them one header that never ends takes the parser quadratic time, and connections that say nothing use up the
descriptors that customers need.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.descriptors import connections
from app.errors import STATUS, Code, Problem, body_of
from app.logs import log
from app.middleware import Application
from app.problems import MEDIA_TYPE

HEAD_MAX = 64 * 1024  # request line and headers together
HEAD_S, BODY_S = 20.0, 30.0  # from the first byte, or the connection, to the end of the head; for a body
BODY_BYTES_PER_S = 8 * 1024  # a large body has longer: this much more of it gains a second


class _HeadTooLarge(Exception):
    """Ends the parsing of a request."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A refused one is answered with a problem and closed.

    A request that comes whole, as nearly all do, is only looked at: what it awaits is told by uvicorn's own state.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head = self._body = 0  # bytes of a request that has not come whole
        self._problem: Problem | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if connections.full(len(self.connections)):
            transport.abort()
            return
        self._wait_for(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if len(data) > HEAD_MAX:
            for start in range(0, len(data), HEAD_MAX):
                if not self.transport.is_closing():
                    self.data_received(data[start : start + HEAD_MAX])
            return
        scope, self._coming = self.scope, len(data)
        HttpToolsProtocol.data_received(self, data)
        cycle = self.cycle
        if cycle is not None and cycle.scope is self.scope and not cycle.more_body:  # is whole, without the call
            if self._timer is not None:
                self._stop_timer()
                self._head = self._body = 0
        elif not self.transport.is_closing():
            self._note(len(data), begun=self.scope is not scope)

    def _is_whole(self) -> bool:
        """Whether all that has come belongs to requests that are complete."""
        cycle = self.cycle
        return cycle is not None and cycle.scope is self.scope and not cycle.more_body

    def _in_head(self) -> bool:
        return self.cycle is None or self.cycle.scope is not self.scope

    def _note(self, size: int, *, begun: bool) -> None:
        """Count a part of a request that has not come whole, and give it its time."""
        if begun or self._timer is None:
            self._head = self._body = 0
            self._stop_timer()
            self._wait_for(HEAD_S)
        if self._in_head():
            self._head += size
            if self._head > HEAD_MAX:
                self._refuse(_too_large())
        elif self._head:  # the head is there: the body's time begins
            self._head, self._body, self._since = 0, size, self.loop.time()
        else:
            self._body += size

    def on_headers_complete(self) -> None:
        if self._head and self._head + self._coming > HEAD_MAX and self._measured() > HEAD_MAX:
            self._problem = _too_large()
            raise _HeadTooLarge
        HttpToolsProtocol.on_headers_complete(self)

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is answered with a problem, as everything else is."""
        self._refuse(self._problem or Problem(Code.MALFORMED_REQUEST, "This is no valid HTTP/1.1 request."))

    def _measured(self) -> int:
        """Bytes of the request line and the headers that are complete, with what stands between them."""
        return len(self.url) + 12 + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _wait_for(self, seconds: float) -> None:
        self._since = self.loop.time()
        self._timer = self.loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """The timer: closes a connection whose request is late, looks again later at any other."""
        self._timer = None
        if self._is_whole() or self.transport.is_closing():
            return
        allowed = HEAD_S if self._in_head() else BODY_S + self._body / BODY_BYTES_PER_S
        left = self._since + allowed - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        elif self._in_head() and self._head:
            self._refuse(Problem(Code.REQUEST_TIMEOUT, f"The request's head took longer than {HEAD_S:.0f} s."))
        else:
            self.transport.close()  # nothing was asked, or the application hears that the client is gone

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem in one write, and close."""
        status = STATUS[problem.code]
        if isinstance(self.app, Application):  # benchmarks serve others by this protocol, too
            self.app.state.metrics.refused(problem.code)
        log.info("request_refused", extra={"status": status, "code": str(problem.code)})
        body = json.dumps(body_of(problem, "")).encode()
        said = f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        self.transport.write(f"HTTP/1.1 {status} {body_of(problem, '')['title']}\r\n".encode() + said + body)
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _too_large() -> Problem:
    return Problem(Code.HEAD_TOO_LARGE, f"Request line and headers may have {HEAD_MAX} bytes together at most.")
