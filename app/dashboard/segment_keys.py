"""Segment keys in the set-up: what they are called, in which order their values stand, where browsers may set them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pydantic
from fastapi import APIRouter
from sqlalchemy import func
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.dashboard.form_errors import NOTHING, FormErrors, beside
from app.dashboard.request_context import PageRoute, Posted, Posting, RequestContext, Signed
from app.errors import Code, Problem
from app.models import Segment, SegmentRollup, Split
from app.scores import segment_keys
from app.scores.buckets import TOTAL
from app.scores.segment_folding import folded
from app.scores.segment_schemas import SegmentKeyPatch
from app.scores.segment_values import NONE, OTHER
from app.scores.slices import COUNTED
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.registry import by_key
from app.touchpoints.schemas import TouchpointPatch

router = APIRouter(route_class=PageRoute, include_in_schema=False)
VALUES_MOST = 200  # as many can have a name


@router.get("/segment-keys")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("touchpoints:read")
    await folded(db)
    rows = await db.read(segment_keys.every)
    return visit.page("segment_keys.html", rows=rows, title=lambda row: title(row, visit))


@router.get("/segment-keys/{key}")
async def edit(key: str, db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("touchpoints:write")
    return await _form(db, visit, key, None)


@router.post("/segment-keys/{key}")
async def save(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Save the form, or show it again with what is wrong."""
    visit = posting.visit
    visit.need("touchpoints:write")
    stored = await db.read(lambda session: _one(session, key))
    try:
        said = sent(posting, stored)
    except pydantic.ValidationError as error:
        return await _form(db, visit, key, posting, beside(error, visit.words), 422)
    await db.write(lambda session: _change(session, key, said, posting.all("open")))
    visit.request.app.state.registry.forget()
    return RedirectResponse("/segment-keys", 303)


def title(row: Mapping[str, Any], visit: RequestContext) -> str:
    """What people call a key."""
    return visit.words.own(row["name"]) or visit.words.named("split", row["key"])


def sent(posting: Posting, stored: Mapping[str, Any]) -> SegmentKeyPatch:
    """What the form says; pydantic.ValidationError. Names of values in other languages stay as they are."""
    language = posting.visit.words.language
    said = {name.removeprefix("name."): posting.get(name) for name in posting.fields if name.startswith("name.")}
    known = {one["value"]: one["name"] for one in stored["values"]}
    values = []
    fields = posting.all("value"), posting.all("value_name"), posting.all("order")
    for value, name, order in zip(*fields, strict=False):
        names = {**known.get(value, {}), language: name.strip()}
        names = {at: text for at, text in names.items() if text}
        if names or order.strip():
            values.append((_number(order), {"value": value, "name": names}))
    values.sort(key=lambda one: one[0])
    names = {at: text for at, text in {**stored["name"], **said}.items() if text}
    shown, metrics = bool(posting.get("shown")), bool(posting.get("metrics"))
    return SegmentKeyPatch.model_validate(
        {"name": names, "values": [one for _, one in values], "shown": shown, "metrics": metrics}
    )


def _number(order: str) -> int:
    """Where a value stands; one without a number behind those that have one."""
    return int(order) if order.strip().isdecimal() and len(order) < 7 else 10**6


def _change(session: Session, key: str, said: SegmentKeyPatch, open_at: Sequence[str]) -> None:
    row = segment_keys.change(session, key, said)
    for declared in row["touchpoints"]:
        touchpoint = by_key(session, declared["touchpoint"])
        others = [one for one in touchpoint.open_segments if one != key]
        wanted = [*others, key] if touchpoint.key in open_at else others
        if {*wanted} != {*touchpoint.open_segments}:
            registry.change(session, touchpoint.key, TouchpointPatch(open_segments=wanted))


def _one(session: Session, key: str) -> dict[str, Any]:
    if not (found := segment_keys.every(session, key)):
        raise Problem(Code.NOT_FOUND, "No touchpoint declares this segment key.")
    return found[0]


async def _form(
    db: Db, visit: RequestContext, key: str, posting: Posting | None, wrong: FormErrors = NOTHING, status: int = 200
) -> Response:
    def work(session: Session) -> dict[str, Any]:
        row = _one(session, key)
        touchpoints = [by_key(session, one["touchpoint"]) for one in row["touchpoints"]]
        return {"row": row, "touchpoints": touchpoints, "values": _values(session, row)}

    await folded(db)
    found = await db.read(work)
    if posting:
        found["row"]["name"] = {code: posting.get(f"name.{code}") for code in LANGUAGES}
    languages = tuple(dict.fromkeys([visit.words.language, *LANGUAGES, *found["row"]["name"]]))
    return visit.page("segment_key.html", status, wrong=wrong, languages=languages, title=title, **found)


def _values(session: Session, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that are named, in their order, then the others by their answers; without `other` and `none`."""
    named = row["values"]
    n: Any = func.sum(SegmentRollup.n)
    own = select(Split.id).where(Split.key == row["key"])
    counted = col(Segment.split_id).in_(own), SegmentRollup.grain == TOTAL, SegmentRollup.slice == COUNTED
    here = col(SegmentRollup.touchpoint_id) == Segment.touchpoint_id, col(SegmentRollup.segment_id) == Segment.id
    wanted = select(Segment.value).where(*counted, *here).group_by(Segment.value).order_by(n.desc(), Segment.value)
    there = {one["value"] for one in named} | {NONE, OTHER}
    more = [{"value": value, "name": {}, "order": ""} for value in session.exec(wanted) if value not in there]
    return [*({"order": at} | one for at, one in enumerate(named, 1)), *more][:VALUES_MOST]
