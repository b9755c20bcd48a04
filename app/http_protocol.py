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
from app.problems import MEDIA_TYPE

HEAD_MAX = 64 * 1024  # request line and headers together
HEAD_S, BODY_S = 20.0, 30.0  # from the first byte, or the connection, to the end of the head; for a body
BODY_BYTES_PER_S = 8 * 1024  # a large body has longer: this much more of it gains a second
HEAD, BODY = "head", "body"


class _HeadTooLarge(Exception):
    """Ends the parsing of a request."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A refused one is answered with a problem and closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._awaits: str | None = HEAD  # what part of a request is still to come
        self._begun = 0  # requests on this connection
        self._head = self._body = self._size = 0  # bytes of either, and of what is being read
        self._problem: Problem | None = None
        self._since = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if connections.full(len(self.connections)):
            transport.abort()
            return
        self._timer = self.loop.call_later(HEAD_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), HEAD_MAX):  # mostly one slice, which is `data` itself
            if self.transport.is_closing():
                return
            self._feed(data[start : start + HEAD_MAX])

    def _feed(self, data: bytes) -> None:
        begun, self._size = self._begun, len(data)
        super().data_received(data)
        if self._awaits is None:
            self._stop_timer()
            return
        if self._awaits == HEAD:
            self._head = len(data) + (self._head if begun == self._begun else 0)
            if self._head > HEAD_MAX:
                self._refuse(_too_large())
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEAD_S, self._look)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaits, self._since = HEAD, self.loop.time()
        self._begun += 1
        self._head = self._body = 0

    def on_headers_complete(self) -> None:
        if self._head + self._size > HEAD_MAX and self._measured() > HEAD_MAX:
            self._problem = _too_large()
            raise _HeadTooLarge
        self._awaits, self._since = BODY, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._awaits = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed is answered with a problem, as everything else is."""
        self._refuse(self._problem or Problem(Code.MALFORMED_REQUEST, "This is no valid HTTP/1.1 request."))

    def _measured(self) -> int:
        """Bytes of the request line and the headers that are complete, with what stands between them."""
        return len(self.url) + 12 + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _look(self) -> None:
        """The timer: closes a connection whose request is late, looks again later at any other."""
        self._timer = None
        if self._awaits is None or self.transport.is_closing():
            return
        allowed = HEAD_S if self._awaits == HEAD else BODY_S + self._body / BODY_BYTES_PER_S
        left = self._since + allowed - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look)
        elif self._awaits == HEAD and self._head:
            self._refuse(Problem(Code.REQUEST_TIMEOUT, f"The request's head took longer than {HEAD_S:.0f} s."))
        else:
            self.transport.close()  # nothing was asked, or the application hears that the client is gone

    def _refuse(self, problem: Problem) -> None:
        """Answer with a problem in one write, and close."""
        status = STATUS[problem.code]
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
