"""A company's scales: made, changed, removed."""

from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.errors import Code, Place, Problem
from app.models import OwnScale, Touchpoint, now
from app.scales import rules
from app.scales.schemas import ScaleIn, ScalePatch
from app.touchpoints.own_scales import COPIED, is_used, tell_touchpoints
from app.touchpoints.scales import SCALES, own_scale

SCALES_MOST = 200  # all are read at once
FREE = {"labels", "drawing", "asks"}  # what may change although there are answers


def one(session: Session, key: str, *, locked: bool = False) -> OwnScale:
    """The company's scale `key`; Problem scale_unknown, or scale_built_in when it is one of the product."""
    if key in SCALES:
        raise Problem(Code.SCALE_BUILT_IN, f"The scale {key} comes with the product and stays as it is. Make your own.")
    wanted = select(OwnScale).where(OwnScale.key == key[:64].replace("\0", ""))
    row = session.exec(wanted.with_for_update() if locked else wanted).first()
    if row is None:
        raise Problem(Code.SCALE_UNKNOWN, "There is no scale with this key.")
    return row


def every(session: Session) -> tuple[list[OwnScale], set[str]]:
    """All of the company's scales, and the keys of all scales that a touchpoint is on."""
    used = set(session.exec(select(Touchpoint.scale).distinct()))
    return list(session.exec(select(OwnScale).order_by(col(OwnScale.key)))), used


def create(session: Session, body: ScaleIn) -> OwnScale:
    """Make a scale; Problem key_taken, invalid_request."""
    if session.exec(select(func.count()).select_from(OwnScale)).one() >= SCALES_MOST:
        raise Problem(Code.INVALID_REQUEST, f"There are {SCALES_MOST} scales already. Remove one that is not used.")
    row = OwnScale(key=body.key, **_settled(_said(body), {}))
    there = session.get(OwnScale, body.key) is not None
    if there or body.key in SCALES:
        raise _taken(body.key)
    session.add(row)
    try:
        session.flush()
    except IntegrityError:  # another process made one of this key just now
        raise _taken(body.key) from None
    return row


def change(session: Session, key: str, body: ScalePatch) -> OwnScale:
    """Change a scale, on its touchpoints too; Problem scale_unknown, scale_built_in, scale_in_use, invalid_request."""
    row = one(session, key, locked=True)
    before = {name: getattr(row, name) for name in COPIED}
    after = _settled(_said(body), before)
    moved = [name for name in COPIED if name not in FREE and after[name] != before[name]]
    if moved and is_used(session, key):
        raise _in_use(key, "Its labels, its drawing and what it asks for may change; its ratings may not")
    for name, value in after.items():
        setattr(row, name, value)
    row.updated_at = now()
    tell_touchpoints(session, row)
    session.flush()
    return row


def remove(session: Session, key: str) -> None:
    """Remove a scale that no touchpoint is on; Problem scale_unknown, scale_built_in, scale_in_use."""
    row = one(session, key, locked=True)
    if is_used(session, key):
        raise _in_use(key, "It stays for as long as its answers do")
    session.delete(row)


def _said(body: ScaleIn | ScalePatch) -> dict[str, Any]:
    """What the body says, named as it is stored. Problem invalid_request for a null where something is to be kept."""
    if isinstance(body, ScaleIn):
        return body.model_dump(exclude_none=True, exclude={"key"})
    said = body.model_dump(exclude_unset=True, by_alias=True)
    if empty := [name for name, value in said.items() if value is None]:
        mend = "Leave the field out to keep it."
        places = [Place(place=f"body.{name}", message="cannot be empty", mend=mend) for name in empty]
        raise Problem(Code.INVALID_REQUEST, "What a scale has cannot be null.", errors=places)
    return body.model_dump(exclude_unset=True)


def _settled(said: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A whole scale as it is stored, checked: what is said, else what was there, else what follows."""
    share = before.get("share", "csat")
    for name in ("nps", "ces"):
        if (wanted := said.pop(name, None)) is not None:
            share = name if wanted else "csat" if share == name else share
    whole = {"reversed": False, **before, **said, "share": share}
    whole.setdefault("asks", rules.asked(whole["drawing"], share))
    rules.check(whole)
    poor = own_scale("", whole).poor
    return whole | {"poor_from": poor[0], "poor_to": poor[-1]}


def _taken(key: str) -> Problem:
    return Problem(Code.KEY_TAKEN, f"There is a scale with the key {key} already.")


def _in_use(key: str, why: str) -> Problem:
    return Problem(Code.SCALE_IN_USE, f"A touchpoint is on the scale {key}. {why}: make another scale.")
