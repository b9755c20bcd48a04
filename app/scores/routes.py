"""Scores over HTTP: one touchpoint's, and many touchpoints' with the worst first."""

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pydantic
from fastapi import APIRouter
from pydantic_core import to_json
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app import paging
from app.auth import authorize
from app.errors import invalid
from app.fast_routes import FastJson, FastRoute, key, problems, query_parameters
from app.middleware import ZIP_LEVEL
from app.scores import counts as rollup
from app.scores import formulas, score, segmented, serve
from app.scores.buckets import hour_start
from app.scores.counts import Counts, Part
from app.scores.schemas import Score, ScoreList, ScoreQuery, ScoresQuery
from app.scores.segment_folding import folded
from app.touchpoints.registry import Known, Registry

router = APIRouter(prefix="/v1", tags=["scores"], route_class=FastRoute)
Q = TypeVar("Q", ScoreQuery, ScoresQuery)


def _asked(model: type[Q], text: str) -> Q:
    said = parse_qsl(text, keep_blank_values=True)
    segments = [value for name, value in said if name == "segment"]
    try:
        return model.model_validate(dict(said) | ({"segment": segments} if segments else {}))
    except pydantic.ValidationError as error:
        raise invalid(error, "query") from None


@lru_cache(maxsize=4096)
def _of_one(text: str) -> ScoreQuery:
    return _asked(ScoreQuery, text)


@lru_cache(maxsize=4096)
def _of_many(text: str) -> ScoresQuery:
    return _asked(ScoresQuery, text)


def etag(found: Known, revision: int, query: str, now: float) -> str:
    """Changes with the answers, the touchpoint, the formulas, the question, and the hour (an open window grows)."""
    hour = hour_start(int(now), found.zone)
    parts = (formulas.DEFINITION, found.id, revision, found.row.updated_at, hour, query)
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'


@router.get(
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
    text = request.scope["query_string"].decode("latin-1")
    query, found = _of_one(text), await state.registry.get(request.path_params["key"])
    if segmented.wanted(query):
        await folded(state.db, [found.id])

    def work(session: Session) -> tuple[str, bytes]:
        tag = etag(found, rollup.revision(session, found.id), text, serve.clock())
        return tag, state.body_cache.get(tag, lambda: to_json(serve.one(session, found, query)))

    short = query.interval is None and query.segment is None and query.group_by in (None, "source")
    tag, body = await state.read_cache.get((found.id, found.row.updated_at, text), work, short=short)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return FastJson(body, headers=headers)


@router.get(
    "/scores",
    response_model=None,
    responses={200: {"model": ScoreList}, **problems(401, 403, 422, 503)},
    openapi_extra=query_parameters(ScoresQuery) | key("scores:read"),
)
async def list_scores(request: Request) -> Response:
    """The scores of many touchpoints, the worst 0-100 index first; what nobody rated comes last."""
    await authorize(request, "scores:read")
    state, text = request.app.state, request.scope["query_string"].decode("latin-1")
    query, zipped = _of_many(text), "gzip" in request.headers.get("accept-encoding", "")

    def work(session: Session) -> bytes:
        body = to_json(_page(session, state.registry, query))
        return gzip.compress(body, ZIP_LEVEL) if zipped else body

    body = await state.read_cache.get(("list", text, zipped), work)
    headers = {"Vary": "Accept-Encoding"} | ({"Content-Encoding": "gzip"} if zipped else {})
    return FastJson(body, headers=headers)


def _page(session: Session, registry: Registry, query: ScoresQuery) -> dict[str, Any]:
    filters = query.model_dump(include={"phase", "contact", "channel", "kind", "tag", "owner"})
    ordered = sorted(serve.many(session, registry.find(session, **filters), query), key=_order(query.sort))
    (start,) = paging.decode(query.cursor, 1) or ["0"]
    first = int(start) if start.isdigit() else 0
    page = ordered[first : first + query.limit]
    more = paging.encode([str(first + query.limit)]) if len(ordered) > first + query.limit else None
    return {"items": serve.listed(session, page, query), "next_cursor": more}


def _order(sort: str) -> Callable[[tuple[Known, dict[Part, Counts]]], tuple[Any, ...]]:
    sign = -1 if sort == "best" else 1

    def by_index(item: tuple[Known, dict[Part, Counts]]) -> tuple[Any, ...]:
        index = formulas.index_value(item[0].scale, rollup.ratings(score.counted(item[1])))
        return index is None, sign * (index or 0.0), item[0].key

    def by_count(item: tuple[Known, dict[Part, Counts]]) -> tuple[Any, ...]:
        return -score.counted(item[1])[0], item[0].key

    return {"key": lambda item: (item[0].key,), "count": by_count}.get(sort, by_index)
