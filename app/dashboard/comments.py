"""The inbox of comments: what is new, what waits for an answer, what is done; one or several are handled at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.answers import handling, inbox, listing
from app.answers.schemas import AnswerFilter, HandlingIn
from app.dashboard.login import inside
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.stream import FLAGS
from app.errors import Code, Problem, invalid
from app.ingest.channels import SOURCES
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = 20
VIEWS = ("new", "needs_reply", "seen", "done", "all")
_SORT: Mapping[str, inbox.Sort] = {"new": "unhappy", "needs_reply": "oldest"}  # of a view, else the newest first
_NAMES = 100  # touchpoints that a filter can list
_AT_ONCE = 100
_BEGINS = ("q", "source", "flag", "touchpoint")  # who asks for one of these asks for all comments, not the new ones


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the inbox asks for."""

    view: str
    sort: inbox.Sort
    start: int
    open: str
    filters: Mapping[str, str]
    query: AnswerFilter


def asked(given: Mapping[str, str]) -> Asked:
    """Problem invalid_request for what cannot be looked for; what is not known is as if it were not there."""
    filters = {name: given[name] for name in _BEGINS if given.get(name)}
    view = given.get("handling", "")
    view = view if view in VIEWS else "all" if filters else "new"
    sort = next((one for one in inbox.SORTS if one == given.get("sort")), _SORT.get(view, "newest"))
    values: dict[str, Any] = dict(filters) | ({} if view == "all" else {"handling": view})
    values["has_comment"] = True if view in ("new", "all") and "flag" not in filters else None
    start = given.get("start", "")
    try:
        query = AnswerFilter.model_validate(values)
    except pydantic.ValidationError as error:
        raise invalid(error, "query") from None
    first = int(start) if start.isdecimal() and len(start) < 6 else 0
    return Asked(view, sort, first, given.get("open", ""), filters, query)


def name_of(row: Mapping[str, Any]) -> str:
    """How an address and a form name an answer."""
    return f"{row['touchpoint']}/{row['id']}"


@dataclass(slots=True)
class Seen:
    """What was read for the page."""

    rows: list[dict[str, Any]]
    more: bool
    opened: dict[str, Any] | None
    names: dict[str, Known]
    touchpoints: list[Known]


@router.get("/comments")
async def page(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("feedback:read")
    said = asked(visit.request.query_params)
    seen = await db.read(lambda session: _read(session, said))
    before, after = beside([name_of(row) for row in seen.rows], seen.opened)
    return visit.page(
        "comments.html",
        asked=said,
        seen=seen,
        name_of=name_of,
        before=before,
        after=after,
        views=VIEWS,
        sorts=inbox.SORTS,
        sources=SOURCES,
        flags=FLAGS,
        page_size=PAGE,
    )


def beside(names: list[str], opened: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Which answers come before and after the one that is open; the first one where none is."""
    name = opened and name_of(opened)
    place = names.index(name) if name in names else -1
    return names[place - 1] if place > 0 else None, next(iter(names[place + 1 :]), None)


def _read(session: Session, said: Asked) -> Seen:
    rows = inbox.page(session, said.query, said.sort, said.start, PAGE + 1)
    shown = rows[:PAGE]
    opened = _opened(session, said.open, shown)
    keys = {row["touchpoint"] for row in (*shown, *([opened] if opened else []))}
    names = {key: known(registry.by_key(session, key)) for key in keys}
    all_of_them = [known(row) for row in registry.find(session, limit=_NAMES + 1)]
    return Seen(shown, len(rows) > PAGE, opened, names, all_of_them if len(all_of_them) <= _NAMES else [])


def _opened(session: Session, name: str, shown: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The answer that the address names, on this page of the list or anywhere."""
    if not name:
        return None
    found = next((row for row in shown if name_of(row) == name), None)
    key, _, number = name.partition("/")
    try:
        return found or listing.one(session, registry.by_key(session, key).id or 0, UUID(number))
    except (Problem, ValueError):
        return None  # it was erased, or never there: the list remains


@router.post("/comments/handling")
async def handle(db: Db, posting: Posting = Posted) -> Response:
    """Put all that are chosen into a state; an owner and a note are changed only where the form has fields for them."""
    posting.visit.need("feedback:write")
    ids = posting.all("id")
    given = {name: posting.get(name) or None for name in ("owner", "note") if name in posting.fields}
    try:
        said = HandlingIn.model_validate({"state": posting.get("state")} | given)
        numbers = [(key, UUID(number)) for key, _, number in (one.partition("/") for one in ids)]
    except ValueError:
        raise Problem(Code.INVALID_REQUEST, str(posting.visit.words("inbox.wrong"))) from None
    if not numbers or len(numbers) > _AT_ONCE:
        raise Problem(Code.INVALID_REQUEST, str(posting.visit.words("inbox.wrong")))

    def work(session: Session) -> None:
        for key, number in numbers:
            handling.put(session, registry.by_key(session, key).id or 0, number, said)

    await db.write(work)
    return RedirectResponse(inside(posting.get("next") or "/comments"), 303)
