"""Scales over HTTP: those of the product, and the company's own."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from app.auth import KeyedRoute, needs
from app.fast_routes import problems
from app.models import OwnScale
from app.pages.choices import said
from app.pages.i18n import messages
from app.scales import own
from app.scales.schemas import ScaleIn, ScaleList, ScaleOut, ScalePatch
from app.state import Db
from app.touchpoints.catalogue import LANGUAGES
from app.touchpoints.own_scales import copied, is_used
from app.touchpoints.scales import DRAWINGS, SCALES, Scale, own_scale

router = APIRouter(prefix="/v1/scales", tags=["scales"], route_class=KeyedRoute)
READ, WRITE = Depends(needs("touchpoints:read")), Depends(needs("touchpoints:write"))
_DRAWING = {"csat": "faces", "smiley": "faces", "ces": "numbers", "nps": "numbers"}


def _of(scale: Scale, **more: Any) -> dict[str, Any]:
    same = ("low", "high", "top", "asks", "reversed", "metrics", "headline")
    shares = {share: share in scale.metrics for share in ("nps", "ces")}
    return {"key": scale.name} | {name: getattr(scale, name) for name in same} | shares | more


def _ours(scale: Scale, *, used: bool) -> ScaleOut:
    labels = {
        str(rating): {language: said(scale, rating, messages("customer", language)) for language in LANGUAGES}
        for rating in scale.labels
    }
    drawing = scale.look if scale.look in DRAWINGS else _DRAWING[scale.look]
    return ScaleOut.model_validate(_of(scale, labels=labels, drawing=drawing, built_in=True, used=used))


def _theirs(row: OwnScale, *, used: bool) -> ScaleOut:
    scale = own_scale(row.key, copied(row))
    return ScaleOut.model_validate(_of(scale, labels=row.labels, drawing=row.drawing, built_in=False, used=used))


@router.get("", dependencies=[READ])
async def list_scales(db: Db) -> ScaleList:
    """All scales: those of the product first, then the company's own by key."""
    rows, used = await db.read(own.every)
    ours = [_ours(scale, used=name in used) for name, scale in SCALES.items()]
    return ScaleList(items=[*ours, *(_theirs(row, used=row.key in used) for row in rows)])


@router.post("", status_code=201, dependencies=[WRITE], responses=problems(409))
async def create_scale(body: ScaleIn, db: Db) -> ScaleOut:
    """Make a scale of your own. A touchpoint is put on it by `scale`."""
    return _theirs(await db.write(lambda session: own.create(session, body)), used=False)


@router.get("/{key}", dependencies=[READ], responses=problems(404))
async def read_scale(key: str, db: Db) -> ScaleOut:
    used = await db.read(lambda session: is_used(session, key[:64].replace("\0", "")))
    if key in SCALES:
        return _ours(SCALES[key], used=used)
    return _theirs(await db.read(lambda session: own.one(session, key)), used=used)


@router.patch("/{key}", dependencies=[WRITE], responses=problems(404, 409))
async def change_scale(key: str, body: ScalePatch, db: Db, request: Request) -> ScaleOut:
    """Change a scale of your own. Labels, drawing and `asks` always; the rest while no touchpoint is on it."""
    row, used = await db.write(lambda session: (own.change(session, key, body), is_used(session, key)))
    request.app.state.registry.forget()
    return _theirs(row, used=used)


@router.delete("/{key}", status_code=204, dependencies=[WRITE], responses=problems(404, 409))
async def delete_scale(key: str, db: Db) -> None:
    """Remove a scale of your own that no touchpoint is on."""
    await db.write(lambda session: own.remove(session, key))
