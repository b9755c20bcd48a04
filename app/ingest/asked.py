"""How often customers were asked, for the response rate: a count per touchpoint and hour, and nothing about anybody."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.db import Database
from app.errors import Problem
from app.fast_routes import FastRoute, problems
from app.ingest.routes import cors, from_page
from app.problems import response as problem_response
from app.scores.rollup import Deltas, apply
from app.touchpoints.registry import Known

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=FastRoute)


@dataclass(slots=True)
class _Batch:
    deltas: Deltas = field(default_factory=Deltas)
    written: bool = False


class Asked:
    """Counts that come in while a write runs wait together for the next one: one commit for all of them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._batch = _Batch()
        self._writing = asyncio.Lock()

    async def note(self, known: Known, source: str) -> None:
        """Count one customer who was asked; returns after the commit."""
        batch = self._batch
        batch.deltas.ask(known.id, datetime.now(UTC), source, 1)
        async with self._writing:
            if batch is self._batch:
                self._batch = _Batch()
            if not batch.written:  # the first of the batch writes for all; if it fails, the next one tries
                await self._db.write(lambda session: apply(session, batch.deltas))
                batch.written = True


@router.post(
    "/touchpoints/{key}/asked", status_code=204, responses=problems(403, 404, 410, 429, 503), response_class=Response
)
async def post_asked(request: Request) -> Response:
    """Say that a customer was shown the question: an Origin on the list is enough, the body is not read.

    What is part of a flood, as answers would be, is not counted: it would make the response rate up.
    """
    state = request.app.state
    known: Known = await state.registry.get(request.path_params["key"])
    source = from_page(request, known)
    headers = cors(request.headers["origin"])
    try:
        known.taking()
        state.limiter.check_again(request, f"{known.key} asked")
        network = state.limiter.network(request, known.key)
        if await state.asked_floods.takes(known, network, shared=lambda: state.limiter.is_shared(request)):
            await state.asked.note(known, source)
        return Response(status_code=204, headers=headers)
    except Problem as problem:
        problem.headers |= headers
        return problem_response(problem, request)
