"""What do unhappy customers talk about? The terms of a touchpoint's comments over HTTP."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row, select
from sqlmodel import Session, col

from app.answers.stopwords import stopwords
from app.answers.terms import ALPHA, Comment, Term, separate
from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.models import Feedback
from app.scores import segment_filter, serve
from app.scores.buckets import to_time
from app.scores.schemas import Segments
from app.scores.segment_filter import READ_MOST
from app.state import Reads
from app.timestamps import Moment
from app.touchpoints.registry import Known

router = APIRouter(prefix="/v1", tags=["feedback"], route_class=KeyedRoute)
COMMENTS_MOST = 5000
EXAMPLES_MOST = 3


class TermsQuery(BaseModel):
    """Which comments, and how many terms."""

    model_config = ConfigDict(extra="forbid")
    since: Moment | None = Field(None, description="a time with its offset, or a date in the touchpoint's time zone")
    until: Moment | None = Field(None, description="a time, exclusive, or a date, that day included")
    lang: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = Field(
        None, description="only comments with this locale"
    )
    segment: Segments | None = Field(
        None,
        description="only comments of this value of a declared key, such as `store:nord`; two keys at once too. "
        "They are looked for among the newest 20,000 comments",
    )
    limit: Annotated[int, Field(ge=1, le=50)] = Field(15, description="how many terms of each side")


class Example(BaseModel):
    id: UUID
    rating: int
    comment: str
    occurred_at: datetime


class TermOut(BaseModel):
    term: str = Field(description="a word, or two next to each other")
    low: int = Field(description="comments with a low rating that hold it")
    high: int = Field(description="comments with a high rating that hold it")
    log_odds: float = Field(description="log-odds ratio with an informative prior; above 0 it belongs to low ratings")
    z: float = Field(description="log_odds in standard errors")
    p: float = Field(description="two-sided, adjusted for all terms that were looked at (Holm)")
    corrected_for: int = Field(description="how many terms were looked at")
    examples: list[Example] = Field(description=f"the newest, {EXAMPLES_MOST} at most")


class Terms(BaseModel):
    touchpoint: str
    low_ratings: list[int]
    high_ratings: list[int]
    low_comments: int
    high_comments: int
    limited: bool = Field(description=f"true: there are more comments, only the newest {COMMENTS_MOST:,} were read")
    low: list[TermOut] = Field(description="what low ratings talk about more, the clearest first")
    high: list[TermOut] = Field(description="what high ratings talk about more, the clearest first")


@router.get(
    "/touchpoints/{key}/terms",
    dependencies=[Depends(needs("feedback:read"))],
    response_model=Terms,
    responses=problems(401, 403, 404, 422),
)
async def read_terms(key: str, reads: Reads, request: Request, query: Annotated[TermsQuery, Query()]) -> Any:
    """The words and short phrases that separate comments with low ratings from those with high ones.

    Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008); only terms whose p, adjusted
    for all terms that were looked at (Holm), is below 0.05.
    """
    known = await request.app.state.registry.get(key)
    comments = await reads.read(lambda session: newest(session, known, query))
    return await asyncio.to_thread(answer, known, comments, query.limit)


class Comments(NamedTuple):
    """The newest counted answers with rating and comment, and whether there are more than these."""

    rows: Sequence[Row[Any]]
    limited: bool


def newest(session: Session, known: Known, query: TermsQuery) -> Comments:
    """The comments that are asked for; Problem invalid_request for a segment of a key that is not declared."""
    order = (col(Feedback.occurred_at).desc(), col(Feedback.id).desc())
    wanted = select(*_COLUMNS, *_OF_SEGMENTS * bool(query.segment)).where(*_conditions(known, query)).order_by(*order)
    if not query.segment:
        rows = session.execute(wanted.limit(COMMENTS_MOST + 1)).all()
        return Comments(rows[:COMMENTS_MOST], len(rows) > COMMENTS_MOST)
    fits = segment_filter.inside(session, known, segment_filter.pairs(query.segment))
    rows = session.execute(wanted.limit(READ_MOST + 1)).all()
    found = [row for row in rows[:READ_MOST] if fits(row)]
    return Comments(found[:COMMENTS_MOST], len(found) > COMMENTS_MOST or len(rows) > READ_MOST)


_COLUMNS: tuple[Any, ...] = (Feedback.id, Feedback.rating, Feedback.comment, Feedback.locale, Feedback.occurred_at)
_OF_SEGMENTS: tuple[Any, ...] = (Feedback.context, Feedback.device_id, Feedback.source)


def _conditions(known: Known, query: TermsQuery) -> list[Any]:
    wanted: list[Any] = [Feedback.touchpoint_id == known.id, Feedback.flags == "", col(Feedback.comment).is_not(None)]
    wanted.append(col(Feedback.rating).is_not(None))
    if query.since is not None:
        wanted.append(col(Feedback.occurred_at) >= to_time(serve.second(query.since, known.zone)))
    if query.until is not None:
        wanted.append(col(Feedback.occurred_at) < to_time(serve.ending(query.until, known.zone)))
    if query.lang is not None:
        locale = col(Feedback.locale)
        wanted.append(
            (locale == query.lang) | locale.like(f"{query.lang}-%") | locale.like(f"{query.lang}\\_%", escape="\\")
        )
    return wanted


def sides(known: Known) -> tuple[list[int], list[int]]:
    """The low and the high ratings of a scale: below its top box, and in it. On 0-10 the passives are neither."""
    scale = known.scale
    box = scale.satisfied
    low = scale.poor if "nps" in scale.metrics else [rating for rating in scale.ratings if rating not in box]
    return list(low), list(box)


def answer(known: Known, newest: Comments, limit: int, share: float = 1.0) -> dict[str, Any]:
    """The object of the API; `share` is how much of the 5 % there is for words, beside whatever else is claimed."""
    low, high = sides(known)
    read = [row for row in newest.rows if row.rating in low or row.rating in high]
    comments = [Comment(row.comment, row.rating in low, stopwords(row.locale)) for row in read]
    found = [term for term in separate(comments) if term.p < ALPHA * share]
    n_low = sum(comment.low for comment in comments)
    return {
        "touchpoint": known.row.key,
        "low_ratings": low,
        "high_ratings": high,
        "low_comments": n_low,
        "high_comments": len(comments) - n_low,
        "limited": newest.limited,
        "low": _public((term for term in found if term.z > 0), read, low, limit),
        "high": _public((term for term in reversed(found) if term.z < 0), read, high, limit),
    }


def _public(terms: Iterable[Term], read: Sequence[Row[Any]], side: list[int], limit: int) -> list[dict[str, Any]]:
    shown = []
    for term, _ in zip(terms, range(limit), strict=False):
        examples = [read[place] for place in term.comments if read[place].rating in side][:EXAMPLES_MOST]
        figures = {"log_odds": round(term.log_odds, 2), "z": round(term.z, 2), "p": float(f"{term.p:.2g}")}
        figures["corrected_for"] = term.corrected_for
        columns = ("id", "rating", "comment", "occurred_at")
        said = [{name: getattr(row, name) for name in columns} for row in examples]
        shown.append({"term": term.term, "low": term.low, "high": term.high, **figures, "examples": said})
    return shown
