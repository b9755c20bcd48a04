"""Tells open pages that answers came in: server-sent events, fed by one look a second at what counts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app.dashboard.request_context import NotSignedIn, PageRoute, RequestContext, visit
from app.db import Database
from app.scores.slices import COUNTS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
EVERY_S = 1.0
LASTS_S = 8.0  # then the browser connects again; a server that stops is not held up for longer

_Signed = Depends(visit)  # nothing is shown, so nothing is counted for the bar
_SUMS = ", ".join(f"SUM({name})" for name in COUNTS)
_TOTAL = text(
    f"SELECT {_SUMS} FROM rollup WHERE touchpoint_id IN (SELECT id FROM touchpoint) "  # noqa: S608 - our own names
    "AND grain = 'total' AND bucket = 0 AND slice = 'counted'"
)


def total(session: Session) -> str:
    """Another text whenever what counts has changed: not for what is held or flagged, nor for who was asked.

    One cell of the rollup for each touchpoint and source is read, found by its key.
    """
    return ".".join(str(count or 0) for count in session.connection().execute(_TOTAL).one())


class Watch:
    """The total, looked up once a second for all listeners of this process, while there are any."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._at, self._seen = 0.0, ""
        self._lock = asyncio.Lock()

    async def now(self) -> str:
        async with self._lock:
            if time.monotonic() - self._at >= EVERY_S / 2:
                self._seen = await self._db.read(total)
                self._at = time.monotonic()
            return self._seen


@router.get("/live")
async def live(request: Request, who: RequestContext = _Signed) -> Response:
    """`data: <total>` whenever it changed; ends with the session, and after some seconds: browsers ask again."""
    who.need("scores:read")
    state = request.app.state
    if not hasattr(state, "watch"):
        state.watch = Watch(state.db)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, state.watch), media_type="text/event-stream", headers=headers)


async def _events(request: Request, watch: Watch) -> AsyncIterator[str]:
    last = request.headers.get("last-event-id", "")
    yield "retry: 500\n\n"
    ends = time.monotonic() + LASTS_S
    with contextlib.suppress(NotSignedIn):
        while time.monotonic() < ends:
            await visit(request)
            seen = await watch.now()
            yield f"id: {seen}\ndata: {seen}\n\n" if seen != last else ": still here\n\n"
            last = seen
            await asyncio.sleep(EVERY_S)
