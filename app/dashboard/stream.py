"""The comments below a touchpoint: the latest few, or with filters, full-text search and pages."""

from dataclasses import dataclass
from typing import Any

import pydantic
from sqlmodel import Session

from app.answers import listing
from app.answers.schemas import AnswerQuery
from app.answers.terms_routes import sides
from app.dashboard.request_context import RequestContext
from app.errors import invalid
from app.ingest.channels import SOURCES
from app.touchpoints.registry import Known

PAGE = 20
LATEST = 5  # of a touchpoint's page where nothing is looked for: the inbox is another page
STATES = ("new", "seen", "needs_reply", "done")
FLAGS = ("spam", "misuse", "burst", "test", "duplicate", "unconfirmed")


@dataclass(frozen=True, slots=True)
class Stream:
    """One page of comments, and what it was filtered by."""

    items: list[dict[str, Any]]
    more: str | None
    asked: dict[str, str]
    sources: tuple[str, ...] = SOURCES
    flags: tuple[str, ...] = FLAGS
    states: tuple[str, ...] = STATES


def query_of(visit: RequestContext, touchpoint: Known | None) -> tuple[AnswerQuery, dict[str, str]]:
    """The question that a page's address asks; Problem invalid_request."""
    given = visit.request.query_params
    asked = {name: given[name] for name in ("q", "mood", "source", "flag", "handling") if given.get(name)}
    limit = PAGE if asked or given.get("cursor") else LATEST
    values: dict[str, Any] = {"limit": limit, "has_comment": True, "cursor": given.get("cursor") or None}
    values |= {name: asked[name] for name in ("q", "source") if name in asked}
    if asked.get("flag") in FLAGS:
        values |= {"flag": asked["flag"], "has_comment": None}
    if asked.get("handling") in STATES:
        values |= {"handling": asked["handling"], "has_comment": None}
    if touchpoint:
        values["touchpoint"] = touchpoint.row.key
        low, high = sides(touchpoint)
        bounds = {"unhappy": low, "happy": high}.get(asked.get("mood", ""))
        if bounds:
            values |= {"rating_min": bounds[0], "rating_max": bounds[-1]}
    try:
        return AnswerQuery.model_validate(values), asked
    except pydantic.ValidationError as error:
        raise invalid(error, "query") from None


def read(session: Session, visit: RequestContext, touchpoint: Known | None = None) -> Stream:
    """A page of comments, newest first."""
    query, asked = query_of(visit, touchpoint)
    found = listing.page(session, query)
    return Stream(found["items"], found["next_cursor"], asked)
