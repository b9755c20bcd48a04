"""The settings of a touchpoint, one part at a time: what one form saves leaves the other parts as they are."""

import re

import pydantic
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.dashboard import touchpoint_form
from app.dashboard.form_errors import NOTHING, FormErrors, Said, beside, of_problem
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.dashboard.touchpoint_form import PARTS, TEXTS, body_of, languages_of, values_of
from app.errors import Problem
from app.models import Touchpoint
from app.pages.choices import ends
from app.pages.i18n import messages
from app.scales import own
from app.state import Db
from app.touchpoints import registry, ways
from app.touchpoints.catalogue import CHANNELS, CONTACTS, PHASES
from app.touchpoints.questions import misfits
from app.touchpoints.scales import SCALES, scale_of
from app.touchpoints.schemas import REVIEWED, TouchpointPatch
from app.touchpoints.texts import TAG, tag

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CHOICES = {"phase": PHASES, "contact": CONTACTS, "channel": CHANNELS}


@router.get("/touchpoints/{key}/edit")
async def edit(key: str, db: Db, visit: RequestContext = Signed) -> Response:
    """The settings, one part at a time."""
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
    scale, part, language = scale_of(row), _part(visit), _language(visit)
    return visit.page(
        "edit.html",
        status,
        row=row,
        values=values,
        wrong=wrong,
        summary=_summary(wrong, part, visit.words),
        part=part,
        parts=PARTS,
        choices=CHOICES,
        scales=scales,
        written=language,
        beside=touchpoint_form.beside(row, language),
        languages={code: touchpoint_form.missing(row, code) for code in languages_of(row, language)},
        texts=TEXTS,
        labels={reason["key"]: reason["label"] for reason in row.reasons},
        ways=ways.ALL,
        reviewed=REVIEWED,
        metrics=scale.aims,
        odd=[place.place.rpartition(".")[2] for place in misfits(row.question, scale)],
        ends=ends(scale, messages("customer", visit.words.language)),
    )


def _part(visit: RequestContext) -> str:
    asked = visit.request.query_params.get("part", "")
    return asked if asked in PARTS else next(iter(PARTS))


def _language(visit: RequestContext) -> str:
    """The language whose texts are written: the one asked for, else the reader's."""
    return added(visit.request.query_params.get("text", "")) or visit.words.language


def _summary(wrong: FormErrors, part: str, t: Localized) -> list[Said]:
    """What is wrong, each with a link to its field; that may be in another part, when the scale no longer fits."""
    ordered = sorted(PARTS, key=lambda one: one != part)
    return wrong.listed(
        {
            place: ("" if one == part else f"?part={one}", str(t(name, n=_ordinal(place))))
            for one in ordered
            for place, name in PARTS[one].items()
        }
    )


def _ordinal(place: str) -> int:
    """2 for `reasons.1.key`."""
    return next((int(name) + 1 for name in place.split(".") if name.isdecimal()), 0)


@router.post("/touchpoints/{key}/edit")
async def save(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Save one part, or show it again with what is wrong."""
    visit = posting.visit
    visit.need("touchpoints:write")

    def work(session: Session) -> None:
        row = registry.by_key(session, key, locked=True)
        registry.change(session, key, TouchpointPatch.model_validate(body_of(posting, row)))

    try:
        await db.write(work)
    except pydantic.ValidationError as error:
        wrong = beside(error, visit.words)
    except Problem as problem:
        wrong = of_problem(problem, visit.words)
    else:
        visit.request.app.state.registry.forget()
        return RedirectResponse(visit.link(saved="yes"), 303)
    row, scales = await db.read(lambda session: _editable(session, key))
    return _form(visit, row, scales, touchpoint_form.sent(posting, row), wrong, 422)


def added(language: str) -> str:
    """A language that is to be added, as it is written; nothing when it is none."""
    return tag(language) if re.fullmatch(TAG, language) else ""
