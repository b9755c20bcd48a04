"""Scales that a company made, in the database, and their copies on the touchpoints that use them.

Whoever changes or removes one, or puts a touchpoint on it, locks its row: a copy is never an old one.
"""

from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, col, select

from app.errors import Code, Place, Problem
from app.models import OwnScale, Touchpoint, now
from app.touchpoints.scales import SCALES

COPIED = ("low", "high", "top", "share", "asks", "drawing", "reversed", "labels")


def put_on(session: Session, row: Touchpoint, key: str, *, locked: bool = True) -> None:
    """Put a touchpoint on a scale; Problem invalid_request when there is none of this key."""
    found = find(session, key, locked=locked)
    row.scale, row.own_scale = key, copied(found) if found else None


def find(session: Session, key: str, *, locked: bool = False) -> OwnScale | None:
    """The company's scale `key`, None for one of the product; Problem invalid_request when there is none."""
    if key in SCALES:
        return None
    wanted = select(OwnScale).where(OwnScale.key == key)
    found = session.exec(wanted.with_for_update(read=True) if locked else wanted).first()
    if found is None:
        mend = f"Use one of {', '.join(SCALES)}, or make it first with POST /v1/scales."
        place = Place(place="body.scale", message=f"there is no scale {key}", mend=mend)
        raise Problem(Code.INVALID_REQUEST, f"There is no scale {key}. {mend}", errors=[place])
    return found


def copied(found: OwnScale) -> dict[str, Any]:
    """What a touchpoint keeps of its scale."""
    return {name: getattr(found, name) for name in COPIED}


def is_used(session: Session, key: str) -> bool:
    """Whether a touchpoint is on this scale, archived ones too: their answers are still scored."""
    return bool(session.exec(select(exists().where(col(Touchpoint.scale) == key))).one())


def tell_touchpoints(session: Session, found: OwnScale) -> None:
    """Copy a changed scale to its touchpoints. Each process reads one again whose `updated_at` is another."""
    those = select(Touchpoint).where(Touchpoint.scale == found.key).order_by(col(Touchpoint.id))
    for row in session.exec(those.with_for_update(key_share=True)):
        row.own_scale, row.updated_at = copied(found), now()
