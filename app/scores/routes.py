"""Scores over HTTP: one touchpoint's, and many touchpoints' with the worst first."""

import hashlib
import time
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import parse_qsl

import pydantic
from fastapi import APIRouter, Depends, Query
from pydantic_core import to_json
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app import paging
from app.auth import authorize, needs
from app.db import Database
from app.errors import invalid
from app.models import Touchpoint
from app.raw import RawRoute, key, problems, query_parameters
from app.scores import counts as rollup
from app.scores import formulas, score, serve
from app.scores.buckets import hour_start
from app.scores.schemas import Score, ScoreList, ScoreQuery, ScoresQuery
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(prefix="/v1", tags=["scores"])
raw = APIRouter(prefix="/v1", tags=["scores"], route_class=RawRoute)


@lru_cache(maxsize=4096)
def _query(text: str) -> ScoreQuery:
    try:
        return ScoreQuery.model_validate(dict(parse_qsl(text, keep_blank_values=True)))
    except pydantic.ValidationError as error:
        raise invalid(error, "query") from None


def etag(found: Known, revision: int, query: str, now: float) -> str:
    """Changes with the answers, the touchpoint, the formulas, the question, and the hour (an open window grows)."""
    hour = hour_start(int(now), found.zone)
    parts = (formulas.DEFINITION, found.id, revision, found.row.updated_at, hour, query)
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


@raw.get(
    "/touchpoints/{key}/score",
    response_model=None,
    responses={
        200: {"model": Score},
        304: {"description": "unchanged since the ETag that was sent"},
        **problems(401, 403, 404, 422, 503),
    },
    openapi_extra=query_parameters(ScoreQuery) | key("scores:read"),
)
async def read_score(request: Request) -> Response:
    """The score of a touchpoint, every figure with its uncertainty. If-None-Match tells whether it changed."""
    await authorize(request, "scores:read")
    state = request.app.state
    text = request.url.query
    query, found = _query(text), await state.registry.get(request.path_params["key"])
    tag, body = await state.score_cache.get(found, text, query)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


class ScoreCache:
    """The last answers given: an unchanged score costs one look at its revision, and none within half a second.

    What this process commits is seen at once (its generation grows); what others commit, within FRESH_S.
    """

    MOST = 5000
    FRESH_S = 0.5

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bodies: dict[str, bytes] = {}
        self._fresh: dict[tuple[int, str], tuple[Known, float, int, str]] = {}

    async def get(self, found: Known, text: str, query: ScoreQuery) -> tuple[str, bytes]:
        """The ETag and the JSON of a score."""
        generation = self._db.generation
        same, at, then, tag = self._fresh.get((found.id, text), (None, 0.0, -1, ""))
        if same is found and then == generation and time.monotonic() - at < self.FRESH_S and tag in self._bodies:
            return tag, self._bodies[tag]

        def work(session: Session) -> tuple[str, bytes]:
            tag = etag(found, rollup.revision(session, found.id), text, serve.clock())
            return tag, self._bodies.get(tag) or to_json(serve.one(session, found, query))

        at = time.monotonic()
        tag, body = await self._db.read(work)
        if len(self._bodies) >= self.MOST or len(self._fresh) >= self.MOST:
            self._bodies.clear()
            self._fresh.clear()
        self._bodies[tag] = body
        self._fresh[found.id, text] = (found, at, generation, tag)
        return tag, body


@router.get("/scores", dependencies=[Depends(needs("scores:read"))], response_model=ScoreList)
async def list_scores(db: Db, query: Annotated[ScoresQuery, Query()]) -> Response:
    """The scores of many touchpoints, the worst 0-100 index first; what nobody rated comes last."""
    page = await db.read(lambda session: _page(session, query))
    return Response(to_json(page), media_type="application/json")


def _page(session: Any, query: ScoresQuery) -> dict[str, Any]:
    filters = query.model_dump(include={"phase", "contact", "channel", "kind", "tag", "owner"})
    rows: list[Touchpoint] = registry.find(session, limit=100_000, **filters)
    ordered = sorted(serve.many(session, [known(row) for row in rows], query), key=_order(query.sort))
    (start,) = paging.decode(query.cursor, 1) or ["0"]
    first = int(start) if start.isdigit() else 0
    page = ordered[first : first + query.limit]
    more = paging.encode([str(first + query.limit)]) if len(ordered) > first + query.limit else None
    return {"items": serve.listed(session, page, query), "next_cursor": more}


def _order(sort: str) -> Any:
    def worst(item: Any) -> Any:
        index = formulas.metrics(item[0].scale, rollup.ratings(score.counted(item[1])))["index"]
        empty, value = score.rank(index)
        return empty, value if sort == "worst" else -value, item[0].row.key

    def count(item: Any) -> Any:
        return -score.counted(item[1])[0], item[0].row.key

    return {"key": lambda item: item[0].row.key, "count": count}.get(sort, worst)
