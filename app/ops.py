"""Health, readiness and metrics: /healthz, /readyz, /metrics."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import Metric
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.datastructures import State

from app.auth import authorize
from app.db import ping
from app.errors import Code, Problem, unavailable
from app.fast_routes import problems
from app.figures import Kept
from app.metrics import Metrics, text
from app.outage import outage
from app.schema import SchemaMisfit, check_while_serving
from app.settings import Settings
from app.state import Db

router = APIRouter(tags=["operations"])
READY_SHARE = 0.8
READY_TIMEOUT_S = 2.0
LOOK_S = 1.0  # how old the gauges of another process may be
STORED_S = 10.0  # how old figures out of the database may be
FAILED_S = 3.0  # answers that could not be stored a moment ago: one row that is locked holds up others than the ping's


class Health(BaseModel):
    status: str


@router.get("/healthz")
async def healthz() -> Health:
    """The process is alive."""
    return Health(status="ok")


@router.get("/readyz", responses=problems(503))
async def readyz(request: Request, db: Db) -> Health:
    """The service can take answers now: the database takes writes and has the schema that this version needs, and
    answers are neither many nor wait for long."""
    writer = request.app.state.writer
    if writer.depth > READY_SHARE * writer.queue_size:
        raise Problem(Code.OVERLOADED, "Too many answers are waiting.", retry_after=1)
    if writer.oldest_s() > READY_TIMEOUT_S:
        outage.failed(TimeoutError("answers wait for their commit"))
        raise unavailable()
    if writer.failed_s() < FAILED_S:
        raise unavailable()
    try:
        await asyncio.wait_for(db.write(_takes_answers), READY_TIMEOUT_S)
    except SchemaMisfit as misfit:
        outage.failed(misfit)
        raise Problem(Code.DATABASE_UNAVAILABLE, str(misfit), retry_after=2) from None
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        outage.failed(error)
        raise unavailable() from None
    outage.worked()
    return Health(status="ready")


def _takes_answers(session: Session) -> None:
    check_while_serving(session)
    ping(session)


@router.get("/metrics", response_class=Response, responses=problems(401, 403))
async def metrics(request: Request) -> Response:
    """Prometheus figures of all processes of this `serve`; with a key that has `scores:read`, the touchpoints' scores
    as well."""
    state = request.app.state
    body = text(state.metrics.collect())
    # It is asked most where the database fails, and tells the rest then.
    with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
        body += await asyncio.wait_for(state.stored_metrics.text(STORED_S), READY_TIMEOUT_S)
    if request.headers.get("authorization"):
        await authorize(request, "scores:read")
        body += await state.gauges.text()
    return Response(body, media_type=CONTENT_TYPE_LATEST)


@asynccontextmanager
async def running(state: State, _: Settings) -> AsyncIterator[None]:
    """The figures out of the database, and those that other processes are asked for as well."""
    kept: Metrics = state.metrics

    def read(session: Session) -> Sequence[Metric]:
        return [metric for stored in kept.stored for metric in stored(session)]

    async def stored() -> bytes:
        return text(await state.db.read(read))

    state.stored_metrics = Kept("stored", kept.figures.folder, stored)
    looking = asyncio.create_task(_looking(kept), name="metrics") if kept.figures.folder else None
    yield
    if looking:
        looking.cancel()


async def _looking(kept: Metrics) -> None:
    while True:
        kept.look()
        await asyncio.sleep(LOOK_S)
