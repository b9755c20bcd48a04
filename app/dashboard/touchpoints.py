"""Touchpoints: see them all, create them from the catalogue, change them, archive them."""

import re
import unicodedata
from collections.abc import Sequence

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.actions import reviews
from app.actions.schemas import ReviewIn
from app.dashboard.first_run import columns
from app.dashboard.form_errors import NOTHING, FormErrors, beside, of_problem, refused
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.touchpoint_form import body_of, languages_of, values_of
from app.errors import Code, Problem
from app.models import Touchpoint
from app.pages.choices import ends
from app.pages.i18n import messages
from app.scales import own
from app.state import Db
from app.touchpoints import registry, ways
from app.touchpoints.catalogue import CHANNELS, CONTACTS, PHASES
from app.touchpoints.questions import misfits
from app.touchpoints.scales import SCALES, scale_of
from app.touchpoints.schemas import REVIEWED, TouchpointIn, TouchpointPatch
from app.touchpoints.texts import TAG, tag

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_LETTERS: dict[int, str] = {ord("ø"): "o", ord("æ"): "ae", ord("å"): "aa", ord("ß"): "ss", ord("ł"): "l"}
CHOICES = {"phase": PHASES, "contact": CONTACTS, "channel": CHANNELS}


@router.get("/touchpoints")
async def touchpoints(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("touchpoints:read")
    rows = await db.read(lambda session: registry.find(session, limit=10_000, archived=None))
    rows.sort(key=lambda row: (row.archived_at is not None, visit.words.own(row.name).casefold()))
    return visit.page("touchpoints.html", rows=rows, columns=columns())


def slug(name: str, otherwise: str = "touchpoint") -> str:
    """A key made of a name: "Café Ærø" becomes cafe-aero."""
    folded = name.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or otherwise


@router.post("/touchpoints")
async def create(db: Db, posting: Posting = Posted) -> Response:
    """Register the kinds that are ticked, and something of one's own by its name."""
    posting.visit.need("touchpoints:write")
    named, language = posting.get("own")[:60], posting.visit.words.language
    try:
        wanted = [TouchpointIn(kind=kind) for kind in dict.fromkeys(posting.all("kind")) if kind]
        if named:
            wanted.append(TouchpointIn.model_validate({"key": slug(named), "name": {"en": named, language: named}}))
    except pydantic.ValidationError as error:
        raise refused(error, posting.visit.words) from None
    rows = await db.write(lambda session: _create(session, wanted))
    posting.visit.request.app.state.registry.forget()
    return RedirectResponse(f"/touchpoints/{rows[0].key}" if len(rows) == 1 else "/", 303)


def _create(session: Session, wanted: Sequence[TouchpointIn]) -> list[Touchpoint]:
    return [registry.create(session, body) for body in wanted]


@router.get("/touchpoints/{key}/edit")
async def edit(key: str, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("touchpoints:write")
    row, scales = await db.read(lambda session: _editable(session, key))
    return _form(visit, row, scales, values_of(row))


def _editable(session: Session, key: str) -> tuple[Touchpoint, list[str]]:
    """A touchpoint and the scales it may be put on: none once there are answers."""
    row = registry.by_key(session, key)
    fixed = registry.has_answers(session, row)
    return row, [] if fixed else [*SCALES, *(found.key for found in own.every(session)[0])]


def _form(
    visit: RequestContext,
    row: Touchpoint,
    scales: list[str],
    values: dict[str, str],
    wrong: FormErrors = NOTHING,
    status: int = 200,
) -> Response:
    scale = scale_of(row)
    return visit.page(
        "edit.html",
        status,
        row=row,
        values=values,
        wrong=wrong,
        choices=CHOICES,
        scales=scales,
        languages=languages_of(row, added(visit.request.query_params.get("more", ""))),
        ways=ways.ALL,
        reviewed=REVIEWED,
        metrics=scale.aims,
        odd=[place.place.rpartition(".")[2] for place in misfits(row.question, scale)],
        ends=ends(scale, messages("customer", visit.words.language)),
    )


@router.post("/touchpoints/{key}/edit")
async def save(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Save the form, or show it again with what is wrong."""
    visit = posting.visit
    visit.need("touchpoints:write")
    row, scales = await db.read(lambda session: _editable(session, key))
    said = values_of(row) | {"public": ""} | {name: posting.get(name) for name in posting.fields}
    said["open"] = " ".join(posting.all("open"))
    try:
        body = TouchpointPatch.model_validate(body_of(posting))
        await db.write(lambda session: registry.change(session, key, body))
    except pydantic.ValidationError as error:
        return _form(visit, row, scales, said, beside(error, visit.words), 422)
    except Problem as problem:
        return _form(visit, row, scales, said, of_problem(problem, visit.words), 422)
    visit.request.app.state.registry.forget()
    more = added(posting.get("more"))
    return RedirectResponse(f"/touchpoints/{key}" + (f"/edit?more={more}" if more else ""), 303)


def added(language: str) -> str:
    """A language that is to be added, as it is written; nothing when it is none."""
    return tag(language) if re.fullmatch(TAG, language) else ""


@router.post("/touchpoints/{key}/reviewed")
async def reviewed(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Note that somebody has looked at the touchpoint again, and what was found."""
    visit = posting.visit
    visit.need("actions:write")
    try:
        said = ReviewIn(note=posting.get("note") or None)
    except pydantic.ValidationError:
        raise Problem(Code.INVALID_REQUEST, str(visit.words("review_wrong"))) from None
    await db.write(lambda session: reviews.record(session, key, visit.caller.name, said.note))
    visit.request.app.state.registry.forget()
    return RedirectResponse(f"/touchpoints/{key}", 303)


@router.post("/touchpoints/{key}/archive")
async def archive(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Archive a touchpoint, or take it back into use."""
    posting.visit.need("touchpoints:write")
    body = TouchpointPatch(archived=posting.get("archived") != "false")
    await db.write(lambda session: registry.change(session, key, body))
    posting.visit.request.app.state.registry.forget()
    return RedirectResponse("/touchpoints", 303)
