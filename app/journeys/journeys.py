"""Journeys in the database."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.errors import Code, Place, Problem
from app.journeys.schemas import JourneyIn, JourneyPatch, StageIn
from app.models import Journey, Stage, Touchpoint, now


def by_key(session: Session, key: str) -> Journey:
    """The journey `key`; Problem not_found."""
    row = session.exec(select(Journey).where(Journey.key == key)).first()
    if row is None:
        raise Problem(Code.NOT_FOUND, "There is no journey with this key.")
    return row


def stages(session: Session, *rows: Journey) -> list[Stage]:
    """The stages of journeys, in order."""
    within = col(Stage.journey_id).in_([row.id for row in rows])
    return list(session.exec(select(Stage).where(within).order_by(col(Stage.journey_id), col(Stage.position))))


def public(row: Journey, steps: list[Stage]) -> dict[str, Any]:
    """A journey as the API shows it."""
    own = [step.model_dump(include={"name", "phase", "touchpoints"}) for step in steps if step.journey_id == row.id]
    return row.model_dump(exclude={"id"}) | {"stages": own}


def page(session: Session, after: str, limit: int) -> list[dict[str, Any]]:
    """Journeys by key, those after `after`."""
    rows = session.exec(select(Journey).where(Journey.key > after).order_by(Journey.key).limit(limit)).all()
    steps = stages(session, *rows)
    return [public(row, steps) for row in rows]


def read(session: Session, key: str) -> dict[str, Any]:
    """One journey; Problem not_found."""
    row = by_key(session, key)
    return public(row, stages(session, row))


def create(session: Session, body: JourneyIn) -> dict[str, Any]:
    """Register a journey; Problem key_taken, or invalid_request when a touchpoint is not known."""
    if session.exec(select(Journey.id).where(Journey.key == body.key)).first() is not None:
        place = Place(place="body.key", message="is taken", mend="Choose another key.")
        raise Problem(Code.KEY_TAKEN, f"There is a journey with the key {body.key} already.", errors=[place])
    row = Journey(**body.model_dump(mode="json", exclude={"stages"}))
    session.add(row)
    session.flush()
    _put(session, row, body.stages)
    return read(session, body.key)


def change(session: Session, key: str, body: JourneyPatch) -> dict[str, Any]:
    """Change what is sent; Problem not_found, or invalid_request when a touchpoint is not known."""
    row = by_key(session, key)
    for name, value in body.model_dump(mode="json", exclude={"stages"}, exclude_unset=True).items():
        if value is not None or name == "target":
            setattr(row, name, value)
    if body.stages is not None:
        _put(session, row, body.stages)
    row.updated_at = now()
    session.flush()
    return read(session, key)


def remove(session: Session, key: str) -> None:
    """Delete a journey: it only names touchpoints, whose answers stay; Problem not_found."""
    row = by_key(session, key)
    session.execute(delete(Stage).where(col(Stage.journey_id) == row.id))
    session.delete(row)


def _put(session: Session, row: Journey, said: list[StageIn]) -> None:
    assert row.id is not None
    _check(session, said)
    session.execute(delete(Stage).where(col(Stage.journey_id) == row.id))
    session.expire_all()
    for position, step in enumerate(said):
        session.add(Stage(journey_id=row.id, position=position, **step.model_dump()))
    session.flush()


def _check(session: Session, said: list[StageIn]) -> None:
    keys = {key for step in said for key in step.touchpoints}
    known = set(session.exec(select(Touchpoint.key).where(col(Touchpoint.key).in_(keys))))
    wrong = []
    for position, step in enumerate(said):
        for place, key in enumerate(step.touchpoints):
            where = f"body.stages.{position}.touchpoints.{place}"
            if key not in known:
                wrong.append(Place(place=where, message=f"there is no touchpoint {key}", mend="Register it first."))
            elif key in step.touchpoints[:place]:
                wrong.append(Place(place=where, message=f"{key} stands here twice", mend="Remove one of them."))
    if wrong:
        raise Problem(Code.INVALID_REQUEST, "Some touchpoints of the stages cannot be used.", errors=wrong[:20])
